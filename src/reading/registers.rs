//! Energy, power and phases of a telegram: the one rule by which every program reads them.
//!
//! Owns which objects count. Meters send a total, tariffs or both, and power as import and export, as
//! one signed number, as one of two, or of the phases only; here it is always the same. [`super::Readings`] builds on it,
//! and so does the recorder, which needs no more than this of each telegram.

use super::objects::Objects;
use crate::message::Message;
use crate::telegram::{Decimal, Obis, TARIFFS, Unit};

const IMPORT: Obis = Obis::literal("1-0:1.8.0");
const EXPORT: Obis = Obis::literal("1-0:2.8.0");

/// Objects of import, export and net power; the net one has a sign: IEC 62056-6-1.
const POWER: [Obis; 3] = codes(["1-0:1.7.0", "1-0:2.7.0", "1-0:16.7.0"]);
/// Import and export together: which of them it is, nobody knows.
const POWER_OF_BOTH: Obis = Obis::literal("1-0:15.7.0");
const AVERAGE_POWER: Obis = Obis::literal("1-0:1.4.0");
const PHASES: [Circuit; 3] = [
    Circuit::new(["1-0:21.7.0", "1-0:22.7.0", "1-0:36.7.0"], "1-0:32.7.0", "1-0:31.7.0"),
    Circuit::new(["1-0:41.7.0", "1-0:42.7.0", "1-0:56.7.0"], "1-0:52.7.0", "1-0:51.7.0"),
    Circuit::new(["1-0:61.7.0", "1-0:62.7.0", "1-0:76.7.0"], "1-0:72.7.0", "1-0:71.7.0"),
];

/// Energy, power and phases of one telegram. Much cheaper than all [readings](super::Readings).
///
/// ```
/// use p1_multicast::message::Message;
/// use p1_multicast::reading::Registers;
///
/// let datagram = br#"{"meta":{"frame-start-time":1.0,"frame-number":1,"frame-end-time":1.1,
///     "frame-time-duration":100},"telegram":{"1-0:1.8.1":4000010,"1-0:1.8.2":4884452,
///     "1-0:16.7.0":-613,"1-0:32.7.0":230.1}}"#;
/// let registers = Registers::of(&Message::parse(datagram).unwrap());
/// let text = |number: Option<_>| number.map(|number: p1_multicast::telegram::Decimal| number.to_string());
/// assert_eq!(text(registers.import.total).unwrap(), "8884462");
/// assert_eq!(text(registers.import.tariffs[1]).unwrap(), "4884452");
/// assert_eq!(registers.export.total, None);
/// assert_eq!(text(registers.power.net).unwrap(), "-613");
/// assert_eq!((text(registers.power.import).unwrap(), text(registers.power.export).unwrap()), ("0".into(), "613".into()));
/// assert_eq!(text(registers.phases[0].voltage).unwrap(), "230.1");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Registers {
    /// Energy from the grid.
    pub import: Energy,
    /// Energy to the grid.
    pub export: Energy,
    /// Power of all phases together.
    pub power: Power,
    /// L1, L2 and L3.
    pub phases: [Phase; 3],
    /// The mean import of the running quarter of an hour, W.
    pub average_power_15m: Option<Decimal>,
}

/// The registers of one direction, in Wh.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Energy {
    /// The meter's own total, else the sum of its tariffs.
    ///
    /// `None` when the meter sends neither, and when one of the tariffs to sum cannot be read: a sum
    /// without it would fall by a whole register.
    pub total: Option<Decimal>,
    /// The sum of all registers of tariffs; `None` where one cannot be read.
    pub sum_of_tariffs: Option<Decimal>,
    /// The tariffs, 1 first.
    pub tariffs: [Option<Decimal>; TARIFFS],
    /// Whether the meter counts by tariff, and has no other registers than those in `tariffs`.
    pub is_split: bool,
}

/// Power in W. Import and export are never negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Power {
    /// From the grid.
    pub import: Option<Decimal>,
    /// To the grid; `None` also for meters that do not measure it.
    pub export: Option<Decimal>,
    /// Import less export. Import alone when no object tells the export, or a blank one; `None` when
    /// one cannot be read.
    pub net: Option<Decimal>,
}

/// One phase.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Phase {
    /// Its power, W.
    pub power: Power,
    /// Its voltage, V.
    pub voltage: Option<Decimal>,
    /// Its current, A; most meters send it without a sign.
    pub current: Option<Decimal>,
}

/// The objects of a phase.
struct Circuit {
    power: [Obis; 3],
    voltage: Obis,
    current: Obis,
}

impl Circuit {
    const fn new(power: [&str; 3], voltage: &str, current: &str) -> Self {
        Self {
            power: codes(power),
            voltage: Obis::literal(voltage),
            current: Obis::literal(current),
        }
    }
}

