//! Calendar dates for `os.date` and `os.time`: pure arithmetic over an injected time zone.
//!
//! The conversion between days and civil dates follows the eras of 400 years in Howard Hinnant's
//! "chrono-Compatible Low-Level Date Algorithms" (days_from_civil, civil_from_days).

use super::TextError;

const SECONDS_PER_DAY: i64 = 86_400;
const DAYS_PER_ERA: i64 = 146_097;
/// Days from 0000-03-01 to 1970-01-01.
const EPOCH_DAYS: i64 = 719_468;
/// Summer time is taken as this much ahead where the zone does not tell.
const SUMMER_SECONDS: i64 = 3_600;
/// What C's `struct tm` counts years from, and months from 0: its fields are 32-bit integers.
const TM_YEAR_BASE: i64 = 1_900;

const DAYS: [&str; 7] =
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// The time zone at one instant, as the host tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    /// Seconds to add to universal time.
    pub offset_seconds: i32,
    /// Whether summer time is in force.
    pub is_dst: bool,
    /// Abbreviation, for `%Z`.
    pub name: String,
}

impl Zone {
    /// Universal time, as `os.date("!...")` names it.
    pub fn utc() -> Zone {
        Zone { offset_seconds: 0, is_dst: false, name: "GMT".to_owned() }
    }
}

/// A broken-down time; made by [`DateTime::at`] and [`TimeFields::resolve`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DateTime {
    /// Year of the proleptic Gregorian calendar; year 0 is 1 BC.
    pub year: i64,
    /// 1 to 12.
    pub month: i64,
    /// 1 to 31.
    pub day: i64,
    /// 0 to 23.
    pub hour: i64,
    /// 0 to 59.
    pub minute: i64,
    /// 0 to 59.
    pub second: i64,
    /// 1 (Sunday) to 7.
    pub weekday: i64,
    /// 1 to 366.
    pub yearday: i64,
    /// The zone in force.
    pub zone: Zone,
}

/// The days from 1970-01-01 to a civil date.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    // Years begin in March, so that the leap day is the last.
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * DAYS_PER_ERA + day_of_era - EPOCH_DAYS
}

/// Year, month and day of the date that is `days` after 1970-01-01.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + EPOCH_DAYS;
    let (era, day_of_era) = (days.div_euclid(DAYS_PER_ERA), days.rem_euclid(DAYS_PER_ERA));
    let leap_days = day_of_era / 1_460 - day_of_era / 36_524 + day_of_era / (DAYS_PER_ERA - 1);
    let year_of_era = (day_of_era - leap_days) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year, month, day)
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

impl DateTime {
    /// The broken-down time of the instant `timestamp`, in seconds since 1970-01-01 UTC, in
    /// `zone`.
    ///
    /// ```
    /// use lua::text::date::{DateTime, Zone};
    /// let date = DateTime::at(951_782_400, Zone::utc())?;
    /// assert_eq!((date.year, date.month, date.day), (2000, 2, 29));
    /// # Ok::<(), lua::text::TextError>(())
    /// ```
    ///
    /// # Errors
    /// `date result cannot be represented in this installation` when the year does not fit into
    /// 32 bits as C counts it.
    pub fn at(timestamp: i64, zone: Zone) -> Result<DateTime, TextError> {
        let unrepresentable = "date result cannot be represented in this installation";
        timestamp
            .checked_add(i64::from(zone.offset_seconds))
            .and_then(|local| DateTime::of_local(local, zone))
            .ok_or(TextError::text(unrepresentable))
    }

    /// The broken-down time of a count of local seconds.
    fn of_local(local: i64, zone: Zone) -> Option<DateTime> {
        let days = local.div_euclid(SECONDS_PER_DAY);
        let second_of_day = local.rem_euclid(SECONDS_PER_DAY);
        let (year, month, day) = civil_from_days(days);
        i32::try_from(year - TM_YEAR_BASE).ok()?;
        Some(DateTime {
            year,
            month,
            day,
            hour: second_of_day / 3_600,
            minute: second_of_day / 60 % 60,
            second: second_of_day % 60,
            weekday: (days + 4).rem_euclid(7) + 1,
            yearday: days - days_from_civil(year, 1, 1) + 1,
            zone,
        })
    }

