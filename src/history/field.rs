//! Fields of the files: decimal numbers and times.
//!
//! Ten years are a million rows, each with several numbers and times: both are parsed by hand, and a time only as far
//! as it differs from the one before.

/// How long `YYYY-MM-DD` is.
const DATE: usize = 10;

/// Reads times, most of which are of the same date as the time before.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    date: [u8; DATE],
    /// The second with which the date begins in UTC.
    midnight: i64,
}

impl Default for Times {
    fn default() -> Self {
        Self { date: *b"1970-01-01", midnight: 0 }
    }
}

impl Times {
    /// Unix seconds of `YYYY-MM-DDThh:mm:ss` with `Z` or an offset such as `+01:00`.
    pub fn seconds(&mut self, text: &[u8]) -> Option<i64> {
        let (date, rest) = text.split_first_chunk::<DATE>()?;
        if *date != self.date {
            self.midnight = midnight(*date)?;
            self.date = *date;
        }
        let (clock, offset) = rest.split_first_chunk::<9>()?;
        let [b'T', h1, h0, b':', m1, m0, b':', s1, s0] = *clock else { return None };
        let [h1, h0, m1, m0, s1, s0] = [h1, h0, m1, m0, s1, s0].map(|byte| byte.wrapping_sub(b'0'));
        if h1.max(h0).max(m1).max(m0).max(s1).max(s0) > 9 {
            return None;
        }
        let (hour, minute, second) = (h1 * 10 + h0, m1 * 10 + m0, s1 * 10 + s0);
        if hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        let clock = i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second);
        let offset = match *offset {
            [b'Z'] => 0,
            [sign @ (b'+' | b'-'), h1, h0, b':', m1, m0] => {
                let seconds = pair(h1, h0)? * 3600 + pair(m1, m0)? * 60;
                if sign == b'-' { -seconds } else { seconds }
            }
            _ => return None,
        };
        Some(self.midnight + clock - offset)
    }
}

/// The second with which `YYYY-MM-DD` begins in UTC.
fn midnight(date: [u8; DATE]) -> Option<i64> {
    let [y3, y2, y1, y0, b'-', m1, m0, b'-', d1, d0] = date else { return None };
    let (year, month, day) = (pair(y3, y2)? * 100 + pair(y1, y0)?, pair(m1, m0)?, pair(d1, d0)?);
    let is_date = (1..=12).contains(&month) && (1..=31).contains(&day);
    is_date.then(|| days(year, month, day) * 86_400)
}

fn pair(tens: u8, ones: u8) -> Option<i64> {
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    if tens < 10 && ones < 10 { Some(i64::from(tens * 10 + ones)) } else { None }
}

/// Days from 1970-01-01 to this date of the Gregorian calendar (Howard Hinnant, `days_from_civil`).
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year - era * 400;
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// A decimal number in thousandths, cut off beyond; `None` for anything else.
pub(crate) fn thousandths(field: &[u8]) -> Option<i64> {
    let digits = field.strip_prefix(b"-").unwrap_or(field);
    let number = written_with_three(digits).or_else(|| of_any_length(digits))?;
    Some(if digits.len() < field.len() { -number } else { number })
}

/// A number with three decimals, as registers are written.
fn written_with_three(digits: &[u8]) -> Option<i64> {
    let (rest, decimals) = digits.split_last_chunk::<3>()?;
    let (b'.', whole) = rest.split_last()? else { return None };
    // 15 digits and three more fit in an i64.
    if whole.is_empty() || whole.len() > 15 {
        return None;
    }
    let [d2, d1, d0] = decimals.map(|byte| byte.wrapping_sub(b'0'));
    let mut highest = d2.max(d1).max(d0);
    let mut number = 0;
    for byte in whole {
        let digit = byte.wrapping_sub(b'0');
        highest = highest.max(digit);
        number = number * 10 + i64::from(digit);
    }
    let decimals = i64::from(d2) * 100 + i64::from(d1) * 10 + i64::from(d0);
    if highest > 9 { None } else { Some(number * 1000 + decimals) }
}

fn of_any_length(digits: &[u8]) -> Option<i64> {
    if digits.is_empty() || digits.len() > 19 || !digits[0].is_ascii_digit() {
        return None;
    }
    let (mut number, mut decimals) = (0i64, None);
    for &byte in digits {
        match (byte, &mut decimals) {
            (b'.', None) => decimals = Some(0u8),
            (b'0'..=b'9', Some(3..)) => {}
            (b'0'..=b'9', decimals) => {
                number = number.checked_mul(10)?.checked_add(i64::from(byte - b'0'))?;
                if let Some(decimals) = decimals {
                    *decimals += 1;
                }
            }
            _ => return None,
        }
    }
    let missing = 3 - decimals.unwrap_or(0);
    number.checked_mul([1, 10, 100, 1000][usize::from(missing)])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn seconds(text: &str) -> Option<i64> {
        Times::default().seconds(text.as_bytes())
    }

    #[test]
    fn numbers_are_cut_to_thousandths() {
        for (text, expected) in [
            ("12", Some(12_000)),
            ("-0.5", Some(-500)),
            ("1.23456", Some(1234)),
            ("000001.230", Some(1230)),
            ("-33084.970", Some(-33_084_970)),
            ("999999999999999.999", Some(999_999_999_999_999_999)),
            ("9999999999999999.999", None),
            ("12.34x", None),
            ("1..123", None),
            (".123", None),
            ("", None),
            (".5", None),
            ("1e3", None),
            ("1.2.3", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(thousandths(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn a_time_with_an_offset_is_the_same_moment() {
        let expected = seconds("2026-11-25T13:10:00Z");
        assert_eq!(seconds("2026-11-25T14:10:00+01:00"), expected);
        assert_eq!(seconds("2026-11-25T08:40:00-04:30"), expected);
        for torn in ["", "2026-11-25T14:10:00", "2026-11-25T14:10:0", "2026-11-25T14:10:00+01"] {
            assert_eq!(seconds(torn), None, "{torn}");
        }
    }

    proptest! {
        #[test]
        fn times_are_those_of_chrono(second in 0i64..4_000_000_000) {
            let time = chrono::DateTime::from_timestamp(second, 0).unwrap();
            let text = time.format("%Y-%m-%dT%H:%M:%SZ").to_string();
            prop_assert_eq!(seconds(&text), Some(second));
        }

        #[test]
        fn a_time_is_the_same_whatever_was_read_before(
            before in "[0-9T:Z+-]{0,25}|2026-1[0-2]-2[0-9]T1[0-9]:00:00Z", time in 1_790_000_000i64..1_799_000_000,
        ) {
            let mut times = Times::default();
            let _ = times.seconds(before.as_bytes());
            let text = chrono::DateTime::from_timestamp(time, 0).unwrap().format("%Y-%m-%dT%H:%M:%SZ");
            prop_assert_eq!(times.seconds(text.to_string().as_bytes()), Some(time));
        }

        #[test]
        fn a_number_is_that_of_its_digits(
            whole in 0i64..1_000_000_000_000, digits in "[0-9]{0,5}",
        ) {
            let text = if digits.is_empty() { whole.to_string() } else { format!("{whole}.{digits}") };
            let three = format!("{digits:0<3}")[..3].parse::<i64>().unwrap();
            prop_assert_eq!(thousandths(text.as_bytes()), Some(whole * 1000 + three));
        }
    }
}