const fn codes([import, export, net]: [&str; 3]) -> [Obis; 3] {
    [Obis::literal(import), Obis::literal(export), Obis::literal(net)]
}

impl Registers {
    /// Reads a message.
    #[must_use]
    pub fn of(message: &Message) -> Self {
        Self::from_objects(&Objects::of(message))
    }

    /// The totals of import and export in whole Wh.
    pub(crate) fn energy(&self) -> [Option<i64>; 2] {
        [self.import.total, self.export.total].map(|total| total.map(Decimal::whole))
    }

    pub(super) fn from_objects(objects: &Objects<'_>) -> Self {
        let phases = PHASES.map(|phase| Phase {
            power: Power::of(objects, phase.power),
            voltage: objects.number(phase.voltage, Unit::Volt),
            current: objects.number(phase.current, Unit::Ampere),
        });
        let has_power = POWER.iter().chain([&POWER_OF_BOTH]).any(|&code| objects.contains(code));
        Self {
            import: Energy::of(objects, IMPORT),
            export: Energy::of(objects, EXPORT),
            power: if has_power { Power::of(objects, POWER) } else { Power::of_phases(&phases) },
            phases,
            average_power_15m: objects.number(AVERAGE_POWER, Unit::Watt),
        }
    }
}

impl Energy {
    fn of(objects: &Objects<'_>, untariffed: Obis) -> Self {
        let registers = || objects.tariffs(untariffed);
        let sum = registers()
            .map(|(_, value)| value)
            .reduce(|sum, value| sum.zip(value).and_then(|(sum, value)| sum.checked_add(value)));
        // Meters of Israel number their tariffs from 11.
        let is_plain = |number| (1..=TARIFFS).contains(&number);
        let first = if registers().any(|(number, _)| is_plain(number)) { 1 } else { 11 };
        let mut tariffs = [None; TARIFFS];
        let mut is_split = sum.is_some();
        for (number, value) in registers() {
            match number.checked_sub(first).and_then(|at| tariffs.get_mut(at)) {
                Some(tariff) => *tariff = value,
                None => is_split = false,
            }
        }
        let sum_of_tariffs = sum.flatten();
        let total = objects.number(untariffed, Unit::Wh).or(sum_of_tariffs);
        Self { total, sum_of_tariffs, tariffs, is_split }
    }
}

impl Power {
    fn of(objects: &Objects<'_>, [import, export, net]: [Obis; 3]) -> Self {
        let number = |obis| objects.number(obis, Unit::Watt);
        let (sent_import, sent_export) = (number(import), number(export));
        match (sent_import, sent_export, number(net)) {
            // Some meters send one signed number as their import.
            (Some(net), ..) if net.is_negative() => Self::from_net(net),
            (Some(import), Some(export), _) if export.is_negative() => {
                // Export with a minus, as long as there is nothing else that it can be.
                let export = (import.whole() == 0).then(|| export.negated()).flatten();
                Self::from_parts(Some(import), export, true)
            }
            (Some(import), Some(export), _) => Self::from_parts(Some(import), Some(export), true),
            (_, _, Some(net)) => Self::from_net(net),
            (import, None, None) => {
                let is_blank = objects.texts(export).all(|text| text.trim().is_empty());
                Self::from_parts(import, None, !is_blank)
            }
            (None, export, None) => {
                Self::from_parts(None, export.filter(|export| !export.is_negative()), true)
            }
        }
    }

    /// That of a meter that sends the power of its phases only: their sum, if each of them tells it.
    fn of_phases(phases: &[Phase; 3]) -> Self {
        let powers = phases.iter().filter(|phase| **phase != Phase::default());
        let powers = powers.map(|phase| phase.power);
        let sum = powers.clone().map(|power| power.net);
        let sum = sum.reduce(|sum, net| sum.zip(net).and_then(|(sum, net)| sum.checked_add(net)));
        let Some(net) = sum.flatten() else { return Self::default() };
        if powers.clone().all(|power| power.export.is_some()) {
            Self::from_net(net)
        } else if powers.clone().all(|power| power.export.is_none()) {
            Self::from_parts(Some(net), None, false)
        } else {
            Self::default()
        }
    }

    fn from_parts(import: Option<Decimal>, export: Option<Decimal>, tells_export: bool) -> Self {
        let net = match export {
            Some(export) => import.and_then(|import| import.checked_sub(export)),
            None if tells_export => None,
            None => import,
        };
        Self { import, export, net }
    }

    fn from_net(net: Decimal) -> Self {
        let zero = Decimal::new(0, 0);
        let (import, export) =
            if net.is_negative() { (Some(zero), net.negated()) } else { (Some(net), Some(zero)) };
        Self { import, export, net: Some(net) }
    }
}
