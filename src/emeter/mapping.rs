//! From a telegram to what an energy meter sends.
//!
//! Owns what goes out where the meter says nothing, or something else than receivers understand. Power is net:
//! of import and export, one is 0. Phases never contradict the total: many receivers control a battery by the
//! phases and ignore the total. Numbers are exact to the last digit of the datagram, and never pass through
//! a binary float.

use std::fmt;

use super::datagram::{Channel, Circuit, Directions, Measurement, Phase};
use crate::message::Message;
use crate::reading::{self, Lookup, Reading, Registers, named};
use crate::telegram::Decimal;

const REACTIVE: &Reading = named("reactive_power_var");
const REACTIVE_OF_PHASES: [&Reading; 3] = [
    named("reactive_power_l1_var"),
    named("reactive_power_l2_var"),
    named("reactive_power_l3_var"),
];
const REACTIVE_IMPORT: &Reading = named("reactive_energy_import_kvarh");
const REACTIVE_EXPORT: &Reading = named("reactive_energy_export_kvarh");
const APPARENT_IMPORT: &Reading = named("apparent_power_import_va");
const APPARENT_EXPORT: &Reading = named("apparent_power_export_va");
const FREQUENCY: &Reading = named("frequency_hz");

/// Ws in a Wh.
const HOUR: i128 = 3600;

/// mV, to derive a current from a power where the meter sends no voltage: EN 50160.
const NOMINAL_VOLTAGE: i128 = 230_000;

/// How far the phases may be from the total where each of them is rounded to 1 W, in tenths of W.
const ROUNDING: i128 = 30;

/// The power factor of 1, in thousandths.
const UNITY: u32 = 1000;

/// Why a telegram gives no datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unfit {
    /// The meter does not say whether it imports or exports.
    #[error("no power")]
    NoPower,
    /// A number is negative where that cannot be, or too large for its field: it is damage.
    #[error("{0} is out of range")]
    OutOfRange(&'static str),
}

/// What the meter does not send, and what stands in its place. Display: for the log, empty if it sends all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Gaps {
    /// The total stands on L1.
    pub phases: bool,
    /// Currents are derived from the powers.
    pub currents: bool,
    pub voltages: bool,
}

impl fmt::Display for Gaps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts = [
            (self.phases, "no usable phase powers: the total stands on L1"),
            (self.currents, "no currents: derived from the powers"),
            (self.voltages, "no voltages: 0 V"),
        ];
        let texts = texts.into_iter().filter_map(|(is_missing, text)| is_missing.then_some(text));
        texts.enumerate().try_for_each(|(at, text)| {
            let comma = if at == 0 { "" } else { "; " };
            write!(f, "{comma}{text}")
        })
    }
}

/// What an energy meter would send in place of this telegram.
pub(super) fn measure(message: &Message) -> Result<(Measurement, Gaps), Unfit> {
    let lookup = Lookup::of(message);
    let Registers { import, export, power, phases: sent, .. } = lookup.registers();
    let total = tenths(power.net.ok_or(Unfit::NoPower)?, "the power")?;
    let number = |reading| lookup.number(reading);
    let reactive = |reading| number(reading).map(|it| tenths(it, "a reactive power")).transpose();
    let apparent = number(if total < 0 { APPARENT_EXPORT } else { APPARENT_IMPORT });
    let apparent = apparent.map(|it| tenths(it, "the apparent power")).transpose()?;
    let mut sum = circuit(total, reactive(REACTIVE)?, apparent)?;
    sum.active.import.counter = counter(import.total, HOUR)?;
    sum.active.export.counter = counter(export.total, HOUR)?;
    sum.reactive.import.counter = counter(number(REACTIVE_IMPORT), 1000 * HOUR)?;
    sum.reactive.export.counter = counter(number(REACTIVE_EXPORT), 1000 * HOUR)?;
    let powers = phase_powers(power, sent, total)?;
    let mut gaps = Gaps { phases: powers.is_none(), currents: true, voltages: true };
    let powers = powers.unwrap_or([total, 0, 0]);
    let mut phases = [Phase::default(); 3];
    for (at, phase) in phases.iter_mut().enumerate() {
        let (sent, power) = (&sent[at], powers[at]);
        let voltage = sent.voltage.map(|it| milli(it, "a voltage")).transpose()?;
        let current = sent.current.map(|it| milli(it, "a current")).transpose()?;
        gaps.voltages &= voltage.is_none();
        gaps.currents &= current.is_none();
        let voltage = voltage.unwrap_or(0);
        // Chargers limit themselves by the current: never 0 A beside a power.
        let current = current.unwrap_or_else(|| {
            let voltage = if voltage > 0 { voltage } else { NOMINAL_VOLTAGE };
            rounded(power.abs() * 100_000, voltage)
        });
        *phase = Phase {
            circuit: circuit(power, reactive(REACTIVE_OF_PHASES[at])?, None)?,
            current: field(current.abs(), "a current")?,
            voltage: field(voltage, "a voltage")?,
        };
    }
    if is_one_phase(sent) {
        // The registers of a one-phase meter are those of L1.
        phases[0].circuit.active.import.counter = sum.active.import.counter;
        phases[0].circuit.active.export.counter = sum.active.export.counter;
    }
    let frequency = number(FREQUENCY).map(|it| milli(it, "the frequency")).transpose()?;
    let frequency = field(frequency.unwrap_or(0), "the frequency")?;
    Ok((Measurement { sum, frequency, phases }, gaps))
}