    /// Year and number of the ISO 8601 week.
    fn iso_week(&self) -> (i64, i64) {
        let weekday_from_monday = (self.weekday + 5) % 7;
        // A week belongs to the year that its Thursday is in.
        let thursday = self.yearday + 3 - weekday_from_monday;
        let year_days = if is_leap(self.year) { 366 } else { 365 };
        if thursday < 1 {
            let days_before = if is_leap(self.year - 1) { 366 } else { 365 };
            (self.year - 1, (thursday + days_before - 1) / 7 + 1)
        } else if thursday > year_days {
            (self.year + 1, 1)
        } else {
            (self.year, (thursday - 1) / 7 + 1)
        }
    }

    /// Appends the text of one conversion (without its modifier) in the C locale.
    fn write(&self, conversion: u8, out: &mut Vec<u8>) {
        let text = match conversion {
            b'a' => name(&DAYS, self.weekday)[..3].to_owned(),
            b'A' => name(&DAYS, self.weekday).to_owned(),
            b'b' | b'h' => name(&MONTHS, self.month)[..3].to_owned(),
            b'B' => name(&MONTHS, self.month).to_owned(),
            b'c' => return self.write_all(b"a b e T Y", out),
            b'C' => self.year.div_euclid(100).to_string(),
            b'd' => format!("{:02}", self.day),
            b'D' | b'x' => format!("{:02}/{:02}/{:02}", self.month, self.day, self.short_year()),
            b'e' => format!("{:2}", self.day),
            b'F' => format!("{}-{:02}-{:02}", self.year, self.month, self.day),
            b'g' => format!("{:02}", self.iso_week().0.rem_euclid(100)),
            b'G' => self.iso_week().0.to_string(),
            b'H' => format!("{:02}", self.hour),
            b'I' => format!("{:02}", (self.hour + 11) % 12 + 1),
            b'j' => format!("{:03}", self.yearday),
            b'm' => format!("{:02}", self.month),
            b'M' => format!("{:02}", self.minute),
            b'n' => "\n".to_owned(),
            b'p' => (if self.hour < 12 { "AM" } else { "PM" }).to_owned(),
            b'r' => return self.write_all(b"I:M:S p", out),
            b'R' => format!("{:02}:{:02}", self.hour, self.minute),
            b'S' => format!("{:02}", self.second),
            b't' => "\t".to_owned(),
            b'T' | b'X' => format!("{:02}:{:02}:{:02}", self.hour, self.minute, self.second),
            b'u' => ((self.weekday + 5) % 7 + 1).to_string(),
            b'U' => format!("{:02}", (self.yearday - self.weekday + 7) / 7),
            b'V' => format!("{:02}", self.iso_week().1),
            b'w' => (self.weekday - 1).to_string(),
            b'W' => format!("{:02}", (self.yearday - 1 + 7 - (self.weekday + 5) % 7) / 7),
            b'y' => format!("{:02}", self.short_year()),
            b'Y' => self.year.to_string(),
            b'z' => zone_text(self.zone.offset_seconds),
            b'Z' => self.zone.name.clone(),
            _ => "%".to_owned(),
        };
        out.extend_from_slice(text.as_bytes());
    }

    fn short_year(&self) -> i64 {
        self.year.rem_euclid(100)
    }

    /// Appends every conversion named by a letter, and everything else as it stands.
    fn write_all(&self, conversions: &[u8], out: &mut Vec<u8>) {
        for byte in conversions {
            match byte {
                b' ' | b':' => out.push(*byte),
                conversion => self.write(*conversion, out),
            }
        }
    }
}

