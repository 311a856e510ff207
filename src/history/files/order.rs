//! Rows in the order of time, each once, and the meters that they are of.

use super::HistoryError;
use crate::history::row::Row;

/// A meter, and when it was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MeterSpan {
    pub id: String,
    pub from: i64,
    pub to: i64,
}

/// Puts rows in order.
pub(super) struct Order {
    pub last: i64,
    /// The fingerprint of the meter of the last row.
    device: u64,
    pub meters: Vec<MeterSpan>,
    pub late: u64,
}

impl Default for Order {
    fn default() -> Self {
        Self { last: i64::MIN, device: 0, meters: Vec::new(), late: 0 }
    }
}

impl Order {
    /// Whether a row counts: it is newer than those before it.
    pub(super) fn admit(&mut self, row: &Row) -> Result<bool, HistoryError> {
        let name = || String::from_utf8_lossy(row.meter()).into_owned();
        let is_known = |meter: &MeterSpan| row.device == 0 || meter.id.as_bytes() == row.meter();
        match self.meters.last_mut() {
            Some(meter) if row.device == self.device && row.time > self.last => {
                meter.to = row.time;
            }
            Some(meter) if is_known(meter) => {
                if row.time <= self.last {
                    self.late += 1;
                    return Ok(false);
                }
                meter.to = row.time;
            }
            Some(meter) if meter.id.is_empty() => {
                // Files of 1.0.0 by five minutes do not name their meter.
                meter.id = name();
                meter.to = row.time;
            }
            Some(meter) => {
                let before = meter.id.clone();
                if row.time <= self.last || self.meters.iter().any(is_known) {
                    return Err(HistoryError::TwoMeters(before, name()));
                }
                self.meters.push(MeterSpan { id: name(), from: row.time, to: row.time });
            }
            None => self.meters.push(MeterSpan { id: name(), from: row.time, to: row.time }),
        }
        self.last = row.time;
        self.device = row.device;
        Ok(true)
    }
}
