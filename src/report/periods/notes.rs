//! The sentences below a table of periods: until when, how it was estimated, and gaps.

use super::RUNNING;
use crate::history::row::{EXPORT, IMPORT};
use crate::history::tally::Gap;
use crate::report::label;
use crate::report::options::Options;
use crate::report::query::{Method, Periods};
use crate::text::decimal;
use crate::words::Words;
use crate::zone::Zone;

/// How many gaps are named below a table.
const MAX_GAPS: usize = 4;

impl<Z: Zone + Clone> Periods<Z> {
    pub(super) fn notes(&self, options: &Options, words: &Words) -> Vec<String> {
        let mut notes = Vec::new();
        let mut first = String::new();
        if let Some(running) = self.rows.iter().find(|row| row.is_running) {
            let now = self.calendar.local(self.end);
            let day = self.calendar.local(running.period.span.start);
            first = format!("{RUNNING} {} {}", words.until, label::time(now, day, words));
            if options.compare.is_some() {
                first += ", ";
                first += words.in_both;
            }
            first += ".";
        }
        if let Some(estimate) = &self.estimate {
            let method = match estimate.method {
                Method::LastDays => words.by_last_days,
                Method::LastYear => words.by_last_year,
            };
            first += if first.is_empty() { "" } else { "  " };
            first += method;
        }
        notes.extend(Some(first).filter(|first| !first.is_empty()));
        let incomplete = self.rows.iter().any(|row| !row.is_running && !row.period.is_complete());
        let outside: Vec<&Gap> =
            self.gaps.iter().filter(|gap| gap.is_outside() || gap.is_exchange).collect();
        if incomplete {
            notes.push(words.incomplete.to_owned());
        }
        let shown = outside.len().min(MAX_GAPS);
        notes.extend(outside.iter().rev().take(shown).rev().map(|gap| self.gap_text(gap, words)));
        if outside.len() > shown {
            notes.push(format!("… {} × {}: p1report gaps", outside.len() - shown, words.gaps));
        }
        notes
    }

    /// A sentence about a gap: from when to when, and what of it is in no period.
    pub fn gap_text(&self, gap: &Gap, words: &Words) -> String {
        let (from, to) = (self.calendar.local(gap.from), self.calendar.local(gap.to));
        let end = self.calendar.local(self.end);
        let times = format!("{} – {}", label::time(from, end, words), label::time(to, from, words));
        if gap.is_exchange {
            return format!("{times}: {}", words.exchanged);
        }
        let amounts = self.registers.iter().enumerate().filter_map(|(at, name)| {
            let amount = gap.outside[at]?;
            let is_shown = [IMPORT, EXPORT].contains(&name.as_str()) || !name.ends_with("kwh");
            let (text, unit) = label::register_text(name, words);
            (is_shown && amount >= 50).then(|| format!("{} {unit} {text}", decimal(amount, 1)))
        });
        let amounts: Vec<String> = amounts.collect();
        let amounts = if amounts.is_empty() { "0 kWh".to_owned() } else { amounts.join(", ") };
        format!("{times} {} {amounts} {}", words.not_recorded, words.in_no_day)
    }
}
