//! A push as the text of a telegram: the form that everything behind understands.
//!
//! ```text
//! /KFM5\1KFM0100000035
//!
//! 0-0:1.0.0(07E50713010F2E2300FF8880)
//! 1-0:1.8.0(9108*Wh)
//! !9D66
//! ```
//!
//! The text is ours: the first line has the maker and the number of the meter; the checksum is CRC-16/ARC. Octets and
//! texts are in hexadecimal, as in other telegrams. Times are COSEM date-times.

use std::fmt::Write as _;

use super::axdr::{TIME_LENGTH, Value};
use super::push::{Code, Notification, Reading};
use crate::telegram::with_checksum;

/// The most zeros that a scaler adds, or decimals that it makes.
const MAX_SCALER: i8 = 9;

/// The longest number of a meter in the first line, in bytes.
const MAX_NAME: usize = 40;

/// The clock of the meter.
const CLOCK: Code = [0, 0, 1, 0, 0, 255];

/// Where the number of a meter stands whose list has no code for it.
const DEVICE_ID: Code = [0, 0, 96, 1, 0, 255];

/// The codes under which meters have their number, the best one first.
const NAMES: [Code; 5] = [
    [0, 0, 96, 1, 1, 255],
    DEVICE_ID,
    [0, 0, 42, 0, 0, 255],
    [1, 1, 0, 0, 1, 255],
    [1, 1, 0, 0, 5, 255],
];

/// What stands in the first line for a maker that is not known.
const UNKNOWN_MAKER: [u8; 3] = *b"DLM";

/// Whether these bytes are a push of a list that is known.
#[must_use]
pub fn is_push(bytes: &[u8]) -> bool {
    Notification::read(bytes).is_some()
}

/// Writes the telegram of this push to `out`, replacing what is there; false if it is not known. `maker`: three
/// letters, from the system title, if there is one.
pub fn compose(push: &[u8], maker: Option<[u8; 3]>, out: &mut Vec<u8>) -> bool {
    out.clear();
    let Some(mut push) = Notification::read(push) else { return false };
    name_what_has_no_code(&mut push);
    let name = NAMES.iter().find_map(|code| name_under(&push.readings, *code));
    let maker = maker.or_else(|| push.readings.iter().find_map(|reading| maker_in(&reading.value)));
    let maker = maker.unwrap_or(UNKNOWN_MAKER).map(|letter| letter.to_ascii_uppercase());
    let mut text = format!("/{}5", String::from_utf8_lossy(&maker));
    if let Some(name) = name {
        let _ = write!(text, "\\{name}");
    }
    text += "\r\n\r\n";
    if let Some(time) =
        push.time.filter(|_| push.readings.iter().all(|one| one.code != Some(CLOCK)))
    {
        let _ = write!(text, "0-0:1.0.0({})\r\n", hexadecimal(time));
    }
    for reading in &push.readings {
        write_line(reading, maker, &mut text);
    }
    text.push('!');
    out.extend_from_slice(&with_checksum(text));
    true
}

/// A time without a code is the clock, and digits without one are the number of the meter.
fn name_what_has_no_code(push: &mut Notification<'_>) {
    let has =
        |push: &Notification<'_>, code| push.readings.iter().any(|one| one.code == Some(code));
    let (has_clock, has_name) = (has(push, CLOCK), NAMES.iter().any(|code| has(push, *code)));
    for reading in &mut push.readings {
        if let (None, Value::Octets(octets)) = (reading.code, &reading.value) {
            if is_name(octets) {
                reading.code = (!has_name).then_some(DEVICE_ID);
            } else if octets.len() == TIME_LENGTH {
                reading.code = (!has_clock).then_some(CLOCK);
            }
        }
    }
}

/// Whether this is the number of a meter: digits, perhaps behind a few letters. `KFM_001` and `Kamstrup_V0001`
/// name lists.
fn is_name(octets: &[u8]) -> bool {
    let digits = octets.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    octets.len() >= 6 && digits >= 4 && octets.iter().all(u8::is_ascii_alphanumeric)
}

/// The number of the meter under this code.
fn name_under(readings: &[Reading<'_>], code: Code) -> Option<String> {
    let reading = readings.iter().find(|reading| reading.code == Some(code))?;
    let octets = match reading.value {
        Value::Octets(octets) => octets,
        Value::Number(number) => return Some(number.to_string()),
        _ => return None,
    };
    let is_text = !octets.is_empty() && octets.iter().all(u8::is_ascii_alphanumeric);
    is_text.then(|| String::from_utf8_lossy(&octets[..octets.len().min(MAX_NAME)]).into_owned())
}

/// The letters of the maker at the beginning of a number or a name of a list: `KFM1100…`, `KFM_001`.
fn maker_in(value: &Value<'_>) -> Option<[u8; 3]> {
    let Value::Octets(octets) = value else { return None };
    let letters = *octets.first_chunk::<3>()?;
    let is_maker = letters.iter().all(u8::is_ascii_alphabetic) && octets.len() > 6;
    is_maker.then_some(letters)
}

/// A line for a reading that has a code.
fn write_line(reading: &Reading<'_>, maker: [u8; 3], text: &mut String) {
    let Some(code) = reading.code else { return };
    let [medium, channel, quantity, processing, tariff, period] = code;
    let _ = write!(text, "{medium}-{channel}:{quantity}.{processing}.{tariff}");
    if period != 255 {
        let _ = write!(text, "*{period}");
    }
    let (scaler, unit) = match reading.scaler_unit {
        Some((scaler, unit)) => (scaler, unit_name(unit)),
        None => by_code(code, maker),
    };
    let _ = match reading.value {
        Value::Number(number) => write!(text, "({}{unit})\r\n", decimal(number, scaler)),
        Value::Enumeration(number) => write!(text, "({number})\r\n"),
        Value::Octets(octets) => write!(text, "({})\r\n", hexadecimal(octets)),
        Value::Null | Value::List(_) => write!(text, "()\r\n"),
    };
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02X}");
        text
    })
}

