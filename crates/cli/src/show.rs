//! Results as the prompt shows them: strings quoted, tables with their contents.

use moonkeep::lua::{Kind, TableId, Value, Vm};

/// Deepest level of nested tables that is shown.
const DEPTH_MAX: usize = 4;
/// Most entries of one table that are shown.
const ENTRIES_MAX: usize = 40;

/// A value as one line or more.
pub fn show(vm: &Vm, value: Value) -> String {
    let mut text = String::new();
    write(vm, value, &mut Vec::new(), &mut text);
    text
}

fn write(vm: &Vm, value: Value, path: &mut Vec<TableId>, out: &mut String) {
    match value.kind() {
        Kind::String(_) => quote(vm.bytes(value).unwrap_or_default(), out),
        Kind::Table(table) if path.contains(&table) => out.push_str("{...}"),
        Kind::Table(_) if path.len() == DEPTH_MAX => out.push_str("{...}"),
        Kind::Table(table) => {
            path.push(table);
            write_table(vm, table, path, out);
            path.pop();
        }
        Kind::Nil => out.push_str("nil"),
        Kind::Boolean(b) => out.push_str(if b { "true" } else { "false" }),
        Kind::Integer(i) => out.push_str(&i.to_string()),
        Kind::Float(f) => {
            let mut text = Vec::new();
            moonkeep::lua::number::format::write_float(&mut text, f);
            out.push_str(&String::from_utf8_lossy(&text));
        }
        Kind::Native(id) => {
            out.push_str("function: ");
            out.push_str(vm.native_name(id));
        }
        _ => out.push_str(value.type_of().name()),
    }
}

fn write_table(vm: &Vm, table: TableId, path: &mut Vec<TableId>, out: &mut String) {
    let (mut key, mut index, mut count) = (Value::NIL, 1, 0);
    out.push('{');
    while let Some((next, value)) = vm.table_next(table, key) {
        if count > 0 {
            out.push_str(", ");
        }
        if count == ENTRIES_MAX {
            out.push_str("...");
            break;
        }
        if next.as_integer() == Some(index) {
            index += 1;
        } else {
            write_key(vm, next, path, out);
            out.push_str(" = ");
        }
        write(vm, value, path, out);
        count += 1;
        key = next;
    }
    out.push('}');
}

fn write_key(vm: &Vm, key: Value, path: &mut Vec<TableId>, out: &mut String) {
    let is_name = |name: &&[u8]| {
        let letter = |byte: &u8| byte.is_ascii_alphabetic() || *byte == b'_';
        name.first().is_some_and(letter)
            && name.iter().all(|byte| letter(byte) || byte.is_ascii_digit())
    };
    if let Some(name) = vm.bytes(key).filter(is_name) {
        out.push_str(&String::from_utf8_lossy(name));
        return;
    }
    out.push('[');
    write(vm, key, path, out);
    out.push(']');
}

/// A string in quotes; bytes that are no text become escapes.
fn quote(bytes: &[u8], out: &mut String) {
    out.push('"');
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\t' => out.push_str("\\t"),
                c if c.is_control() => {
                    c.to_string().bytes().for_each(|b| out.push_str(&format!("\\x{b:02x}")));
                }
                c => out.push(c),
            }
        }
        for byte in chunk.invalid() {
            out.push_str(&format!("\\x{byte:02x}"));
        }
    }
    out.push('"');
}
