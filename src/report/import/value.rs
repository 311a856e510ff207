//! Numbers, units and times as other programs write them.
//!
//! Owns what a field may look like: decimal points and commas, exponents, dates of three orders, with and without an
//! offset, and Unix times. A number is exact in thousandths of its column's unit; what is finer is rounded.

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime};

/// What programs write where there is no value.
const MISSING: [&str; 9] =
    ["", "-", "null", "none", "nan", "unavailable", "unknown", "\\n", "geen"];

/// What French spreadsheets write between groups of digits.
const GROUP_BLANKS: [char; 2] = ['\u{a0}', '\u{202f}'];

/// Whether there is no value in this field.
pub(super) fn is_missing(text: &str) -> bool {
    MISSING.contains(&text.trim().to_ascii_lowercase().as_str())
}

/// A number in thousandths, times ten to the power of `shift`, rounded to nearest. `None` for anything else.
///
/// Of points and commas the last one separates the decimals, and one that comes again separates groups, as do the blanks
/// that do not break a line.
pub(super) fn number(text: &str, shift: i32) -> Option<i64> {
    if text.contains(GROUP_BLANKS) {
        return number(&text.replace(GROUP_BLANKS, ""), shift);
    }
    let text = text.trim();
    let (text, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let last = digits.rfind(['.', ',']);
    let decimal = last.filter(|at| {
        let separator = digits.as_bytes()[*at];
        digits.bytes().filter(|byte| *byte == separator).count() == 1
    });
    let (mut mantissa, mut decimals, mut has_digit) = (0i128, 0i32, false);
    for (at, byte) in digits.bytes().enumerate() {
        match byte {
            b'0'..=b'9' if mantissa < 10i128.pow(30) => {
                mantissa = mantissa * 10 + i128::from(byte - b'0');
                decimals += i32::from(decimal.is_some_and(|point| at > point));
                has_digit = true;
            }
            // Finer than anything that counts.
            b'0'..=b'9' if decimal.is_some_and(|point| at > point) => {}
            b'.' | b',' if has_digit => {}
            _ => return None,
        }
    }
    let power = 3 + shift + exponent.clamp(-60, 30) - decimals;
    let value = match u32::try_from(power) {
        Ok(power) => mantissa.checked_mul(10i128.checked_pow(power)?)?,
        Err(_) => match 10i128.checked_pow(power.unsigned_abs()) {
            Some(divisor) => (mantissa + divisor / 2) / divisor,
            None => 0,
        },
    };
    let value = i64::try_from(value).ok().filter(|_| has_digit)?;
    Some(if text.starts_with('-') { -value } else { value })
}

/// The power of ten that makes a number of this unit one of a column whose name ends with its unit: `energy_import_kwh`.
/// `None` where they do not fit.
pub(super) fn shift(unit: &str, column: &str) -> Option<i32> {
    let unit = unit.trim();
    Some(match (column.rsplit_once('_')?.1, unit) {
        ("kwh", "kWh" | "kwh")
        | ("m3", "m³" | "m3" | "m^3")
        | ("gj", "GJ" | "gj")
        | ("kvarh", "kvarh")
        | ("w", "W" | "w")
        | ("v", "V" | "v")
        | ("a", "A" | "a") => 0,
        ("kwh", "Wh" | "wh")
        | ("kvarh", "varh")
        | ("gj", "MJ" | "mj")
        | ("m3", "l" | "L" | "dm³" | "dm3")
        | ("v", "mV")
        | ("a", "mA") => -3,
        ("kwh", "MWh" | "mwh") | ("w", "kW" | "kw") => 3,
        ("m3", "dl" | "dL") => -4,
        ("gj", "kJ" | "kj") => -6,
        _ => return None,
    })
}

/// A time as it stands in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stamp {
    /// Unix seconds: the file says which moment it is.
    Moment(i64),
    /// What a clock on the wall showed.
    Local(NaiveDateTime),
}