/// A number times ten to the power of `scaler`, exact.
fn decimal(number: i64, scaler: i8) -> String {
    let scaler = scaler.clamp(-MAX_SCALER, MAX_SCALER);
    let (sign, digits) = (if number < 0 { "-" } else { "" }, number.unsigned_abs());
    match usize::from(scaler.unsigned_abs()) {
        0 => format!("{sign}{digits}"),
        zeros if scaler > 0 && digits > 0 => format!("{sign}{digits}{}", "0".repeat(zeros)),
        _ if scaler > 0 => "0".into(),
        decimals => {
            let digits = format!("{digits:0width$}", width = decimals + 1);
            let (whole, fraction) = digits.split_at(digits.len() - decimals);
            format!("{sign}{whole}.{fraction}")
        }
    }
}

/// The unit of this number, as telegrams write it: IEC 62056-6-2, table 4.
fn unit_name(unit: u8) -> &'static str {
    match unit {
        7 => "*s",
        13 | 14 => "*m3",
        27 => "*W",
        28 => "*VA",
        29 => "*var",
        30 => "*Wh",
        31 => "*VAh",
        32 => "*varh",
        33 => "*A",
        35 => "*V",
        44 => "*Hz",
        _ => "",
    }
}

/// Scaler and unit of a code whose list has none: IEC 62056-6-1, table 13. How many decimals voltages, currents and
/// power factors have depends on the maker; where that is not known, the number stands without a unit. Registers are in
/// Wh, except that those of Kamstrup have two decimals of a kWh, as Danish and Norwegian readers of them agree. Some
/// operators have them configured in Wh, which no list tells.
fn by_code([medium, _, code, processing, _, _]: Code, maker: [u8; 3]) -> (i8, &'static str) {
    let (volts, amperes, factor) = match &maker {
        b"KAM" | b"KMP" => (Some(0), Some(-2), -2),
        b"LGZ" | b"LGF" => (Some(0), Some(-2), -3),
        b"ISK" => (Some(-1), Some(-2), -3),
        _ => (None, None, 0),
    };
    let register = |unit, thousand| match &maker {
        b"KAM" | b"KMP" => (-2, thousand),
        _ => (0, unit),
    };
    // The phases have the same quantities as their sum, 20 apart.
    let quantity = if (21..81).contains(&code) { (code - 1) % 20 + 1 } else { code };
    match (medium, quantity, processing) {
        (1, 1 | 2, 7) => (0, "*W"),
        (1, 1 | 2, 8) => register("*Wh", "*kWh"),
        (1, 3..=8, 7) => (0, "*var"),
        (1, 3..=8, 8) => register("*varh", "*kvarh"),
        (1, 9 | 10, 7) => (0, "*VA"),
        (1, 9 | 10, 8) => register("*VAh", "*kVAh"),
        (1, 11, 7) => amperes.map_or((0, ""), |scaler| (scaler, "*A")),
        (1, 12, 7) => volts.map_or((0, ""), |scaler| (scaler, "*V")),
        (1, 13, 7) => (factor, ""),
        _ => (0, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines of a push of these codes and numbers, which begins with the name of its list.
    fn lines(list: &str, readings: &[(Code, u32)]) -> String {
        let mut push = b"\x0F\0\0\0\0\0\x02".to_vec();
        push.extend([u8::try_from(1 + 2 * readings.len()).unwrap(), 0x0A]);
        push.push(u8::try_from(list.len()).unwrap());
        push.extend(list.bytes());
        for (code, number) in readings {
            push.extend(b"\x09\x06".iter().chain(code));
            push.push(0x06);
            push.extend(number.to_be_bytes());
        }
        let mut text = Vec::new();
        assert!(compose(&push, None, &mut text));
        String::from_utf8(text).unwrap().replace("\r\n", " ")
    }

    #[test]
    fn registers_without_a_unit_are_in_wh_and_those_of_kamstrup_in_hundredths_of_a_kwh() {
        let readings = [
            ([1, 1, 1, 8, 0, 255], 6_307_498),
            ([1, 1, 24, 8, 0, 255], 5),
            ([1, 1, 1, 7, 0, 255], 1083),
        ];
        let found = lines("Kamstrup_V0001", &readings);
        let expected = "1-1:1.8.0(63074.98*kWh) 1-1:24.8.0(0.05*kvarh) 1-1:1.7.0(1083*W) ";
        assert!(found.contains(expected), "{found}");
        let found = lines("LGZ_V0001", &readings);
        let expected = "1-1:1.8.0(6307498*Wh) 1-1:24.8.0(5*varh) 1-1:1.7.0(1083*W) ";
        assert!(found.contains(expected), "{found}");
    }
}
