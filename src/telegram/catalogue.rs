//! The OBIS codes we know: what each stands for, and its unit.
//!
//! Owns the meaning of codes and of M-Bus device types, as tables, and as rules for what is in none. It reads no
//! values, and a code that is not here is as good as one that is: it passes through untouched.
//!
//! ```
//! use p1_multicast::telegram::catalogue;
//!
//! let entry = catalogue::find("1-0:1.8.1*255").unwrap();
//! assert_eq!((entry.name, entry.unit.unwrap().symbol()), ("Energy import, tariff 1", "kWh"));
//! assert_eq!(catalogue::find("0-2:24.2.1"), catalogue::find("0-1:24.2.1"));
//! ```

mod groups;
mod table;

use std::borrow::Cow;

use super::{MAX_TARIFF, Obis, Unit};

/// What is known of one OBIS code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The code, `0-n:` for any M-Bus channel.
    pub code: &'static str,
    obis: Obis,
    /// What sort of thing it tells.
    pub kind: Kind,
    /// The unit that it usually comes in; `None` for what has none, and where it differs by device.
    pub unit: Option<Unit>,
    /// What it stands for, in English.
    pub name: &'static str,
}

/// What a code tells, from the table or by its numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// What sort of thing it is.
    pub kind: Kind,
    /// The unit that it usually comes in; `None` as in [`Entry`], and for values of earlier periods.
    pub unit: Option<Unit>,
    /// What it stands for, in English.
    pub name: Cow<'static, str>,
}

impl From<&'static Entry> for Description {
    fn from(&Entry { kind, unit, name, .. }: &'static Entry) -> Self {
        Self { kind, unit, name: Cow::Borrowed(name) }
    }
}

/// What sort of thing an object tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A counter of energy that only rises.
    Register,
    /// The last reading of an M-Bus device, mostly with its time.
    Reading,
    /// Power of this moment: active, reactive or apparent.
    Power,
    /// Power averaged over a period, also the highest of such averages, then with its time.
    Demand,
    /// A voltage.
    Voltage,
    /// A current.
    Current,
    /// A frequency.
    Frequency,
    /// A power factor.
    Factor,
    /// An angle between voltages or currents.
    Angle,
    /// What must not be exceeded.
    Limit,
    /// A number of events.
    Count,
    /// A span of time.
    Duration,
    /// What something is set to: tariff, breaker, valve, ratio.
    State,
    /// A moment.
    Time,
    /// A text for people.
    Text,
    /// The number or name of a device.
    Identifier,
    /// The version of a protocol or program.
    Version,
    /// The type of an M-Bus device: see [`device_type`].
    DeviceType,
    /// Several values, with their times.
    Log,
}

/// The longest code that is looked at, in bytes.
const MAX_CODE: usize = 32;

/// All entries, in groups that belong together.
pub static ENTRIES: &[Entry] = table::ENTRIES;

/// The entry of a code, given as text or bytes, as meters send it.
///
/// `*255` and `.255` behind a code, the number of an M-Bus channel, and `1-1:` for `1-0:` make no
/// difference. The register or demand of a tariff that is not listed has the entry of that of all tariffs.
#[must_use]
pub fn find(code: impl AsRef<[u8]>) -> Option<&'static Entry> {
    let obis = Obis::parse(code.as_ref())?.general();
    let of = |obis| ENTRIES.iter().find(|entry| entry.obis == obis);
    let is_tariff = (1..=MAX_TARIFF).contains(&obis.tariff());
    let of_all_tariffs =
        || of(obis.of_tariff(0)).filter(|all| matches!(all.kind, Kind::Register | Kind::Demand));
    of(obis).or_else(|| of_all_tariffs().filter(|_| is_tariff))
}

/// As [`find`], and where there is no entry, what IEC 62056-6-1 says of the numbers: of any quantity of an
/// electricity meter, of general objects, in the spellings of IEC 62056-21 (`C.1.0`, `F.F`, `1.8.1*09`), too.
/// `None` for what no standard knows.
///
/// ```
/// use p1_multicast::telegram::catalogue::describe;
///
/// let name = |code: &str| describe(code).unwrap().name;
/// assert_eq!(name("1.8.1*09"), "Energy import, tariff 1, earlier period 09");
/// assert_eq!(name("F.F"), "Error state");
/// ```
#[must_use]
pub fn describe(code: impl AsRef<[u8]>) -> Option<Description> {
    let code = code.as_ref();
    let is_short = code.len() <= MAX_CODE;
    let by_numbers = || groups::describe(std::str::from_utf8(code).ok().filter(|_| is_short)?);
    find(code).map(Description::from).or_else(by_numbers)
}