/// Reads a time: `2024-10-27 02:00:00+02`, `2024-10-27T02:00`, `29-10-2023 02:45:00 +0200`, `27/10/2024`,
/// `1756677600.0` and the like. A date alone is its midnight.
pub(super) fn stamp(text: &str) -> Option<Stamp> {
    let text = text.trim();
    if let Some(second) = epoch(text) {
        return Some(Stamp::Moment(second));
    }
    let end = text.find(['T', ' ', '\t']).unwrap_or(text.len());
    let date = date(&text[..end])?;
    let rest = text[end..].trim_start_matches('T').trim();
    let clock_end = rest.find(['Z', 'z', '+', '-', ' ', 'U']).unwrap_or(rest.len());
    let (clock, offset) = rest.split_at(clock_end);
    let mut parts = clock.split(':');
    let mut part = |is_needed: bool| match parts.next() {
        Some(text) if !text.is_empty() && text.len() <= 2 => text.parse::<u32>().ok(),
        None if !is_needed => Some(0),
        _ => None,
    };
    let clock = if clock.is_empty() { (0, 0) } else { (part(true)?, part(true)?) };
    let second = match rest[..clock_end].splitn(3, ':').nth(2) {
        // Fractions of a second are cut off.
        Some(text) => text.split(['.', ',']).next()?.parse::<u32>().ok()?,
        None => 0,
    };
    let local = match clock {
        (24, 0) if second == 0 => date.checked_add_days(Days::new(1))?.and_hms_opt(0, 0, 0)?,
        (hour, minute) => date.and_hms_opt(hour, minute, second)?,
    };
    match offset.trim() {
        "" => Some(Stamp::Local(local)),
        text => Some(Stamp::Moment(local.and_utc().timestamp() - self::offset(text)?)),
    }
}

/// Reads a time by a format of chrono's.
pub(super) fn stamp_by(text: &str, format: &str) -> Option<Stamp> {
    let text = text.trim();
    let local = || {
        let date = || NaiveDate::parse_from_str(text, format).ok()?.and_hms_opt(0, 0, 0);
        NaiveDateTime::parse_from_str(text, format).ok().or_else(date).map(Stamp::Local)
    };
    let moment = DateTime::parse_from_str(text, format).ok();
    moment.map(|time| Stamp::Moment(time.timestamp())).or_else(local)
}

