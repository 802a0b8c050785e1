//! `collectgarbage`

use crate::value::Value;
use lua_vm::{Call, Throw};

const OPTIONS: &[&str] = &[
    "collect",
    "stop",
    "restart",
    "count",
    "step",
    "setpause",
    "setstepmul",
    "isrunning",
    "generational",
    "incremental",
];

pub(super) fn collectgarbage(call: &mut Call<'_>) -> Result<usize, Throw> {
    let option = OPTIONS[call.option(0, Some("collect"), OPTIONS)?];
    let number = match option {
        "step" | "setpause" | "setstepmul" | "generational" | "incremental" => {
            call.optional_integer(1, 0)?
        }
        _ => 0,
    };
    if call.vm.is_collecting() {
        // A finalizer cannot steer the collector that called it.
        return call.ret(Value::NIL);
    }
    match option {
        "collect" => {
            call.vm.collect_garbage();
            call.ret(0)
        }
        "stop" => {
            call.vm.collector_settings().running = false;
            call.ret(0)
        }
        "restart" => {
            call.vm.collector_settings().running = true;
            call.ret(0)
        }
        "count" => {
            let kilobytes = call.vm.heap().object_bytes() as f64 / 1024.0;
            call.ret(kilobytes)
        }
        "step" => {
            let kilobytes = usize::try_from(number).unwrap_or(0);
            let finished = call.vm.collect_some(kilobytes);
            call.ret(finished)
        }
        "setpause" => {
            let settings = call.vm.collector_settings();
            let previous = std::mem::replace(&mut settings.pause, parameter(number));
            call.ret(previous as i64)
        }
        "setstepmul" => {
            let settings = call.vm.collector_settings();
            let previous = std::mem::replace(&mut settings.step_multiplier, parameter(number));
            call.ret(previous as i64)
        }
        "isrunning" => {
            let running = call.vm.collector_settings().running;
            call.ret(running)
        }
        mode => change_mode(call, mode == "generational", number),
    }
}

/// Parameters have a resolution of 4 and a limit, as in PUC-Rio.
fn parameter(number: i64) -> u32 {
    (number.clamp(0, 1023) / 4 * 4) as u32
}

/// The mode is remembered and told; the same collector runs in both.
fn change_mode(call: &mut Call<'_>, generational: bool, pause: i64) -> Result<usize, Throw> {
    if !generational {
        let multiplier = call.optional_integer(2, 0)?;
        let size = call.optional_integer(3, 0)?;
        let settings = call.vm.collector_settings();
        if pause != 0 {
            settings.pause = parameter(pause);
        }
        if multiplier != 0 {
            settings.step_multiplier = parameter(multiplier);
        }
        if size != 0 {
            settings.step_size = size.clamp(0, 62) as u32;
        }
    }
    let settings = call.vm.collector_settings();
    let previous = std::mem::replace(&mut settings.generational, generational);
    call.ret_string(if previous { b"generational" } else { b"incremental" })
}
