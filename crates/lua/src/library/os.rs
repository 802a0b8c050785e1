//! The parts of the os library that tell time, and its locale, which is always "C".

use super::state;
use super::time::WallClock;
use crate::text::date::{self, DateTime, Field, FieldValue, TimeFields, Zone};
use crate::value::{TableId, Value};
use lua_vm::{Call, NativeFunction, Throw, Vm};

const FUNCTIONS: &[(&str, NativeFunction)] = &[
    ("clock", clock),
    ("date", date),
    ("difftime", difftime),
    ("setlocale", setlocale),
    ("time", time),
];

const LOCALE_CATEGORIES: &[&str] = &["all", "collate", "ctype", "monetary", "numeric", "time"];

/// Bytes that one byte of a date format may become: names of days, and `%c`.
const DATE_BYTES_PER_BYTE: usize = 32;

pub(super) fn open(vm: &mut Vm) -> Result<TableId, Throw> {
    vm.new_library("os", FUNCTIONS)
}

fn wall_clock(call: &mut Call<'_>) -> std::rc::Rc<dyn WallClock> {
    state(call.vm).wall_clock.0.clone()
}

fn now(call: &mut Call<'_>) -> i64 {
    wall_clock(call).now().floor() as i64
}

fn clock(call: &mut Call<'_>) -> Result<usize, Throw> {
    let seconds = wall_clock(call).processor_seconds();
    call.ret(Value::float(seconds))
}

fn difftime(call: &mut Call<'_>) -> Result<usize, Throw> {
    let (end, start) = (call.integer(0)?, call.integer(1)?);
    // Exact where the difference is, as C's difference of two times is.
    let difference = i128::from(end) - i128::from(start);
    call.ret(Value::float(difference as f64))
}

fn setlocale(call: &mut Call<'_>) -> Result<usize, Throw> {
    let locale = call.optional_string(0)?;
    call.option(1, Some("all"), LOCALE_CATEGORIES)?;
    match locale.as_deref() {
        None | Some(b"" | b"C" | b"POSIX") => call.ret_string(b"C"),
        Some(_) => call.ret(Value::NIL),
    }
}

fn date(call: &mut Call<'_>) -> Result<usize, Throw> {
    let format = match call.optional_string(0)? {
        Some(format) => format,
        None => b"%c".as_slice().into(),
    };
    let timestamp = if call.arg(1).is_nil() { now(call) } else { call.integer(1)? };
    let request = date::parse_request(&format);
    let zone = if request.is_utc { Zone::utc() } else { wall_clock(call).zone_at(timestamp) };
    let date = call.text(DateTime::at(timestamp, zone))?;
    let Some(format) = request.format else {
        let table = call.vm.table()?;
        call.push(Value::table(table))?;
        for (name, value) in fields_of(&date) {
            call.vm.set_field(table, name, value)?;
        }
        return Ok(1);
    };
    call.charge(format.len())?;
    call.with_buffer(|call, buffer| {
        let expanded = format.len().saturating_mul(DATE_BYTES_PER_BYTE);
        buffer.room(call, expanded.saturating_add(date.zone.name.len()))?;
        let written = date::format_date(format, &date, &mut buffer.bytes);
        call.text(written)?;
        call.ret_string(&buffer.bytes)
    })
}

/// The fields of a date table, in the order in which PUC-Rio sets them.
fn fields_of(date: &DateTime) -> [(&'static str, Value); 9] {
    [
        ("year", date.year.into()),
        ("month", date.month.into()),
        ("day", date.day.into()),
        ("hour", date.hour.into()),
        ("min", date.minute.into()),
        ("sec", date.second.into()),
        ("yday", date.yearday.into()),
        ("wday", date.weekday.into()),
        ("isdst", date.zone.is_dst.into()),
    ]
}

fn time(call: &mut Call<'_>) -> Result<usize, Throw> {
    if call.arg(0).is_nil() {
        let now = now(call);
        return call.ret(Value::integer(now));
    }
    let table = Value::table(call.table(0)?);
    let mut fields = read_fields(call, table)?;
    let is_dst = get_field(call, table, "isdst")?;
    fields.is_dst = if is_dst.is_nil() { None } else { Some(!is_dst.is_falsy()) };
    let clock = wall_clock(call);
    let (timestamp, date) = call.text(fields.resolve(|timestamp| clock.zone_at(timestamp)))?;
    for (name, value) in fields_of(&date) {
        let key = call.make_string(name.as_bytes())?;
        call.vm.set(table, key, value)?;
    }
    call.ret(Value::integer(timestamp))
}

fn get_field(call: &mut Call<'_>, table: Value, name: &str) -> Result<Value, Throw> {
    let key = call.make_string(name.as_bytes())?;
    call.vm.get(table, key)
}

fn read_fields(call: &mut Call<'_>, table: Value) -> Result<TimeFields, Throw> {
    /// What stopped the reading: an error of a field, or what its metamethod threw.
    enum Failure {
        Text(crate::text::TextError),
        Throw(Throw),
    }
    impl From<crate::text::TextError> for Failure {
        fn from(error: crate::text::TextError) -> Failure {
            Failure::Text(error)
        }
    }
    let fields = TimeFields::read(|field: Field| {
        let value = get_field(call, table, field.key()).map_err(Failure::Throw)?;
        Ok(match call.vm.to_integer(value) {
            Some(value) => FieldValue::Integer(value),
            None if value.is_nil() => FieldValue::Absent,
            None => FieldValue::Invalid,
        })
    });
    match fields {
        Ok(fields) => Ok(fields),
        Err(Failure::Text(error)) => call.text(Err(error)),
        Err(Failure::Throw(throw)) => Err(throw),
    }
}
