//! What a code without a row in the table tells by its numbers: the value groups of IEC 62056-6-1.
//!
//! Owns what each group means, and the spellings of IEC 62056-21: letters (`C.1.0`, `F.F`), groups left out
//! (`32.7`), and values of earlier billing periods (`1.8.1*09`).

use std::borrow::Cow;

use super::Kind::{
    Angle, Count, Current, Demand, Duration, Factor, Frequency, Identifier, Log, Power, Register,
    State, Text, Time, Version, Voltage,
};
use super::{Description, Kind, find};
use crate::telegram::{MAX_TARIFF, Obis, Unit};

/// As [`super::describe`], of a code that is not in the table.
pub(super) fn describe(code: &str) -> Option<Description> {
    if let Some((present, period)) = split_period(code) {
        let description = super::describe(present)?;
        let name = format!("{}, earlier period {period}", description.name).into();
        // Of an earlier period, many meters send no unit.
        return Some(Description { name, unit: None, ..description });
    }
    let code = numbers_for_letters(code)?;
    let obis = Obis::parse(code.as_bytes())?;
    if let Some(entry) = find(&code) {
        return Some(entry.into());
    }
    let [medium, channel, quantity, processing, last] = obis.numbers();
    // Objects of a further channel are those of the first one.
    let first =
        if medium == 1 && channel > 1 { find(obis.of_channel(0).to_string()) } else { None };
    let description = first.map(Description::from).or_else(|| match medium {
        _ if is_of_maker(obis) => {
            Some(Description::new(State, None, "Manufacturer-specific object"))
        }
        0 => general(quantity, processing),
        1 if matches!(quantity, 0 | 94..=99) => general(quantity, processing),
        1 => electricity(quantity, processing, last),
        _ => None,
    })?;
    if medium == 1 && channel > 1 {
        let name = format!("{}, channel {channel}", description.name).into();
        return Some(Description { name, ..description });
    }
    Some(description)
}

/// The code of the present value, and the number of the period: group F of IEC 62056-6-1, VZ of IEC 62056-21.
fn split_period(code: &str) -> Option<(&str, &str)> {
    let (present, period) = code.rsplit_once(['*', '.'])?;
    let groups = present.split_once(':').map_or(present, |(_, groups)| groups);
    let has_all = code.as_bytes()[present.len()] == b'*' || groups.matches('.').count() == 2;
    let is_period = (1..=3).contains(&period.len()) && period.bytes().all(|it| it.is_ascii_digit());
    (has_all && is_period && period != "255").then_some((present, period))
}

/// The code with numbers for its letters and with the groups that it leaves out: reduced codes of IEC 62056-6-1.
/// Codes with letters belong to no medium.
fn numbers_for_letters(code: &str) -> Option<String> {
    let code = ["*255", ".255"].iter().find_map(|end| code.strip_suffix(end)).unwrap_or(code);
    let (media, groups) = match code.split_once(':') {
        Some((media, groups)) => (Some(media), groups),
        None => (None, code),
    };
    let has_letter = groups.starts_with(|first: char| first.is_ascii_uppercase());
    let media = media.unwrap_or(if has_letter { "0-0" } else { "1-0" });
    let mut numbers = groups.split('.').map(|group| match group {
        "C" => "96",
        "F" => "97",
        "L" => "98",
        "P" => "99",
        number => number,
    });
    let (quantity, processing) = (numbers.next()?, numbers.next()?);
    let last = numbers.next().unwrap_or("0");
    numbers.next().is_none().then(|| format!("{media}:{quantity}.{processing}.{last}"))
}

/// Whether the numbers are in a range that is left to manufacturers.
fn is_of_maker(obis: Obis) -> bool {
    let [medium, channel, quantity, processing, last] = obis.numbers();
    matches!(channel, 128..=199)
        || matches!(quantity, 128..=199 | 240)
        || matches!(processing, 128..=254)
        || matches!(last, 128..=254)
        || medium <= 1 && quantity == 96 && matches!(processing, 50..=99)
}