fn name(names: &[&'static str], number: i64) -> &'static str {
    let index = usize::try_from(number - 1).unwrap_or(0);
    names.get(index).copied().unwrap_or("???")
}

fn zone_text(offset_seconds: i32) -> String {
    let sign = if offset_seconds < 0 { '-' } else { '+' };
    let minutes = offset_seconds.unsigned_abs() / 60;
    format!("{sign}{:02}{:02}", minutes / 60, minutes % 60)
}

/// What the format argument of `os.date` asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request<'f> {
    /// A leading `!`: universal time.
    pub is_utc: bool,
    /// The format behind it; `None` asks for a table (`*t`).
    pub format: Option<&'f [u8]>,
}

/// Reads the format argument of `os.date`.
pub fn parse_request(format: &[u8]) -> Request<'_> {
    let (is_utc, format) = match format.strip_prefix(b"!") {
        Some(rest) => (true, rest),
        None => (false, format),
    };
    let is_table = format == b"*t" || format.starts_with(b"*t\0");
    Request { is_utc, format: (!is_table).then_some(format) }
}

/// Appends `date` as `format` asks; every C99 conversion, in the C locale.
///
/// ```
/// use lua::text::date::{DateTime, Zone, format_date};
/// let mut out = Vec::new();
/// format_date(b"%Y-%m-%d", &DateTime::at(0, Zone::utc())?, &mut out)?;
/// assert_eq!(out, b"1970-01-01");
/// # Ok::<(), lua::text::TextError>(())
/// ```
///
/// # Errors
/// About argument 1: `invalid conversion specifier '%...'`.
pub fn format_date(format: &[u8], date: &DateTime, out: &mut Vec<u8>) -> Result<(), TextError> {
    let mut rest = format;
    while let Some(offset) = memchr::memchr(b'%', rest) {
        out.extend_from_slice(&rest[..offset]);
        rest = &rest[offset + 1..];
        let (conversion, size) = conversion(rest).ok_or_else(|| invalid_specifier(rest))?;
        date.write(conversion, out);
        rest = &rest[size..];
    }
    out.extend_from_slice(rest);
    Ok(())
}

/// The letter of the conversion that `rest` begins with, and its size with a modifier `E` or `O`,
/// which means nothing in the C locale.
fn conversion(rest: &[u8]) -> Option<(u8, usize)> {
    match rest {
        [b'E', letter, ..] if b"cCxXyY".contains(letter) => Some((*letter, 2)),
        [b'O', letter, ..] if b"deHImMSuUVwWy".contains(letter) => Some((*letter, 2)),
        [letter, ..] if b"aAbBcCdDeFgGhHIjmMnprRStTuUVwWxXyYzZ%".contains(letter) => {
            Some((*letter, 1))
        }
        _ => None,
    }
}

fn invalid_specifier(rest: &[u8]) -> TextError {
    let shown = rest.split(|byte| *byte == 0).next().unwrap_or_default();
    let message = [b"invalid conversion specifier '%", shown, b"'"].concat();
    TextError::Argument { index: 1, message: message.into() }
}

/// The fields of the table that `os.time` reads, in the order in which it reads them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// `year`
    Year,
    /// `month`
    Month,
    /// `day`
    Day,
    /// `hour`, 12 when absent
    Hour,
    /// `min`, 0 when absent
    Minute,
    /// `sec`, 0 when absent
    Second,
}

impl Field {
    /// All fields, in reading order.
    pub const ALL: [Field; 6] =
        [Field::Year, Field::Month, Field::Day, Field::Hour, Field::Minute, Field::Second];

