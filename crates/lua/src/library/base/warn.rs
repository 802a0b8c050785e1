//! `warn`

use std::rc::Rc;

use lua_vm::{Call, Throw};

pub(super) fn warn(call: &mut Call<'_>) -> Result<usize, Throw> {
    let mut parts: Vec<Rc<[u8]>> = vec![call.string(0)?];
    for index in 1..call.count() {
        parts.push(call.string(index)?);
    }
    let bytes: usize = parts.iter().map(|part| part.len()).sum();
    call.charge(bytes / 16)?;
    if let [control] = &parts[..]
        && control.first() == Some(&b'@')
    {
        match &**control {
            b"@on" => call.vm.set_warnings(true),
            b"@off" => call.vm.set_warnings(false),
            _ => {}
        }
        return Ok(0);
    }
    let parts: Vec<&[u8]> = parts.iter().map(|part| &**part).collect();
    call.vm.warn(&parts);
    Ok(0)
}