/// Objects that belong to no quantity, and those of the device.
fn general(quantity: u8, processing: u8) -> Option<Description> {
    let (kind, name) = match (quantity, processing) {
        (0, 0) => (Identifier, "Identification number"),
        (0, 1) => (State, "Billing period"),
        (0, 2) => (Version, "Firmware"),
        (0, 3) => (State, "Pulse constant"),
        (0, 4) => (State, "Ratio or factor"),
        (0, 6) => (State, "Nominal value"),
        (0, 7) => (State, "Pulse input"),
        (0, 8) => (State, "Period length"),
        (0, 9) => (State, "Time or date of the meter"),
        (0, 10) => (State, "Coefficient"),
        (0, 11) => (State, "Measurement method"),
        (1, _) => (Time, "Clock"),
        (2 | 20..=23 | 25..=39, _) => (State, "Communication"),
        (10..=16 | 18 | 19, _) => (State, "Tariff program"),
        (17, _) => (State, "Limiter"),
        (24, _) => (State, "M-Bus device"),
        (40..=44, _) => (State, "Access and security"),
        (94, _) => (State, "Country-specific object"),
        (96, 0) => (Identifier, "Metering point"),
        (96, 1) => (Identifier, "Device identifier"),
        (96, 2) => (State, "Change of settings"),
        (96, 3) => (State, "Inputs and outputs"),
        (96, 4) => (State, "Control status"),
        (96, 5) => (State, "Status of the meter"),
        (96, 6) => (State, "Battery"),
        (96, 7) => (State, "Power failures"),
        (96, 8) => (State, "Operating time"),
        (96, 9) => (State, "Temperature"),
        (96, 10) => (State, "Status"),
        (96, 11) => (State, "Event"),
        (96, 12) => (State, "Quality of the connection"),
        (96, 13) => (Text, "Text message"),
        (96, 14) => (State, "Running tariff"),
        (96, 15) => (Count, "Events"),
        (96, 16..=49) => (State, "Device status"),
        (97, _) => (State, "Error state"),
        (98, _) => (Log, "List of values"),
        (99, _) => (Log, "Profile"),
        _ => return None,
    };
    Some(Description::new(kind, None, name))
}

/// Objects of an electricity meter: a quantity, of all phases or one, and what was done with it.
fn electricity(quantity: u8, processing: u8, last: u8) -> Option<Description> {
    let (of_all, phase) = match quantity {
        1..=80 => ((quantity - 1) % 20 + 1, (quantity - 1) / 20),
        other => (other, 0),
    };
    let Measured { name, side, kind, units } = Measured::of(of_all)?;
    let done = Processing::of(processing)?;
    let is_energy = matches!(processing, 8..=10 | 17..=20 | 29 | 30 | 58);
    let [power_unit, energy_unit] = units;
    let (kind, unit) = match (done.kind, kind) {
        (Some(other), _) => (other, None),
        (None, Power) if is_energy => (Register, energy_unit),
        (None, Power) if processing != 7 => (Demand, power_unit),
        (None, kind) => (kind, power_unit),
    };
    let noun = match units {
        [_, None] => "",
        _ if is_energy => "energy",
        _ => "power",
    };
    let phase = ["", "L1", "L2", "L3"][usize::from(phase)];
    let words = [name, noun, side, phase].into_iter().filter(|word| !word.is_empty());
    let mut name = words.collect::<Vec<_>>().join(" ");
    if !done.name.is_empty() {
        name = format!("{name}, {}", done.name);
    }
    if (1..=MAX_TARIFF).contains(&last) && of_all <= 20 {
        name = format!("{name}, tariff {last}");
    }
    Some(Description { kind, unit, name: name.into() })
}

/// A quantity: group C, that of all phases.
struct Measured {
    name: &'static str,
    side: &'static str,
    kind: Kind,
    /// Now, and summed up over time.
    units: [Option<Unit>; 2],
}

impl Measured {
    fn of(group: u8) -> Option<Self> {
        const WATTS: [Option<Unit>; 2] = [Some(Unit::KiloWatt), Some(Unit::KiloWh)];
        const VARS: [Option<Unit>; 2] = [Some(Unit::KiloVar), Some(Unit::KiloVarh)];
        const VOLT_AMPERES: [Option<Unit>; 2] =
            [Some(Unit::KiloVoltAmpere), Some(Unit::KiloVoltAmpereHour)];
        let (name, kind, units) = match group {
            1 | 2 | 15..=20 => ("Active", Power, WATTS),
            3..=8 => ("Reactive", Power, VARS),
            9 | 10 => ("Apparent", Power, VOLT_AMPERES),
            11 | 90 | 91 => ("Current", Current, [Some(Unit::Ampere), None]),
            12 | 92 | 112 | 124..=126 => ("Voltage", Voltage, [Some(Unit::Volt), None]),
            13 | 84..=86 => ("Power factor", Factor, [None; 2]),
            14 => ("Frequency", Frequency, [Some(Unit::Hertz), None]),
            81 => ("Angle", Angle, [None; 2]),
            82 => ("Pulses", State, [None; 2]),
            83 => ("Losses", State, [None; 2]),
            87..=89 => ("Squared current or voltage", State, [None; 2]),
            93 => ("Consortium-specific object", State, [None; 2]),
            100..=111 => ("Current or power", State, [None; 2]),
            _ => return None,
        };
        let side = match group {
            1 | 3 | 9 => "import",
            2 | 4 | 10 => "export",
            5 | 17 => "quadrant I",
            6 | 18 => "quadrant II",
            7 | 19 => "quadrant III",
            8 | 20 => "quadrant IV",
            15 => "import and export together",
            16 => "import less export",
            90 => "sum",
            91 | 92 => "neutral",
            124 => "between L1 and L2",
            125 => "between L2 and L3",
            126 => "between L3 and L1",
            _ => "",
        };
        Some(Self { name, side, kind, units })
    }
}

/// What was done with a quantity: group D.
struct Processing {
    name: &'static str,
    /// What it becomes, unless it stays what the quantity is.
    kind: Option<Kind>,
}

