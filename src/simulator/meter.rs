//! The smart meter: counts what flows and reports it in ESMR 5.0 telegrams.
//!
//! Owns the registers and the choice and order of the lines. Registers are whole watt-seconds and
//! millilitres, so they are the exact integral of the reported power, however long it runs.

use super::calendar::LocalTime;
use super::dice::Dice;
use super::household::{Flows, Household};
use super::lines::{Layout, Lines};

const HEADER: &str = r"SIM5\2P1MULTI-1000";
/// Watt-seconds of a Wh, the last decimal of an energy register.
const WATT_HOUR: u64 = 3600;
/// Millilitres of a dm³, the last decimal of the gas register.
const LITRE: u64 = 1000;
/// Seconds between two readings of the gas meter.
const GAS_PERIOD: i64 = 300;
const DAY: i64 = 86_400;

const KWH: Layout = Layout::new(9, 3, "*kWh");
const KW: Layout = Layout::new(5, 3, "*kW");
const VOLT: Layout = Layout::new(4, 1, "*V");
const AMPERE: Layout = Layout::new(3, 0, "*A");
const CUBIC_METRE: Layout = Layout::new(8, 3, "*m3");
const COUNT: Layout = Layout::new(5, 0, "");

/// A three-phase meter with a gas meter on its first M-Bus channel.
#[derive(Clone, Debug)]
pub struct Meter {
    household: Household,
    second: i64,
    registers: Registers,
    gas_reading: (i64, u64),
    nameplate: Nameplate,
}

impl Meter {
    /// The meter of the household that belongs to `seed`. Its first telegram is that of the Unix second
    /// `start`. The initial values of its registers depend on the seed alone.
    #[must_use]
    pub fn new(seed: u64, start: i64) -> Self {
        let registers = Registers::used(seed);
        Self {
            household: Household::new(seed),
            second: start - 1,
            gas_reading: (start - start.rem_euclid(GAS_PERIOD), registers.gas),
            registers,
            nameplate: Nameplate::new(seed, start),
        }
    }

    /// Lets `seconds` seconds pass without a telegram.
    pub fn skip(&mut self, seconds: u64) {
        for _ in 0..seconds {
            self.tick();
        }
    }

    /// Lets one second pass and appends its telegram to `out`.
    pub fn next_telegram(&mut self, out: &mut Vec<u8>) {
        let (local, flows) = self.tick();
        let mut lines = Lines::begin(out, HEADER);
        lines.text("1-3:0.2.8", "50");
        lines.time("0-0:1.0.0", local);
        self.write_energy(&mut lines, local, &flows);
        self.write_quality(&mut lines);
        write_phases(&mut lines, &flows);
        self.write_gas(&mut lines);
        lines.end();
    }

    fn tick(&mut self) -> (LocalTime, Flows) {
        self.second += 1;
        let local = LocalTime::at(self.second);
        let flows = self.household.flows(self.second, local);
        self.registers.add(&flows, tariff(local));
        if self.second.rem_euclid(GAS_PERIOD) == 0 {
            self.gas_reading = (self.second, self.registers.gas);
        }
        (local, flows)
    }

    fn write_energy(&self, lines: &mut Lines, local: LocalTime, flows: &Flows) {
        let Registers { import, export, .. } = &self.registers;
        lines.hex_text("0-0:96.1.1", &self.nameplate.electricity);
        lines.number("1-0:1.8.1", import[0] / WATT_HOUR, KWH);
        lines.number("1-0:1.8.2", import[1] / WATT_HOUR, KWH);
        lines.number("1-0:2.8.1", export[0] / WATT_HOUR, KWH);
        lines.number("1-0:2.8.2", export[1] / WATT_HOUR, KWH);
        lines.text("0-0:96.14.0", if tariff(local) == LOW { "0001" } else { "0002" });
        let (import, export) = import_export(net(flows));
        lines.number("1-0:1.7.0", import, KW);
        lines.number("1-0:2.7.0", export, KW);
    }

    fn write_quality(&self, lines: &mut Lines) {
        let Nameplate { failures, sags, swells, .. } = &self.nameplate;
        lines.number("0-0:96.7.21", 7, COUNT);
        lines.number("0-0:96.7.9", failures.len() as u64, COUNT);
        lines.failures("1-0:99.97.0", failures);
        for (code, sags) in ["1-0:32.32.0", "1-0:52.32.0", "1-0:72.32.0"].into_iter().zip(sags) {
            lines.number(code, *sags, COUNT);
        }
        for (code, swells) in ["1-0:32.36.0", "1-0:52.36.0", "1-0:72.36.0"].into_iter().zip(swells)
        {
            lines.number(code, *swells, COUNT);
        }
        lines.text("0-0:96.13.0", "");
    }