/// The net power of each phase, in tenths of W; `None` where a receiver that goes by the phases would control
/// in the wrong direction: the total is true then, and the phases are not.
///
/// Phases that do not add up to the total are the meter's own, and stay: each is rounded, and taken at
/// another moment.
fn phase_powers(
    all: &reading::Power,
    phases: &[reading::Phase; 3],
    total: i128,
) -> Result<Option<[i128; 3]>, Unfit> {
    let mut powers = [0; 3];
    let mut is_one_sided = false;
    for (power, phase) in powers.iter_mut().zip(phases) {
        let reading::Power { import, export, net } = phase.power;
        match net {
            Some(net) => *power = tenths(net, "the power of a phase")?,
            // One direction is missing, or cannot be read.
            None if import.is_some() || export.is_some() => return Ok(None),
            None => {}
        }
        is_one_sided |= net.is_some() && export.is_none();
    }
    let sum: i128 = powers.iter().sum();
    let is_total = (sum - total).abs() <= ROUNDING;
    // Some meters send 0 W on each phase, whatever the total. Others tell of the phases the import only.
    let is_unusable = powers == [0; 3]
        || sum.signum() * total.signum() < 0 && !is_total
        || is_one_sided && all.export.is_some() && !is_total;
    Ok(if is_unusable { None } else { Some(powers) })
}

/// Whether the meter has one phase: one voltage, or without voltages one current, on L1.
fn is_one_phase(phases: &[reading::Phase; 3]) -> bool {
    let voltages = phases.iter().filter_map(|phase| phase.voltage).filter(|&it| !is_zero(it));
    voltages.count() == 1 || phases.map(|phase| phase.current.is_some()) == [true, false, false]
}

fn is_zero(number: Decimal) -> bool {
    number.scaled(number.decimals()) == Some(0)
}

/// Powers of a circuit, from its net powers in tenths of W and var. The apparent power, where the meter does
/// not send it, is derived from them.
fn circuit(active: i128, reactive: Option<i128>, apparent: Option<i128>) -> Result<Circuit, Unfit> {
    let squares = active * active + reactive.map_or(0, |it| it * it);
    let (apparent, factor) = match apparent {
        Some(apparent) => (apparent, rounded(active.abs() * 1000, apparent)),
        // In the root, so that nothing is rounded twice.
        None => (root(squares * 4), root(checked_ratio(active * active * 4_000_000, squares))),
    };
    let circuit = Circuit {
        active: directions(active, active, "the power")?,
        reactive: directions(reactive.unwrap_or(0), reactive.unwrap_or(0), "a reactive power")?,
        apparent: directions(active, apparent, "the apparent power")?,
        power_factor: if apparent == 0 {
            UNITY
        } else {
            u32::try_from(factor).unwrap_or(UNITY).min(UNITY)
        },
    };
    Ok(circuit)
}

/// `value` on the side that the sign of `net` tells.
fn directions(net: i128, value: i128, what: &'static str) -> Result<Directions, Unfit> {
    let channel = Channel { now: field(value.abs(), what)?, counter: 0 };
    let other = Channel::default();
    Ok(if net < 0 {
        Directions { import: other, export: channel }
    } else {
        Directions { import: channel, export: other }
    })
}

/// Half of the root of a number, rounded; so of 4 x the root of x.
fn root(four_x: i128) -> i128 {
    (four_x.max(0).isqrt() + 1) / 2
}

fn checked_ratio(above: i128, below: i128) -> i128 {
    above.checked_div(below).unwrap_or(0)
}

/// The quotient of two numbers that are not negative, rounded; 0 if there is none.
fn rounded(above: i128, below: i128) -> i128 {
    (2 * above + below).checked_div(2 * below).unwrap_or(0)
}

/// Tenths, rounded.
fn tenths(number: Decimal, what: &'static str) -> Result<i128, Unfit> {
    fixed(number, 1, what)
}

/// Thousandths, rounded.
fn milli(number: Decimal, what: &'static str) -> Result<i128, Unfit> {
    fixed(number, 3, what)
}

/// A number × 10^`decimals`, rounded.
fn fixed(number: Decimal, decimals: u8, what: &'static str) -> Result<i128, Unfit> {
    let scaled = number.scaled(decimals + 1).ok_or(Unfit::OutOfRange(what))?;
    let scaled = i128::from(scaled);
    Ok((scaled.abs() + 5) / 10 * scaled.signum())
}

/// A register as a counter in Ws or vars, of which its unit has so many; 0 where the meter has none.
fn counter(register: Option<Decimal>, of_unit: i128) -> Result<u64, Unfit> {
    const OUT_OF_RANGE: Unfit = Unfit::OutOfRange("a register");
    let Some(register) = register else { return Ok(0) };
    let digits = register.scaled(register.decimals()).ok_or(OUT_OF_RANGE)?;
    let unit = 10_i128.pow(register.decimals().into());
    u64::try_from(i128::from(digits) * of_unit / unit).map_err(|_| OUT_OF_RANGE)
}

/// A number as it stands in the datagram: neither wrapped nor clamped.
fn field(value: i128, what: &'static str) -> Result<u32, Unfit> {
    u32::try_from(value).map_err(|_| Unfit::OutOfRange(what))
}

#[cfg(test)]
mod tests;
