//! The columns of a table of periods: plain, or beside what they are compared with.

use super::{BASE, Of, PEAK, Quantity, used};
use crate::history::calendar::Unit;
use crate::report::query::{PeriodRow, Periods};
use crate::report::table::{Column, Table, change, estimated, known};
use crate::text::decimal;
use crate::words::Words;
use crate::zone::Zone;

/// A number now and then.
type Pair = (Option<i64>, Option<i64>);

impl<Z: Zone + Clone> Periods<Z> {
    pub(super) fn plain(&self, quantities: &[Quantity], decimals: u32, words: &Words) -> Table {
        let mut columns = vec![Column::text(self.head(words), 14)];
        for quantity in quantities {
            columns.push(Column::number(&quantity.head, quantity.unit, 7, quantity.rank));
        }
        let has_peak = self.rows.iter().any(|row| row.period.peak.is_some());
        let has_base =
            self.calendar.unit != Unit::Hour && self.rows.iter().any(|row| row.base.is_some());
        if has_peak {
            columns.push(Column::number(words.peak, "kW", 6, PEAK));
        }
        if has_base {
            columns.push(Column::number(words.base_short, "W", 5, BASE));
        }
        let number = |number: Option<i64>, decimals| {
            number.map_or("–".into(), |number| decimal(number, decimals))
        };
        let row = |row: &PeriodRow| {
            let mut cells = vec![self.name(row, words)];
            cells.extend(
                quantities
                    .iter()
                    .map(|quantity| number(used(quantity.of, &row.period.used), decimals)),
            );
            if has_peak {
                cells.push(number(row.period.peak.map(|(power, _)| power), decimals.max(2)));
            }
            if has_base {
                cells.push(row.base.map_or("–".into(), |(always_on, _)| always_on.to_string()));
            }
            cells
        };
        let mut foot = Vec::new();
        if self.rows.len() > 1 {
            let mut cells = vec![words.sum.to_owned()];
            cells.extend(
                quantities.iter().map(|quantity| number(self.sum_of(quantity.of).0, decimals)),
            );
            foot.push(cells);
        }
        if let Some(estimate) = &self.estimate {
            let mut cells = vec![self.estimate_name(estimate, words)];
            let about =
                |quantity: &Quantity| estimated(used(quantity.of, &estimate.used), decimals);
            cells.extend(quantities.iter().map(about));
            foot.push(cells);
        }
        Table { columns, rows: self.rows.iter().map(row).collect(), foot, ..Table::default() }
    }

    pub(super) fn compared(&self, quantities: &[Quantity], decimals: u32, words: &Words) -> Table {
        // The difference and the peak are for long lines.
        let (net, mut order): (Vec<&Quantity>, Vec<&Quantity>) =
            quantities.iter().partition(|quantity| quantity.of == Of::Net);
        order.extend(net);
        let has_peak = self.rows.iter().any(|row| row.period.peak.is_some());
        let mut table = self.pairs(&order, has_peak, words);
        let line =
            |name: String, pair: &dyn Fn(Of) -> Pair, text: fn(Option<i64>, u32) -> String| {
                let mut cells = vec![name];
                for quantity in &order {
                    let (now, then) = pair(quantity.of);
                    cells.extend([text(now, decimals), text(then, decimals)]);
                    cells.extend((quantity.of != Of::Net).then(|| change(now, then)));
                }
                cells
            };
        let row = |row: &PeriodRow| {
            let other = row.other.as_ref();
            let pair =
                |of| (used(of, &row.period.used), other.and_then(|other| used(of, &other.used)));
            let mut cells = line(self.name(row, words), &pair, known);
            if has_peak {
                let peaks = [row.period.peak, other.and_then(|other| other.peak)];
                cells.extend(peaks.map(|peak| known(peak.map(|(power, _)| power), 2)));
            }
            cells
        };
        table.rows = self.rows.iter().map(row).collect();
        if self.rows.len() > 1 {
            table.foot.push(line(words.sum.to_owned(), &|of| self.sum_of(of), known));
        }
        if let Some(estimate) = &self.estimate {
            let other = estimate.other.as_ref();
            let pair = |of| (used(of, &estimate.used), other.and_then(|other| used(of, other)));
            table.foot.push(line(self.estimate_name(estimate, words), &pair, estimated));
        }
        table
    }

    /// The columns of a table that compares: each quantity now and then, and its change.
    fn pairs(&self, order: &[&Quantity], has_peak: bool, words: &Words) -> Table {
        let mut table =
            Table { columns: vec![Column::text(self.head(words), 9)], ..Table::default() };
        let mut add = |head: String, width: usize, rank: u8, has_change: bool| {
            let from = table.columns.len();
            table.columns.push(Column::number(words.now, "", width, rank));
            table.columns.push(Column::number(words.last, "", width, rank));
            table.columns.extend(has_change.then(|| Column::number("", "", 4, rank)));
            table.groups.push((head, from, table.columns.len() - 1));
        };
        for quantity in order {
            let head = format!("{} {}", quantity.head, quantity.unit);
            add(head, 6, quantity.rank, quantity.of != Of::Net);
        }
        if has_peak {
            add(format!("{} kW", words.peak), 5, PEAK, false);
        }
        table
    }
}