impl Processing {
    fn of(group: u8) -> Option<Self> {
        let (name, kind) = match group {
            1 | 11 | 21 => ("sum of minima", None),
            2 | 12 | 22 => ("sum of maxima", None),
            3 | 13 | 23 => ("minimum", None),
            4 | 14 | 24 | 27 | 28 => ("average of the running period", None),
            5 | 15 | 25 => ("average of the last period", None),
            6 | 16 | 26 => ("maximum", None),
            7 | 8 => ("", None),
            9 | 29 => ("since the last period", None),
            10 | 17..=20 | 30 | 58 => ("other integral", None),
            31 | 35 | 39 => ("threshold", None),
            43..=45 => ("time threshold", Some(Duration)),
            32 | 36 | 40 => ("threshold crossings", Some(Count)),
            33 | 37 | 41 => ("duration beyond the threshold", Some(Duration)),
            34 | 38 | 42 => ("magnitude beyond the threshold", None),
            46 => ("contracted", None),
            49..=57 => ("average", None),
            _ => return None,
        };
        Some(Self { name, kind })
    }
}

impl Description {
    fn new(kind: Kind, unit: Option<Unit>, name: &'static str) -> Self {
        Self { kind, unit, name: Cow::Borrowed(name) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::describe;
    use super::*;

    fn name(code: &str) -> Option<String> {
        describe(code).map(|description| description.name.into_owned())
    }

    #[test]
    fn a_code_that_is_not_in_the_table_is_described_by_its_numbers() {
        for (code, expected) in [
            ("1-0:21.4.0", "Active power import L1, average of the running period"),
            ("1-0:41.8.2", "Energy import L2"),
            ("1-0:3.9.1*255", "Reactive energy import, since the last period, tariff 1"),
            ("1-0:56.8.0", "Active energy import less export L2"),
            ("1-0:125.7.0", "Voltage between L2 and L3"),
            ("1-0:32.3.0", "Voltage L1, minimum"),
            ("1-0:12.36.0", "Voltage, threshold crossings"),
            ("1-2:1.8.1", "Energy import, tariff 1, channel 2"),
            ("0-0:96.6.1", "Battery"),
            ("0-0:96.50.0", "Manufacturer-specific object"),
            ("0-0:96.240.13", "Manufacturer-specific object"),
            ("1-0:97.97.0*255", "Error state"),
        ] {
            assert_eq!(name(code).as_deref(), Some(expected), "{code}");
        }
        for unknown in [
            "9-9:1.2.3",
            "1-0:99",
            "1-0:1.62.0",
            "0-0:9.9.9",
            "header",
            "C",
            "X.1.0",
            "",
            "C.1.0.1.2",
        ] {
            assert_eq!(name(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn letters_stand_for_numbers_and_groups_may_be_left_out() {
        for (code, expected) in [
            ("C.1.0", "Serial number"),
            ("0-0:C.1.0*255", "Serial number"),
            ("F.F", "Error state"),
            ("F.F.0", "Error state"),
            ("0-0:F.F*255", "Error state"),
            ("C.7.1", "Power failures"),
            ("C.90.1", "Manufacturer-specific object"),
            ("L.2.0", "List of values"),
            ("P.01", "Profile"),
            ("32.7", "Voltage L1"),
            ("0.0", "Electricity identifier"),
        ] {
            assert_eq!(name(code).as_deref(), Some(expected), "{code}");
        }
    }

    #[test]
    fn a_value_of_an_earlier_period_is_told_from_the_present_one() {
        for (code, expected) in [
            ("1.8.1*09", "Energy import, tariff 1, earlier period 09"),
            ("1-0:1.8.0*01", "Energy import, earlier period 01"),
            ("1-0:1.8.0.99", "Energy import, earlier period 99"),
            ("0.1.2*08", "Billing period, earlier period 08"),
        ] {
            let found = describe(code).unwrap();
            assert_eq!((&*found.name, found.unit), (expected, None), "{code}");
        }
        assert_eq!(name("1.8.1*255").as_deref(), Some("Energy import, tariff 1"));
        assert_eq!(name("9-9:1.2.3*01"), None);
        assert_eq!(name("1.8.1*x"), None);
    }

    #[test]
    fn registers_and_powers_have_their_unit() {
        for (code, kind, unit) in [
            ("1-0:1.9.0", Register, Some(Unit::KiloWh)),
            ("1-0:23.8.0", Register, Some(Unit::KiloVarh)),
            ("1-0:25.7.0", Power, Some(Unit::KiloVar)),
            ("1-0:15.6.0", Demand, Some(Unit::KiloWatt)),
            ("1-0:29.6.0", Demand, Some(Unit::KiloVoltAmpere)),
            ("1-0:31.6.0", Current, Some(Unit::Ampere)),
            ("1-0:34.7.0", Frequency, Some(Unit::Hertz)),
            ("1-0:33.24.0", Factor, None),
            ("1-0:32.40.0", Count, None),
        ] {
            let found = describe(code).unwrap();
            assert_eq!((found.kind, found.unit), (kind, unit), "{code}");
        }
    }
}
