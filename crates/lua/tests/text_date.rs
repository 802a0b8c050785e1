//! Dates: random instants, formats and tables compared with PUC-Rio, and zones of our own.

mod oracle_text;

use fastrand::Rng;
use lua::text::TextError;
use lua::text::date::{DateTime, Field, FieldValue, TimeFields, Zone, format_date, parse_request};
use mlua::Value;
use oracle_text::{Oracle, Plain, message};

const CONVERSIONS: &[u8] = b"aAbBcCdDeFgGhHIjmMnprRStTuUVwWxXyYzZ%";

fn check(
    ours: Result<Vec<Plain>, TextError>,
    theirs: Result<Vec<Plain>, Vec<u8>>,
    function: &str,
    case: &str,
) {
    let shown = |message: Vec<u8>| message.escape_ascii().to_string();
    let ours = ours.map_err(|error| shown(message(&error, &format!("os.{function}"))));
    assert_eq!(ours, theirs.map_err(shown), "{function}: {case}");
}

/// `os.date(format, timestamp)` for formats in universal time.
fn date(format: &[u8], timestamp: i64) -> Result<Vec<Plain>, TextError> {
    let request = parse_request(format);
    assert!(request.is_utc);
    let date = DateTime::at(timestamp, Zone::utc())?;
    let mut out = Vec::new();
    format_date(request.format.expect("not a table"), &date, &mut out)?;
    Ok(vec![Plain::Bytes(out)])
}

fn random_timestamp(rng: &mut Rng) -> i64 {
    match rng.u8(..4) {
        0 => rng.i64(..) >> rng.u8(..64),
        1 => rng.i64(-80_000_000_000..300_000_000_000),
        _ => rng.i64(0..4_000_000_000),
    }
}

#[test]
fn random_instants_are_written_as_in_puc_rio() {
    let oracle = Oracle::new();
    let theirs = oracle.function("os.date");
    let every: Vec<u8> = CONVERSIONS.iter().flat_map(|letter| [b'%', *letter, b'|']).collect();
    let every = [&b"!"[..], &every].concat();
    let mut rng = Rng::with_seed(0x5eed_0401);
    for _ in 0..4_000 {
        let timestamp = random_timestamp(&mut rng);
        let result = oracle.call(&theirs, (oracle.string(&every), timestamp));
        check(date(&every, timestamp), result, "date", &timestamp.to_string());
    }
}

#[test]
fn the_days_around_every_new_year_are_written_as_in_puc_rio() {
    let oracle = Oracle::new();
    let theirs = oracle.function("os.date");
    let format = b"!%Y-%m-%d %j %a %w %u %U %W %V %G %g %I %p";
    for year in -3..420 {
        let start = year * 31_556_952 + 86_400;
        for day in [-4, -3, -2, -1, 0, 1, 2, 58, 59, 60, 61] {
            let timestamp = start + day * 86_400;
            let result = oracle.call(&theirs, (oracle.string(format), timestamp));
            check(date(format, timestamp), result, "date", &timestamp.to_string());
        }
    }
}

#[test]
fn invalid_conversions_are_refused_as_in_puc_rio() {
    let oracle = Oracle::new();
    let theirs = oracle.function("os.date");
    let mut formats: Vec<Vec<u8>> = vec![b"!".to_vec(), b"!%".to_vec(), b"!x%\0y".to_vec()];
    for letter in 0..=255u8 {
        formats.push(vec![b'!', b'%', letter, b'z']);
        formats.push(vec![b'!', b'%', b'E', letter, 0, b'x']);
        formats.push(vec![b'!', b'%', b'O', letter]);
    }
    for format in formats {
        let result = oracle.call(&theirs, (oracle.string(&format), 86_399));
        check(date(&format, 86_399), result, "date", &format.escape_ascii().to_string());
    }
}

#[test]
fn requests_tell_zone_and_table() {
    assert_eq!(parse_request(b"*t").format, None);
    assert_eq!(parse_request(b"!*t\0x").format, None);
    assert!(parse_request(b"!*t\0x").is_utc);
    assert_eq!(parse_request(b"*tx").format, Some(&b"*tx"[..]));
    assert!(!parse_request(b"%c!").is_utc);
}

fn random_field(rng: &mut Rng, field: Field) -> FieldValue {
    let wild = match rng.u8(..40) {
        0 => return FieldValue::Absent,
        1 => return FieldValue::Invalid,
        2 => Some(rng.i64(..)),
        3 => Some((1 << 31) + rng.i64(-2..1_903)),
        4 => Some(-(1 << 31) + rng.i64(-2..1_903)),
        5..8 => Some(rng.i64(-100_000..100_000)),
        _ => None,
    };
    let range = match field {
        Field::Year => -500..3_000,
        Field::Month => -3..20,
        Field::Day => -40..80,
        Field::Hour => -30..60,
        Field::Minute | Field::Second => -70..140,
    };
    FieldValue::Integer(wild.unwrap_or_else(|| rng.i64(range)))
}