/// The format of chrono's that reads a time which [`stamp`] does not: a month before its day, a year of two digits, hours
/// with AM and PM. Of several that fit the American one comes first.
pub(super) fn format_of(text: &str) -> Option<String> {
    const DATES: [&str; 4] = ["%m/%d/%y", "%d/%m/%y", "%m/%d/%Y", "%d/%m/%Y"];
    const CLOCKS: [&str; 5] = ["", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p"];
    let separator = text.trim().trim_start_matches(|c: char| c.is_ascii_digit()).chars().next()?;
    let separator = if matches!(separator, '-' | '.' | '/') { separator } else { return None };
    let dates = DATES.iter().map(|date| date.replace('/', &separator.to_string()));
    let mut formats = dates.flat_map(|date| CLOCKS.map(|clock| format!("{date}{clock}")));
    formats.find(|format| stamp_by(text, format).is_some())
}

/// Unix time in seconds, milli-, micro- or nanoseconds.
fn epoch(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(fraction) {
        return None;
    }
    match whole.len() {
        9 | 10 => whole.parse().ok(),
        13 => Some(whole.parse::<i64>().ok()? / 1000),
        16 => Some(whole.parse::<i64>().ok()? / 1_000_000),
        19 => Some(whole.parse::<i64>().ok()? / 1_000_000_000),
        _ => None,
    }
}

fn date(text: &str) -> Option<NaiveDate> {
    let mut parts = text.split(['-', '/', '.']);
    let (first, middle, last) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || middle.len() > 2 {
        return None;
    }
    let (year, day) = if first.len() == 4 { (first, last) } else { (last, first) };
    if year.len() != 4 || day.len() > 2 {
        return None;
    }
    NaiveDate::from_ymd_opt(year.parse().ok()?, middle.parse().ok()?, day.parse().ok()?)
}

/// The seconds of an offset: `Z`, `UTC`, `+02`, `+0200`, `+02:00`. `None` for anything else.
pub(super) fn offset(text: &str) -> Option<i64> {
    if matches!(text, "Z" | "z" | "UTC") {
        return Some(0);
    }
    let sign = match text.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let digits: String = text[1..].chars().filter(|c| *c != ':').collect();
    if !matches!(digits.len(), 2 | 4) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes) = digits.split_at(2);
    let hours: i64 = hours.parse().ok()?;
    let minutes: i64 = if minutes.is_empty() { 0 } else { minutes.parse().ok()? };
    Some(sign * (hours * 3600 + minutes * 60))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_have_a_point_or_a_comma_and_are_rounded_to_thousandths() {
        for (text, expected) in [
            ("12", Some(12_000)),
            ("0,284", Some(284)),
            (" 13.634,387 ", Some(13_634_387)),
            ("13,634.387", Some(13_634_387)),
            ("1.234.567", Some(1_234_567_000)),
            ("13\u{a0}634,387", Some(13_634_387)),
            ("1\u{202f}234\u{202f}567", Some(1_234_567_000)),
            ("2.62399999999616", Some(2624)),
            ("0.259000000000015", Some(259)),
            ("-0.5", Some(-500)),
            ("1.2e-05", Some(0)),
            ("1.5E3", Some(1_500_000)),
            ("5.", Some(5000)),
            (".5", None),
            ("", None),
            ("1 2", None),
            ("--1", None),
            ("99999999999999999999999", None),
            ("1e99", None),
            ("12kWh", None),
        ] {
            assert_eq!(number(text, 0), expected, "{text}");
        }
    }

    #[test]
    fn a_unit_moves_the_point_and_one_that_does_not_fit_is_refused() {
        let of = |text, unit, column| number(text, shift(unit, column)?);
        assert_eq!(of("8220605", "Wh", "energy_import_t1_kwh"), Some(8_220_605));
        assert_eq!(of("303", "dl", "water_m3"), Some(30));
        assert_eq!(of("303", "l", "water_m3"), Some(303));
        assert_eq!(of("1.2", "MWh", "energy_import_kwh"), Some(1_200_000));
        assert_eq!(of("1", "kWh", "gas_m3"), None);
    }

    #[test]
    fn times_have_many_forms() {
        let local = |text: &str| {
            Some(Stamp::Local(NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").unwrap()))
        };
        let moment = |text: &str| {
            Some(Stamp::Moment(DateTime::parse_from_rfc3339(text).unwrap().timestamp()))
        };
        for (text, expected) in [
            ("2024-10-27 02:00:00+02", moment("2024-10-27T02:00:00+02:00")),
            ("2024-10-27T02:00:00+01:00", moment("2024-10-27T02:00:00+01:00")),
            ("2024-10-27T02:00:00.123Z", moment("2024-10-27T02:00:00Z")),
            ("29-10-2023 02:45:00 +0200", moment("2023-10-29T02:45:00+02:00")),
            ("2024-10-27 02:00:00 UTC", moment("2024-10-27T02:00:00Z")),
            ("1756677600.0", moment("2025-08-31T22:00:00Z")),
            ("1756677600123", moment("2025-08-31T22:00:00Z")),
            ("1756677600123456", moment("2025-08-31T22:00:00Z")),
            ("1756677600123456789", moment("2025-08-31T22:00:00Z")),
            ("9999999999999999999", None),
            ("2025-10-26 01:45", local("2025-10-26 01:45:00")),
            ("29/10/2023 02:45:00", local("2023-10-29 02:45:00")),
            ("05-06-2023", local("2023-06-05 00:00:00")),
            ("5.6.2023 7:05", local("2023-06-05 07:05:00")),
            ("2023-12-31 24:00", local("2024-01-01 00:00:00")),
            ("2024-13-01", None),
            ("2024-10-27 25:00", None),
            ("2024-10-27 02:00 bla", None),
            ("2024-10-27 +", None),
            ("yesterday", None),
            ("", None),
        ] {
            assert_eq!(stamp(text), expected, "{text}");
        }
        assert_eq!(stamp_by("06/05/2023 13:00", "%m/%d/%Y %H:%M"), local("2023-06-05 13:00:00"));
        assert_eq!(stamp_by("2023-06-05", "%m/%d/%Y"), None);
    }

    #[test]
    fn the_format_of_a_time_that_is_not_read_is_found() {
        for (text, expected) in [
            ("10/27/2024 02:00", Some("%m/%d/%Y %H:%M")),
            ("10/27/2024 2:00 PM", Some("%m/%d/%Y %I:%M %p")),
            (" 1/31/24 ", Some("%m/%d/%y")),
            ("27-10-24 02:00:00", Some("%d-%m-%y %H:%M:%S")),
            ("27.10.2024 2:00:00 pm", Some("%d.%m.%Y %I:%M:%S %p")),
            ("13/13/2024", None),
            ("yesterday", None),
            ("", None),
        ] {
            assert_eq!(format_of(text).as_deref(), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_number_or_a_time_or_neither(text in "[0-9.,:+TZeE/ -]{0,24}|\\PC{0,12}") {
            number(&text, 0);
            stamp(&text);
            format_of(&text);
            offset(&text);
        }
    }
}
