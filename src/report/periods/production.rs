//! Columns and notes about solar production beside the periods.

use super::Periods;
use crate::report::label;
use crate::report::production::Balance;
use crate::report::query::PeriodRow;
use crate::report::table::{Column, Table};
use crate::text::decimal;
use crate::words::{Words, filled};
use crate::zone::Zone;

/// The columns stay longest, but for import and export.
const RANK: u8 = 1;

/// How many periods are named below a table.
const MAX_NAMED: usize = 4;

/// Adds the columns of production behind those of a table.
pub(in crate::report) fn add_columns(table: &mut Table, words: &Words) {
    let number = |head: &str, unit: &str| Column::number(head, unit, 7, RANK);
    table.columns.extend([
        number(words.solar, "kWh"),
        number(words.own_use, "kWh"),
        number(words.self_word, words.consumption_short),
        number(words.self_word, words.sufficiency_short),
    ]);
}

/// The cells of a row behind its others, which are as many as `columns`.
pub(in crate::report) fn add_cells(
    cells: &mut Vec<String>,
    columns: usize,
    balance: Option<Balance>,
    decimals: u32,
) {
    cells.resize(columns, String::new());
    cells.extend(
        balance.map_or_else(|| vec!["–".to_owned(); 4], |balance| figures(balance, decimals)),
    );
}

impl<Z: Zone + Clone> Periods<Z> {
    /// Adds what became of the production to a table of these periods.
    pub(super) fn add_production(&self, table: &mut Table, decimals: u32, words: &Words) {
        if !self.has_production {
            return;
        }
        let known: Vec<Balance> = self.rows.iter().filter_map(|row| row.balance).collect();
        let sum = known.iter().copied().reduce(Balance::plus);
        if let Some(sum) = sum {
            let columns = table.columns.len();
            add_columns(table, words);
            for (cells, row) in table.rows.iter_mut().zip(&self.rows) {
                add_cells(cells, columns, row.balance, decimals);
            }
            if known.len() == self.rows.len() && known.len() > 1 {
                if let Some(cells) = table.foot.first_mut() {
                    add_cells(cells, columns, Some(sum), decimals);
                }
            } else if known.len() > 1 {
                table.notes.push(self.sum_text(sum, known.len(), decimals, words));
            }
        }
        table.notes.extend(self.production_notes(words));
    }

    /// The sum over the periods with figures, where others have none.
    fn sum_text(&self, sum: Balance, known: usize, decimals: u32, words: &Words) -> String {
        let [produced, consumed, consumption, sufficiency] =
            <[String; 4]>::try_from(figures(sum, decimals)).unwrap_or_default();
        format!(
            "{} ({known} {} {}): {} {produced} kWh, {} {consumed} kWh, {} {consumption} %, {} {sufficiency} %.",
            words.sum,
            words.of,
            self.rows.len(),
            words.solar,
            words.own_use,
            words.self_consumption,
            words.self_sufficiency,
        )
    }

    /// What is to know about the production: that it is unknown, or less than was exported.
    pub fn production_notes(&self, words: &Words) -> Vec<String> {
        let mut notes = Vec::new();
        if self.has_production && self.rows.iter().all(|row| row.balance.is_none()) {
            notes.push(words.no_production.to_owned());
        }
        let is_less =
            |row: &&PeriodRow| row.balance.is_some_and(|balance| balance.self_consumed() < 0);
        let less: Vec<String> = self
            .rows
            .iter()
            .filter(is_less)
            .map(|row| label::iso(&self.calendar, row.period.span))
            .collect();
        if !less.is_empty() {
            let mut names = less.iter().take(MAX_NAMED).cloned().collect::<Vec<_>>().join(", ");
            if less.len() > MAX_NAMED {
                names += ", …";
            }
            notes.push(filled(words.production_below_export, &names));
        }
        notes
    }
}

/// Produced, used at home, and both shares; see [`add_columns`].
fn figures(balance: Balance, decimals: u32) -> Vec<String> {
    let percent = |share: Option<i64>| share.map_or("–".into(), |share| decimal(share, 1));
    vec![
        decimal(balance.produced, decimals),
        decimal(balance.self_consumed(), decimals),
        percent(balance.self_consumption()),
        percent(balance.self_sufficiency()),
    ]
}
