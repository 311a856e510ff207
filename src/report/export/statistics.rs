//! What was used in each hour, as the integration `homeassistant-statistics` imports it, in whole hours of UTC.
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

use super::{ExportError, Output};
use crate::history::row::{Row, Selection};
use crate::history::tally::Ledger;
use crate::report::query::{QueryError, Source};
use crate::report::table::decimal;
use crate::zone::Zone;

const HOUR: i64 = 3600;

/// A device's reading comes at most so late, in seconds.
const MAX_LATE: i64 = 26 * HOUR;

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
    let is_entity = prefix.contains('.');
    let numbers = if is_entity { "delta" } else { "state,sum" };
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
    let (stem, unit) = register.rsplit_once('_').unwrap_or((register, ""));
    let unit = match unit {
        "kwh" => "kWh",
        "gj" => "GJ",
        _ => "m³",
    };
    let is_entity = prefix.contains('.');
    let hours_of = from.div_euclid(HOUR) * HOUR..=source.now - HOUR - SETTLED;
    let mut sum = 0;
    let mut next = None;
    let mut line = |hour: i64, Hour { used, state }: Hour| {
        sum += used;
        if !hours_of.contains(&hour) {
            return;
        }
        let mut put = |hour: i64, numbers: String| {
            let start = chrono::DateTime::from_timestamp(hour, 0).unwrap_or_default();
            let start = start.format("%Y-%m-%d %H:%M");
            output.write(&format!("{prefix}{stem},{start},{unit},{numbers}\n"));
        };
        if is_entity {
            // An hour that is left out would keep what the entity has.
            let mut missing = next.unwrap_or(hour);
            while missing < hour {
                put(missing, decimal(0, 3));
                missing += HOUR;
            }
            next = Some(hour + HOUR);
            put(hour, decimal(used, 3));
        } else {
            put(hour, format!("{},{}", decimal(state, 3), decimal(sum, 3)));
        }
    };
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
            if *first.key() + HOUR + MAX_LATE > row.time {
                break;
            }
            let (hour, used) = first.remove_entry();
            line(hour, used);
        }
    };
    let first = if is_entity { from.saturating_sub(MAX_LATE) } else { source.first };
    let read = source.history.read(&selection, first, to.saturating_add(MAX_LATE), &mut take);
    read.map_err(QueryError::from)?;
    for (hour, used) in hours {
        line(hour, used);
    }
    Ok(())
}

/// What is known of an hour, in thousandths.
#[derive(Clone, Copy, Debug, Default)]
struct Hour {
    used: i64,
    /// The register at its end.
    state: i64,
}