    fn write_gas(&self, lines: &mut Lines) {
        let (second, millilitres) = self.gas_reading;
        lines.text("0-1:24.1.0", "003");
        lines.hex_text("0-1:96.1.0", &self.nameplate.gas);
        lines.reading("0-1:24.2.1", LocalTime::at(second), millilitres / LITRE, CUBIC_METRE);
    }
}

fn write_phases(lines: &mut Lines, flows: &Flows) {
    for (code, volts) in ["1-0:32.7.0", "1-0:52.7.0", "1-0:72.7.0"].into_iter().zip(flows.voltage) {
        lines.number(code, volts.unsigned_abs(), VOLT);
    }
    let phases = flows.power.into_iter().zip(flows.voltage);
    for (code, (watts, volts)) in ["1-0:31.7.0", "1-0:51.7.0", "1-0:71.7.0"].into_iter().zip(phases)
    {
        // Rounded to whole amperes; a current has no sign.
        let (watts, volts) = (watts.unsigned_abs(), volts.unsigned_abs());
        lines.number(code, (10 * watts + volts / 2) / volts, AMPERE);
    }
    for (code, watts) in ["1-0:21.7.0", "1-0:41.7.0", "1-0:61.7.0"].into_iter().zip(flows.power) {
        lines.number(code, import_export(watts).0, KW);
    }
    for (code, watts) in ["1-0:22.7.0", "1-0:42.7.0", "1-0:62.7.0"].into_iter().zip(flows.power) {
        lines.number(code, import_export(watts).1, KW);
    }
}

/// The index of the low tariff in the registers, tariff 1 in the Netherlands.
const LOW: usize = 0;
/// The index of the normal tariff, tariff 2 in the Netherlands.
const NORMAL: usize = 1;

/// Low from 23:00 to 07:00 and at weekends; public holidays are not observed.
fn tariff(local: LocalTime) -> usize {
    let hour = local.second_of_day() / 3600;
    if local.is_weekend() || !(7..23).contains(&hour) { LOW } else { NORMAL }
}

/// Dutch meters count the sum of the phases: export on one phase cancels import on another.
fn net(flows: &Flows) -> i64 {
    flows.power.iter().sum()
}

/// A signed power as import and export. At least one of the two is 0.
fn import_export(watts: i64) -> (u64, u64) {
    let amount = watts.unsigned_abs();
    if watts < 0 { (0, amount) } else { (amount, 0) }
}

#[derive(Clone, Debug)]
struct Registers {
    /// Ws by tariff.
    import: [u64; 2],
    /// Ws by tariff.
    export: [u64; 2],
    /// Millilitres.
    gas: u64,
}

impl Registers {
    /// The registers of a meter that has been in use for a few years.
    fn used(seed: u64) -> Self {
        let mut dice = Dice::new(seed, -1);
        let mut count = |low, high, unit| dice.between(low, high).unsigned_abs() * unit;
        Self {
            import: [
                count(4_000_000, 9_000_000, WATT_HOUR),
                count(4_000_000, 9_000_000, WATT_HOUR),
            ],
            export: [
                count(1_000_000, 3_000_000, WATT_HOUR),
                count(2_000_000, 6_000_000, WATT_HOUR),
            ],
            gas: count(1_500_000, 6_000_000, LITRE),
        }
    }

    fn add(&mut self, flows: &Flows, tariff: usize) {
        let (import, export) = import_export(net(flows));
        self.import[tariff] += import;
        self.export[tariff] += export;
        self.gas += flows.gas.unsigned_abs();
    }
}

/// What never changes: identifiers, and what happened before the simulation began.
#[derive(Clone, Debug)]
struct Nameplate {
    electricity: String,
    gas: String,
    failures: [(LocalTime, u64); 2],
    sags: [u64; 3],
    swells: [u64; 3],
}

impl Nameplate {
    fn new(seed: u64, start: i64) -> Self {
        let mut dice = Dice::new(seed, -2);
        let mut failure = |days| {
            let before = dice.between(days * DAY, 2 * days * DAY);
            (LocalTime::at(start - before), dice.between(190, 7200).unsigned_abs())
        };
        let failures = [failure(400), failure(100)];
        let mut counts = || [0; 3].map(|_: u64| dice.between(0, 6).unsigned_abs());
        // Seventeen characters like those of real meters; no maker has the letters "0SIM".
        let number = seed % 1_000_000_000_000;
        Self {
            electricity: format!("E0SIM{number:012}"),
            gas: format!("G0SIM{number:012}"),
            failures,
            sags: counts(),
            swells: counts(),
        }
    }
}

#[cfg(test)]
mod tests;
