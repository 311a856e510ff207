//! Hours as the integration `homeassistant-statistics` imports them: whole hours of UTC.
//!
//! Statistics of our own (`sensor:p1_gas`) have the register at the end of the hour and the sum since the first row:
//! `statistic_id,start,unit,state,sum`. The integration takes them although there are none of that name yet, and the
//! same hour always has the same sum. Those of an entity (`sensor.my_gas`) have its use, `statistic_id,start,unit,delta`,
//! which the integration adds to what the entity has.
//!
//! Owns which hour a step belongs to: the one in which it ends, as Home Assistant itself counts. So the sum of all
//! hours is the difference of the registers, gaps included. A statistic follows the other.

use std::collections::BTreeMap;
use std::io::Write;
use std::ops::RangeInclusive;

use super::{ExportError, Output};
use crate::history::row::{DEVICE_LAG, Row, Selection};
use crate::history::tally::Ledger;
use crate::report::query::{QueryError, Source};
use crate::text::decimal;
use crate::zone::Zone;

const HOUR: i64 = 3600;

/// How long after its end Home Assistant takes an hour, in seconds. A file with a later one is refused as a whole.
const SETTLED: i64 = 5 * 60;

/// Writes the use of these registers from `from` to `to`.
pub(super) fn write<Z: Zone + Clone>(
    source: &mut Source<Z>,
    range: (i64, i64),
    registers: &[String],
    prefix: &str,
    out: &mut dyn Write,
) -> Result<(), ExportError> {
    let mut output = Output::new(out);
    let numbers = if is_entity(prefix) { "delta" } else { "state,sum" };
    output.write(&format!("statistic_id,start,unit,{numbers}\n"));
    let findings = source.history.findings.clone();
    for register in registers {
        source.history.findings = findings.clone();
        write_one(source, range, register, prefix, &mut output)?;
    }
    output.finish()
}

/// Writes the hours of a register.
fn write_one<Z: Zone + Clone>(
    source: &mut Source<Z>,
    (from, to): (i64, i64),
    register: &str,
    prefix: &str,
    output: &mut Output<'_>,
) -> Result<(), ExportError> {
    let exported = from.div_euclid(HOUR) * HOUR..=source.now - HOUR - SETTLED;
    let mut statistic = Statistic::new(register, prefix, exported);
    let first = if statistic.is_entity { from.saturating_sub(DEVICE_LAG) } else { source.first };
    let names = vec![register.to_owned()];
    let mut ledger = Ledger::new(&names);
    let selection = Selection { registers: names, has_voltage: false };
    let mut hours: BTreeMap<i64, Hour> = BTreeMap::new();
    let mut take = |row: &Row| {
        ledger.take(row, |_, step| {
            let hour = (step.to - 1).div_euclid(HOUR) * HOUR;
            if let Some(amount) = step.amount.filter(|_| step.to <= to) {
                let hour = hours.entry(hour).or_default();
                hour.used += amount;
                hour.state = row.registers[0].map_or(hour.state, |reading| reading.value);
            }
        });
        while let Some(first) = hours.first_entry() {
            if *first.key() + HOUR + DEVICE_LAG > row.time {
                break;
            }
            let (start, hour) = first.remove_entry();
            statistic.write(start, hour, output);
        }
    };
    let read = source.history.read(&selection, first, to.saturating_add(DEVICE_LAG), &mut take);
    read.map_err(QueryError::from)?;
    for (start, hour) in hours {
        statistic.write(start, hour, output);
    }
    Ok(())
}

/// The lines of a register, hour after hour.
struct Statistic {
    id: String,
    unit: &'static str,
    is_entity: bool,
    /// The first and the last hour to write.
    exported: RangeInclusive<i64>,
    /// The use of all hours so far, in thousandths.
    sum: i64,
    /// The hour behind the last one that was written.
    next: Option<i64>,
}

impl Statistic {
    fn new(register: &str, prefix: &str, exported: RangeInclusive<i64>) -> Self {
        let (stem, unit) = register.rsplit_once('_').unwrap_or((register, ""));
        let unit = match unit {
            "kwh" => "kWh",
            "gj" => "GJ",
            _ => "m³",
        };
        let (id, is_entity) = (format!("{prefix}{stem}"), is_entity(prefix));
        Self { id, unit, is_entity, exported, sum: 0, next: None }
    }

    /// Takes the hour that begins at `start`, and writes it if it is to be exported.
    fn write(&mut self, start: i64, hour: Hour, output: &mut Output<'_>) {
        self.sum += hour.used;
        if !self.exported.contains(&start) {
            return;
        }
        if !self.is_entity {
            let (state, sum) = (decimal(hour.state, 3), decimal(self.sum, 3));
            return self.line(start, &format!("{state},{sum}"), output);
        }
        // An hour that is left out would keep what the entity has.
        let mut missing = self.next.unwrap_or(start);
        while missing < start {
            self.line(missing, &decimal(0, 3), output);
            missing += HOUR;
        }
        self.next = Some(start + HOUR);
        self.line(start, &decimal(hour.used, 3), output);
    }

    fn line(&self, start: i64, numbers: &str, output: &mut Output<'_>) {
        let start = chrono::DateTime::from_timestamp(start, 0).unwrap_or_default();
        let start = start.format("%Y-%m-%d %H:%M");
        output.write(&format!("{},{start},{},{numbers}\n", self.id, self.unit));
    }
}

/// Whether a prefix is that of entities, not of statistics of our own.
fn is_entity(prefix: &str) -> bool {
    prefix.contains('.')
}

/// What is known of an hour, in thousandths.
#[derive(Clone, Copy, Debug, Default)]
struct Hour {
    used: i64,
    /// The register at its end.
    state: i64,
}
