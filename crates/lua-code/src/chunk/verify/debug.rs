//! Checks the debug information of a function against its code.

use super::{Fault, require};
use crate::bytecode::{ABSOLUTE_LINE_DISTANCE, ABSOLUTE_LINE_MARK, Function};

pub(super) fn check(function: &Function) -> Result<(), Fault> {
    check_lines(function)?;
    check_locals(function)
}

fn check_lines(function: &Function) -> Result<(), Fault> {
    let mut absolute = function.absolute_lines.iter();
    let size = function.line_info.len();
    require(size == 0 || size == function.code.len(), 0, "line information of another size")?;
    let mut line = i64::from(function.line_defined);
    let mut distance = 0;
    for (pc, &delta) in function.line_info.iter().enumerate() {
        if delta == ABSOLUTE_LINE_MARK {
            let entry = absolute.next().filter(|entry| entry.pc as usize == pc);
            let entry = entry.ok_or(Fault::at(pc, "absolute line missing"))?;
            line = i64::from(entry.line);
            distance = 0;
        } else {
            line += i64::from(delta);
            require(distance < ABSOLUTE_LINE_DISTANCE, pc, "absolute lines too far apart")?;
        }
        distance += 1;
        require((0..=i64::from(i32::MAX)).contains(&line), pc, "invalid line")?;
    }
    require(absolute.next().is_none(), 0, "absolute line without a mark")
}

fn check_locals(function: &Function) -> Result<(), Fault> {
    let size = function.code.len();
    // At each instruction: how many variables begin there less how many end there.
    let mut balance = vec![0i64; size + 1];
    let mut previous_start = 0;
    for local in &function.local_variables {
        let (start, end) = (local.start_pc as usize, local.end_pc as usize);
        let sane = previous_start <= start && start <= end && end <= size;
        require(sane, start, "invalid extent of a local variable")?;
        balance[start] += 1;
        balance[end] -= 1;
        previous_start = start;
    }
    let mut active = 0;
    for (pc, change) in balance.iter().enumerate() {
        active += change;
        require(active <= i64::from(function.register_count), pc, "too many local variables")?;
    }
    Ok(())
}