    /// The key in the table.
    pub fn key(self) -> &'static str {
        match self {
            Field::Year => "year",
            Field::Month => "month",
            Field::Day => "day",
            Field::Hour => "hour",
            Field::Minute => "min",
            Field::Second => "sec",
        }
    }

    /// What C's `struct tm` subtracts from the value.
    fn base(self) -> i64 {
        match self {
            Field::Year => TM_YEAR_BASE,
            Field::Month => 1,
            _ => 0,
        }
    }

    fn default(self) -> Option<i64> {
        match self {
            Field::Year | Field::Month | Field::Day => None,
            Field::Hour => Some(12),
            Field::Minute | Field::Second => Some(0),
        }
    }
}

/// What the table has under a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldValue {
    /// Nothing.
    Absent,
    /// An integer, or what converts to one.
    Integer(i64),
    /// Anything else.
    Invalid,
}

/// The fields of an `os.time` table, checked but not normalised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TimeFields {
    /// Values in the order of [`Field::ALL`], each within 32 bits of its base.
    values: [i64; 6],
    /// The field `isdst`, when the table has it.
    pub is_dst: Option<bool>,
}

impl TimeFields {
    /// Reads all fields through `get`, in order.
    ///
    /// # Errors
    /// `field '...' is not an integer`, `field '...' missing in date table`, `field '...' is
    /// out-of-bound`, and the errors of `get`.
    pub fn read<E: From<TextError>>(
        mut get: impl FnMut(Field) -> Result<FieldValue, E>,
    ) -> Result<TimeFields, E> {
        let mut fields = TimeFields::default();
        for (value, field) in fields.values.iter_mut().zip(Field::ALL) {
            *value = match (get(field)?, field.default()) {
                (FieldValue::Integer(given), _) => check_bounds(field, given)?,
                (FieldValue::Absent, Some(default)) => default,
                (FieldValue::Absent, None) => {
                    return Err(field_error(field, "missing in date table").into());
                }
                (FieldValue::Invalid, _) => {
                    return Err(field_error(field, "is not an integer").into());
                }
            };
        }
        Ok(fields)
    }

    /// The instant that the fields mean in local time, and the fields in their usual ranges,
    /// which `os.time` writes back into its table. `zone_at` tells the zone at an instant.
    ///
    /// # Errors
    /// `time result cannot be represented in this installation`, also for the second before 1970,
    /// which C's `mktime` cannot tell from an error.
    pub fn resolve(&self, zone_at: impl Fn(i64) -> Zone) -> Result<(i64, DateTime), TextError> {
        let local = self.local_seconds();
        let offset = |timestamp: i64| i64::from(zone_at(timestamp).offset_seconds);
        // The offset depends on the instant that it leads to; the second look settles it except
        // in the hours around a change.
        let guess = local - offset(local - offset(local));
        let zone = zone_at(guess);
        let timestamp = match self.is_dst {
            Some(true) if !zone.is_dst => guess - SUMMER_SECONDS,
            Some(false) if zone.is_dst => guess + SUMMER_SECONDS,
            _ => guess,
        };
        let date = DateTime::at(timestamp, zone_at(timestamp));
        match date {
            Ok(date) if timestamp != -1 => Ok((timestamp, date)),
            _ => {
                let message = "time result cannot be represented in this installation";
                Err(TextError::text(message))
            }
        }
    }

    /// Seconds of local time since 1970; the fields are small enough for this never to overflow.
    fn local_seconds(&self) -> i64 {
        let [year, month, day, hour, minute, second] = self.values;
        let year = year + (month - 1).div_euclid(12);
        let month = (month - 1).rem_euclid(12) + 1;
        let days = days_from_civil(year, month, 1) + day - 1;
        days * SECONDS_PER_DAY + hour * 3_600 + minute * 60 + second
    }
}

fn check_bounds(field: Field, given: i64) -> Result<i64, TextError> {
    let fits =
        given.checked_sub(field.base()).is_some_and(|counted| i32::try_from(counted).is_ok());
    if fits { Ok(given) } else { Err(field_error(field, "is out-of-bound")) }
}

fn field_error(field: Field, what: &str) -> TextError {
    TextError::owned(format!("field '{}' {what}", field.key()))
}
