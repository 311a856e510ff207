//! The voltage chapter: extremes of each phase, and each week against EN 50160.

use super::label;
use super::machine::{Document, Record};
use super::options::Options;
use super::query::{QueryError, Source};
use super::table::{Column, Style, Table, known};
use crate::history::calendar::{Calendar, Unit};
use crate::history::row::Selection;
use crate::history::voltage::{At, MEANS_A_WEEK, Phase, Voltage, Week};
use crate::telegram::Timestamp;
use crate::text::decimal;
use crate::words::Words;
use crate::zone::Zone;

/// Without a range: so many seconds.
const DEFAULT: i64 = 13 * 7 * 86_400;

/// The voltage of a time.
#[derive(Debug)]
pub(super) struct Chapter<Z> {
    weeks: Calendar<Z>,
    voltage: Voltage<Z>,
    from: i64,
    to: i64,
}

impl<Z: Zone + Clone> Chapter<Z> {
    pub fn read(source: &mut Source<Z>, options: &Options) -> Result<Self, QueryError> {
        let weeks = source.calendar(Unit::Week, options);
        let days = source.calendar(Unit::Day, options);
        let end = days.at(source.end - 1).end;
        let default = match options.count {
            None => end - DEFAULT,
            Some(0) => source.first,
            Some(count) => {
                weeks.away(weeks.at(end - 1), 1 - i32::try_from(count).unwrap_or(i32::MAX)).start
            }
        };
        let (from, to) = source.range(options, (default.max(days.at(source.first).start), end))?;
        let mut voltage = Voltage::new(weeks.clone());
        let selection = Selection { registers: Vec::new(), has_voltage: true };
        source.history.read(&selection, from + 1, to, &mut |row| voltage.take(row))?;
        Ok(Self { weeks, voltage, from, to })
    }

    /// The phases that have means.
    fn phases(&self) -> Vec<(usize, &Phase)> {
        self.voltage.phases.iter().enumerate().filter(|(_, phase)| phase.count > 0).collect()
    }

    pub fn render(&self, style: Style, words: &Words) -> String {
        let phases = self.phases();
        let mut first = self.extremes(&phases, words);
        if phases.is_empty() {
            first.notes.push(words.no_voltage.to_owned());
            return first.render(style);
        }
        first.render(style) + "\n" + &self.by_week(&phases, words).render(style)
    }

    fn extremes(&self, phases: &[(usize, &Phase)], words: &Words) -> Table {
        let date = |second| self.weeks.local(second).format("%Y-%m-%d").to_string();
        let volts = |at: Option<At>| at.map_or(String::new(), |at| decimal(at.voltage, 1));
        let time = |at: Option<At>| {
            let local = at.map(|at| self.weeks.local(at.time));
            local.map_or(String::new(), |local| {
                format!("{} {}", label::day(local, words), local.format("%H:%M"))
            })
        };
        let row = |(at, phase): &(usize, &Phase)| {
            vec![
                format!("L{}", at + 1),
                volts(phase.lowest),
                time(phase.lowest),
                known(phase.mean(), 1),
                volts(phase.highest),
                time(phase.highest),
                phase.over.to_string(),
                decimal(i64::try_from(phase.over).unwrap_or(0) * 1000 / 6, 1),
            ]
        };
        Table {
            title: words.voltage.to_owned(),
            right: format!("{} … {}", date(self.from), date(self.to - 1)),
            columns: vec![
                Column::text("", 3),
                Column::number(words.lowest, "V", 8, 0),
                Column::text(words.at, 12),
                Column::number(words.mean, "V", 6, 0),
                Column::number(words.highest, "V", 8, 0),
                Column::text(words.at, 12),
                Column::number("", "n", 5, 2),
                Column::number("", words.hours_unit, 6, 2),
            ],
            groups: vec![(words.over.to_owned(), 6, 7)],
            rows: phases.iter().map(row).collect(),
            ..Table::default()
        }
    }

