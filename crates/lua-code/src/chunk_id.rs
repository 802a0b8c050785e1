//! How a chunk's name is shown in messages: `file`, `name` or `[string "first line..."]`.

/// Room for a displayed chunk name, counting the NUL that C would add.
const DISPLAY_SIZE: usize = 60;
const PREFIX: &[u8] = b"[string \"";
const ELLIPSIS: &[u8] = b"...";
const SUFFIX: &[u8] = b"\"]";

/// The display form of a chunk's name, at most 59 bytes, as Lua's messages show it.
///
/// `=name` shows the name, `@file` shows the file (its end, when it is long), anything else is
/// taken for the source text itself and shows its first line. A name ends at its first NUL.
///
/// ```
/// assert_eq!(lua_code::chunk_id::chunk_id(b"@init.lua"), b"init.lua");
/// assert_eq!(lua_code::chunk_id::chunk_id(b"=stdin"), b"stdin");
/// assert_eq!(lua_code::chunk_id::chunk_id(b"x = 1\ny = 2"), b"[string \"x = 1...\"]");
/// ```
pub fn chunk_id(name: &[u8]) -> Vec<u8> {
    let name = until_nul(name);
    match name.first() {
        Some(b'=') => name[1..].iter().copied().take(DISPLAY_SIZE - 1).collect(),
        Some(b'@') => tail(&name[1..]),
        _ => quoted(name),
    }
}

/// The part of a name that C sees: everything before the first NUL.
///
/// ```
/// assert_eq!(lua_code::chunk_id::until_nul(b"=in\0it"), b"=in");
/// ```
pub fn until_nul(name: &[u8]) -> &[u8] {
    let end = name.iter().position(|&byte| byte == 0);
    &name[..end.unwrap_or(name.len())]
}

fn tail(file: &[u8]) -> Vec<u8> {
    if file.len() < DISPLAY_SIZE {
        return file.to_vec();
    }
    let kept = DISPLAY_SIZE - 1 - ELLIPSIS.len();
    [ELLIPSIS, &file[file.len() - kept..]].concat()
}

fn quoted(source: &[u8]) -> Vec<u8> {
    let room = DISPLAY_SIZE - 1 - PREFIX.len() - ELLIPSIS.len() - SUFFIX.len();
    let line = source.split(|&byte| byte == b'\n').next().unwrap_or_default();
    if line.len() == source.len() && line.len() < room {
        return [PREFIX, line, SUFFIX].concat();
    }
    let shown = &line[..line.len().min(room)];
    [PREFIX, shown, ELLIPSIS, SUFFIX].concat()
}

#[cfg(test)]
mod tests {
    use super::chunk_id;

    #[test]
    fn long_names_are_cut_to_59_bytes() {
        let long = "x".repeat(100);
        assert_eq!(chunk_id(format!("={long}").as_bytes()).len(), 59);
        let file = chunk_id(format!("@{}END", "x".repeat(57)).as_bytes());
        assert_eq!(file.len(), 59);
        assert!(file.starts_with(b"...x") && file.ends_with(b"END"));
        let text = chunk_id(long.as_bytes());
        assert_eq!(text.len(), 59);
        assert!(text.ends_with(b"x...\"]"));
    }

    #[test]
    fn edges() {
        assert_eq!(chunk_id(b""), b"[string \"\"]");
        assert_eq!(chunk_id(b"\nx"), b"[string \"...\"]");
        assert_eq!(chunk_id(&[b'y'; 44]).len(), 55);
        assert!(chunk_id(&[b'y'; 45]).ends_with(b"y...\"]"));
        assert_eq!(chunk_id(&[&b"@"[..], &[b'z'; 59]].concat()), [b'z'; 59]);
        assert_eq!(chunk_id(b"=a\0b"), b"a");
    }
}