/// What an M-Bus device of this type is: EN 13757-3, the number in decimal as `0-n:24.1.0` gives it.
#[must_use]
pub fn device_type(number: u8) -> Option<&'static str> {
    table::DEVICE_TYPES.iter().find_map(|&(known, name)| (known == number).then_some(name))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::path::Path;

    use super::*;

    #[test]
    fn every_code_of_the_table_is_found_once_and_finds_itself() {
        let mut codes = HashSet::new();
        for entry in ENTRIES {
            assert!(codes.insert(entry.obis), "{} is there twice", entry.code);
            assert_eq!(find(entry.code), Some(entry), "{}", entry.code);
        }
    }

    #[test]
    fn every_entry_has_a_name_of_its_own() {
        let mut names = HashSet::new();
        for entry in ENTRIES {
            assert!(!entry.name.is_empty() && names.insert(entry.name), "{}", entry.code);
        }
    }

    #[test]
    fn suffix_and_channel_make_no_difference() {
        let name = |code: &str| find(code).map(|entry| entry.name);
        assert_eq!(name("1-0:31.7.0.255"), name("1-0:31.7.0"));
        assert_eq!(name("1-1:2.8.2"), Some("Energy export, tariff 2"));
        assert_eq!(name("0-4:96.1.0*255"), name("0-1:96.1.0"));
        assert_ne!(name("0-1:96.1.0"), name("0-0:96.1.0"));
        assert_eq!(name("1-0:1.8.14*255"), Some("Energy import"), "a tariff that is not listed");
        assert_eq!(name("1.6.1"), Some("Highest quarter of this month"));
        assert_eq!((name("1-0:1.8.64"), name("1-0:1.7.14")), (None, None), "no tariffs");
        assert_eq!(find(b"0-0:1.0.0").map(|entry| entry.kind), Some(Kind::Time));
        for unknown in ["1-0:1.8.1*1", "1-0:99.99.99", "header", "0-1:24.2.1.A", ""] {
            assert_eq!(find(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn registers_and_powers_have_their_unit() {
        let units = [
            (Kind::Register, &[Unit::KiloWh, Unit::KiloVarh, Unit::KiloVoltAmpereHour][..]),
            (Kind::Power, &[Unit::KiloWatt, Unit::KiloVar, Unit::KiloVoltAmpere]),
            (Kind::Demand, &[Unit::KiloWatt, Unit::KiloVar, Unit::KiloVoltAmpere]),
            (Kind::Voltage, &[Unit::Volt]),
            (Kind::Current, &[Unit::Ampere]),
            (Kind::Frequency, &[Unit::Hertz]),
            (Kind::Duration, &[Unit::Second]),
        ];
        for (kind, allowed) in units {
            for entry in ENTRIES.iter().filter(|entry| entry.kind == kind) {
                assert!(entry.unit.is_some_and(|unit| allowed.contains(&unit)), "{}", entry.code);
            }
        }
    }

    #[test]
    fn device_types_are_numbered_in_decimal() {
        assert_eq!(device_type(3), Some("gas"));
        assert_eq!(device_type(12), Some("heat (inlet)"));
        assert_eq!(device_type(200), None);
    }

    /// Codes of published telegrams that are no standard's.
    const EXCEPTIONS: &[(&str, &str)] =
        &[("1-0:42.1.0", "a slip for 42.7.0 in the one telegram that has it")];

    #[test]
    #[ignore = "needs ../shared"]
    fn every_code_of_real_telegrams_is_known() {
        let census =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/telegrams/obis-census.tsv");
        let text = std::fs::read_to_string(&census).unwrap();
        let codes = || text.lines().skip(1).filter_map(|row| row.split('\t').next());
        for code in codes() {
            let excepted = EXCEPTIONS.iter().any(|(exception, _)| *exception == code);
            assert_ne!(find(code).is_some(), excepted, "{code}");
        }
        eprintln!("{} codes, {} of them excepted", codes().count(), EXCEPTIONS.len());
        assert!(codes().count() > 100);
    }
}