    /// The weeks in which a mean was outside, else the last ones.
    fn by_week(&self, phases: &[(usize, &Phase)], words: &Words) -> Table {
        let is_outside = |week: &&Week| week.phases.iter().any(|phase| phase.outside() > 0);
        let mut weeks: Vec<&Week> = self.voltage.weeks.iter().filter(is_outside).collect();
        if weeks.is_empty() {
            weeks.extend(self.voltage.weeks.last());
        }
        let mut columns =
            vec![Column::text(words.week, 10), Column::number(words.means, "/1008", 6, 0)];
        for (at, _) in phases {
            columns.push(Column::number(&format!("L{}", at + 1), "n", 5, 0));
        }
        let group = (words.outside.to_owned(), 2, 1 + phases.len());
        columns.push(Column::number(words.inside, "%", 6, 0));
        columns.push(Column::number(words.rule_95, "", 7, 0));
        columns.push(Column::number(&format!("{} ≤ 253", words.rule_all), "", 9, 0));
        let row = |week: &&Week| {
            let most = week.phases.iter().map(|phase| phase.count).max().unwrap_or(0);
            let mut cells = vec![label::iso(&self.weeks, week.span), most.to_string()];
            cells.extend(phases.iter().map(|(at, _)| week.phases[*at].outside().to_string()));
            let known =
                || phases.iter().map(|(at, _)| &week.phases[*at]).filter(|phase| phase.count > 0);
            let share = |phase: &Phase| (phase.count - phase.outside()) * 100_000 / phase.count;
            let worst = known().map(share).min().unwrap_or(0);
            cells.push(decimal(i64::try_from(worst).unwrap_or(0), 1));
            cells.push(
                if known().all(Phase::keeps_share) { words.kept } else { words.not_kept }
                    .to_owned(),
            );
            cells.push(if known().all(Phase::keeps_all) { words.yes } else { words.no }.to_owned());
            cells
        };
        Table {
            columns,
            groups: vec![group],
            rows: weeks.iter().map(row).collect(),
            notes: vec![words.voltage_note.to_owned()],
            ..Table::default()
        }
    }

    fn iso8601(&self, second: i64) -> String {
        self.weeks.zone.iso8601(Timestamp::from_seconds(second))
    }

    fn add_at(&self, record: &mut Record, name: &str, at: Option<At>) {
        if let Some(at) = at {
            record.decimals(&format!("voltage_{name}_v"), Some(at.voltage), 1);
            record.text(&format!("voltage_{name}_time"), self.iso8601(at.time));
        }
    }

    /// In CSV it lists every mean outside.
    pub fn document(&self) -> Document {
        let mut head = Record::default();
        head.text("kind", "voltage");
        head.text("from", self.iso8601(self.from));
        head.text("to", self.iso8601(self.to));
        let outside = self.voltage.outside.iter().map(|outside| {
            let mut record = Record::default();
            record.text("from", self.iso8601(outside.mean.time));
            record.integer("phase", outside.phase + 1);
            record.decimals("voltage_v", Some(outside.mean.voltage), 1);
            record
        });
        let phases = self.phases().into_iter().map(|(at, phase)| {
            let mut record = Record::default();
            record.integer("phase", at + 1);
            self.add_at(&mut record, "lowest", phase.lowest);
            record.decimals("voltage_mean_v", phase.mean(), 1);
            self.add_at(&mut record, "highest", phase.highest);
            record.integer("means", phase.count);
            record.integer("over", phase.over);
            record.integer("under", phase.under);
            record
        });
        let weeks = self.voltage.weeks.iter().flat_map(|week| {
            let known = week.phases.iter().enumerate().filter(|(_, phase)| phase.count > 0);
            known.map(|(at, phase)| {
                let mut record = Record::default();
                record.text("label", label::iso(&self.weeks, week.span));
                record.integer("phase", at + 1);
                record.integer("means", phase.count);
                record.integer("means_expected", MEANS_A_WEEK);
                record.integer("over", phase.over);
                record.integer("under", phase.under);
                record.bool("kept_95_percent", phase.keeps_share());
                record.bool("kept_all", phase.keeps_all());
                record
            })
        });
        let lists = vec![
            ("outside", outside.collect()),
            ("phases", phases.collect()),
            ("weeks", weeks.collect()),
        ];
        Document { head, lists, tail: Record::default() }
    }
}
