//! The columns of a table of periods: plain, or beside what they are compared with.

use super::{BASE, Of, PEAK, Quantity, used};
use crate::history::calendar::Unit;
use crate::report::query::{PeriodRow, Periods};
use crate::report::table::{Column, Table, decimal, percent};
use crate::words::Words;
use crate::zone::Zone;

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
            let about = |of| {
                used(of, &estimate.used).map_or(String::new(), |number| {
                    decimal(number, decimals.saturating_sub(if decimals == 3 { 2 } else { 1 }))
                })
            };
            cells.extend(quantities.iter().map(|quantity| about(quantity.of)));
            foot.push(cells);
        }
        Table { columns, rows: self.rows.iter().map(row).collect(), foot, ..Table::default() }
    }

    pub(super) fn compared(&self, quantities: &[Quantity], decimals: u32, words: &Words) -> Table {
        let mut columns = vec![Column::text(self.head(words), 9)];
        let mut groups = Vec::new();
        let (first, second) = (words.now, words.last);
        // The difference and the peak are for long lines.
        let mut order: Vec<&Quantity> =
            quantities.iter().filter(|quantity| quantity.of != Of::Net).collect();
        order.extend(quantities.iter().find(|quantity| quantity.of == Of::Net));
        for quantity in &order {
            let from = columns.len();
            let rank = quantity.rank;
            columns.push(Column::number(first, "", 6, rank));
            columns.push(Column::number(second, "", 6, rank));
            if quantity.of != Of::Net {
                columns.push(Column::number("", "", 4, rank));
            }
            groups.push((format!("{} {}", quantity.head, quantity.unit), from, columns.len() - 1));
        }
        let has_peak = self.rows.iter().any(|row| row.period.peak.is_some());
        if has_peak {
            groups.push((format!("{} kW", words.peak), columns.len(), columns.len() + 1));
            columns.push(Column::number(first, "", 5, PEAK));
            columns.push(Column::number(second, "", 5, PEAK));
        }
        let number = |number: Option<i64>, decimals| {
            number.map_or(String::new(), |number| decimal(number, decimals))
        };
        let cells =
            |cells: &mut Vec<String>, of: Of, now: Option<i64>, then: Option<i64>, decimals| {
                cells.extend([number(now, decimals), number(then, decimals)]);
                if of != Of::Net {
                    cells.push(
                        now.zip(then).map_or(String::new(), |(now, then)| percent(now, then)),
                    );
                }
            };
        let row = |row: &PeriodRow| {
            let mut line = vec![self.name(row, words)];
            for quantity in &order {
                let other = row.other.as_ref();
                let then = other.and_then(|other| used(quantity.of, &other.used));
                cells(&mut line, quantity.of, used(quantity.of, &row.period.used), then, decimals);
            }
            if has_peak {
                let power = |peak: Option<(i64, i64)>| number(peak.map(|(power, _)| power), 2);
                line.push(power(row.period.peak));
                line.push(power(row.other.as_ref().and_then(|other| other.peak)));
            }
            line
        };
        let mut foot = Vec::new();
        if self.rows.len() > 1 {
            let mut line = vec![words.sum.to_owned()];
            for quantity in &order {
                let (now, then) = self.sum_of(quantity.of);
                cells(&mut line, quantity.of, now, then, decimals);
            }
            foot.push(line);
        }
        if let Some(estimate) = &self.estimate {
            let mut line = vec![self.estimate_name(estimate, words)];
            for quantity in &order {
                let then = estimate.other.as_ref().and_then(|other| used(quantity.of, other));
                cells(
                    &mut line,
                    quantity.of,
                    used(quantity.of, &estimate.used),
                    then,
                    u32::from(decimals == 3),
                );
            }
            foot.push(line);
        }
        Table {
            columns,
            groups,
            rows: self.rows.iter().map(row).collect(),
            foot,
            ..Table::default()
        }
    }
}
