//! Periods and gaps for programs: the records of JSON and CSV.

use crate::history::tally::Gap;
use crate::report::label;
use crate::report::machine::{Document, Record};
use crate::report::query::{Method, PeriodRow, Periods};
use crate::telegram::Timestamp;
use crate::zone::Zone;

impl<Z: Zone + Clone> Periods<Z> {
    /// The record of a period.
    pub fn record(&self, row: &PeriodRow) -> Record {
        let mut record = Record::default();
        let span = row.period.span;
        record.text("label", label::iso(&self.calendar, span));
        record.text("from", self.iso8601(span.start));
        record.text("to", self.iso8601(span.end));
        record.bool("complete", row.period.is_complete());
        self.add_used(&mut record, &row.period.used);
        if let Some(balance) = row.balance {
            balance.add_to(&mut record);
        }
        if let Some((power, time)) = row.period.peak {
            record.integer("power_peak_15m_w", power);
            record.text("power_peak_15m_time", self.iso8601(time));
        }
        if let Some((always_on, night)) = row.base {
            record.integer("base_load_w", always_on);
            record.integer("night_load_w", night);
        }
        record.integer("quarters", row.period.quarters);
        let end = if row.is_running { self.end.min(span.end) } else { span.end };
        record.integer("quarters_expected", (end - span.start) / 900);
        let compare = row.other.as_ref().map(|other| {
            let mut record = Record::default();
            record.text("from", self.iso8601(other.start));
            record.text("to", self.iso8601(other.end));
            self.add_used(&mut record, &other.used);
            record
        });
        record.object("compare", compare);
        record
    }

    pub fn add_used(&self, record: &mut Record, used: &[Option<i64>]) {
        for (name, number) in self.registers.iter().zip(used) {
            record.thousandths(name, *number);
        }
    }

    pub fn iso8601(&self, second: i64) -> String {
        self.calendar.zone.iso8601(Timestamp::from_seconds(second))
    }

    /// The report for programs.
    pub fn document(&self, kind: &str) -> Document {
        let mut head = Record::default();
        head.text("kind", kind);
        let mut tail = Record::default();
        if let Some(meter) = self.meters.last().filter(|meter| !meter.id.is_empty()) {
            head.text("meter", meter.id.clone());
        }
        head.text("last", self.iso8601(self.end));
        let estimate = self.estimate.as_ref().map(|estimate| {
            let mut record = Record::default();
            let calendar = self.calendar.with_unit(estimate.unit);
            record.text("label", label::iso(&calendar, estimate.span));
            record.text(
                "method",
                match estimate.method {
                    Method::LastYear => "last-year",
                    Method::LastDays => "last-14-days",
                },
            );
            for (name, number) in self.registers.iter().zip(&estimate.used) {
                record.decimals(name, *number, 1);
            }
            record
        });
        tail.object("estimate", estimate);
        let gaps = self.gaps.iter().filter(|gap| gap.is_outside() || gap.is_exchange);
        let gaps = gaps.map(|gap| self.gap_record(gap)).collect();
        let meters = self.meters.iter().map(|meter| {
            let mut record = Record::default();
            record.text("unique_id", meter.id.clone());
            record.text("from", self.iso8601(meter.from));
            record.text("to", self.iso8601(meter.to));
            record
        });
        let periods = self.rows.iter().map(|row| self.record(row)).collect();
        Document {
            head,
            lists: vec![("periods", periods), ("gaps", gaps), ("meters", meters.collect())],
            tail,
        }
    }

    /// The record of a gap.
    pub fn gap_record(&self, gap: &Gap) -> Record {
        let mut record = Record::default();
        record.text("from", self.iso8601(gap.from));
        record.text("to", self.iso8601(gap.to));
        record.bool("exchange", gap.is_exchange);
        record.bool("in_no_period", gap.is_outside());
        self.add_used(&mut record, if gap.is_outside() { &gap.outside } else { &gap.used });
        record
    }
}