/// The zone in which the oracle runs.
fn zone_of(oracle: &Oracle) -> impl Fn(i64) -> Zone {
    let offset = oracle.function(
        "function(time)
            local fine, zone = pcall(os.date, '%z', time)
            if not fine then return 0, false end
            local seconds = zone:sub(2, 3) * 3600 + zone:sub(4) * 60
            return zone:sub(1, 1) == '-' and -seconds or seconds, os.date('*t', time).isdst
        end",
    );
    move |time| {
        let (seconds, is_dst): (f64, bool) = offset.call(time).expect("the chunk runs");
        Zone { offset_seconds: seconds as i32, is_dst, name: String::new() }
    }
}

#[test]
fn random_tables_give_the_times_of_puc_rio() {
    let oracle = Oracle::new();
    let theirs = oracle.function(
        "function(t)
            local time = os.time(t)
            return time, t.year, t.month, t.day, t.hour, t.min, t.sec, t.wday, t.yday
        end",
    );
    let zone_at = zone_of(&oracle);
    let mut rng = Rng::with_seed(0x5eed_0402);
    for _ in 0..6_000 {
        let given = Field::ALL.map(|field| random_field(&mut rng, field));
        let table = oracle.lua.create_table().expect("memory suffices");
        for (field, value) in Field::ALL.iter().zip(given) {
            let value = match value {
                FieldValue::Absent => Value::Nil,
                FieldValue::Integer(value) => Value::Integer(value),
                FieldValue::Invalid => Value::Boolean(true),
            };
            table.set(field.key(), value).expect("memory suffices");
        }
        let mut read = Field::ALL.iter().zip(given);
        let ours = TimeFields::read(|field| {
            let (expected, value) = read.next().expect("six fields");
            assert_eq!(*expected, field);
            Ok::<FieldValue, TextError>(value)
        });
        let ours = ours.and_then(|fields| fields.resolve(&zone_at)).map(|(time, date)| {
            let DateTime { year, month, day, hour, minute, second, weekday, yearday, .. } = date;
            [time, year, month, day, hour, minute, second, weekday, yearday]
                .map(Plain::Integer)
                .to_vec()
        });
        check(ours, oracle.call(&theirs, table), "time", &format!("{given:?}"));
    }
}

/// An invented zone: one hour ahead, two from second 1,000,000 to second 2,000,000.
fn summer(timestamp: i64) -> Zone {
    let is_dst = (1_000_000..2_000_000).contains(&timestamp);
    let name = if is_dst { "SUM" } else { "WIN" };
    let offset_seconds = if is_dst { 7_200 } else { 3_600 };
    Zone { offset_seconds, is_dst, name: name.to_owned() }
}

fn local(timestamp: i64, is_dst: Option<bool>) -> i64 {
    let date = DateTime::at(timestamp, summer(timestamp)).expect("in range");
    let given = [date.year, date.month, date.day, date.hour, date.minute, date.second];
    let mut values = given.iter();
    let mut fields = TimeFields::read(|_| {
        Ok::<_, TextError>(FieldValue::Integer(*values.next().expect("six fields")))
    })
    .expect("in bounds");
    fields.is_dst = is_dst;
    fields.resolve(summer).expect("in range").0
}

#[test]
fn local_times_come_back_through_a_changing_zone() {
    for timestamp in (0..3_000_000).step_by(997) {
        let ends_summer = (1_996_400..2_003_600).contains(&timestamp);
        if !ends_summer {
            assert_eq!(local(timestamp, None), timestamp);
        }
    }
    assert_eq!(local(500_000, Some(true)), 496_400);
    assert_eq!(local(1_500_000, Some(true)), 1_500_000);
    assert_eq!(local(1_500_000, Some(false)), 1_503_600);
    let date = DateTime::at(1_500_000, summer(1_500_000)).expect("in range");
    let mut out = Vec::new();
    format_date(b"%H %z %Z", &date, &mut out).expect("valid");
    assert_eq!(out, b"10 +0200 SUM");
    let west = Zone { offset_seconds: -12_600, is_dst: false, name: "W".to_owned() };
    out.clear();
    format_date(b"%z", &DateTime::at(0, west).expect("in range"), &mut out).expect("valid");
    assert_eq!(out, b"-0330");
}

#[test]
fn the_second_before_1970_is_an_error_as_in_c() {
    let resolve = |second| {
        let mut values = [1970, 1, 1, 0, 0, second].into_iter().map(FieldValue::Integer);
        TimeFields::read(|_| Ok::<_, TextError>(values.next().expect("six fields")))
            .and_then(|fields| fields.resolve(|_| Zone::utc()))
            .map(|(time, _)| time)
    };
    assert_eq!(resolve(-2), Ok(-2));
    let message = b"time result cannot be represented in this installation";
    assert_eq!(resolve(-1), Err(TextError::Message(message[..].into())));
    assert_eq!(resolve(0), Ok(0));
}

#[test]
fn instants_beyond_the_calendar_are_errors() {
    for timestamp in [i64::MIN, i64::MAX, 67_768_036_191_676_800, -67_768_040_609_740_801] {
        assert!(DateTime::at(timestamp, Zone::utc()).is_err());
        assert!(DateTime::at(timestamp, summer(0)).is_err() || timestamp < 0);
    }
    assert!(DateTime::at(67_768_036_191_676_799, Zone::utc()).is_ok());
    assert!(DateTime::at(-67_768_040_609_740_800, Zone::utc()).is_ok());
}
