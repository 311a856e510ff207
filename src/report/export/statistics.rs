//! What was used in each hour, as the integration `homeassistant-statistics` imports it: `statistic_id,start,unit,delta`,
//! whole hours of UTC.
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

/// Writes the use of these registers from `from` to `to`.
pub(super) fn write<Z: Zone + Clone>(
    source: &mut Source<Z>,
    (from, to): (i64, i64),
    registers: &[String],
    prefix: &str,
    out: &mut dyn Write,
) -> Result<(), ExportError> {
    let mut output = Output::new(out);
    output.write("statistic_id,start,unit,delta\n");
    let findings = source.history.findings.clone();
    for register in registers {
        let names = vec![register.clone()];
        let (stem, unit) = register.rsplit_once('_').unwrap_or((register, ""));
        let unit = match unit {
            "kwh" => "kWh",
            "gj" => "GJ",
            _ => "m³",
        };
        let mut ledger = Ledger::new(&names);
        let selection = Selection { registers: names, has_voltage: false };
        let mut hours: BTreeMap<i64, i64> = BTreeMap::new();
        let mut line = |hour: i64, used: i64| {
            let start = chrono::DateTime::from_timestamp(hour, 0).unwrap_or_default();
            let start = start.format("%Y-%m-%d %H:%M");
            output.write(&format!("{prefix}{stem},{start},{unit},{}\n", decimal(used, 3)));
        };
        source.history.findings = findings.clone();
        let mut take = |row: &Row| {
            ledger.take(row, |_, step| {
                let hour = (step.to - 1).div_euclid(HOUR) * HOUR;
                if let Some(amount) = step.amount.filter(|_| step.to > from && step.to <= to) {
                    *hours.entry(hour).or_default() += amount;
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
        let before = from.saturating_sub(MAX_LATE);
        let read = source.history.read(&selection, before, to.saturating_add(MAX_LATE), &mut take);
        read.map_err(QueryError::from)?;
        for (hour, used) in hours {
            line(hour, used);
        }
    }
    output.finish()
}
