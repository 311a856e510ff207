//! The HTML page: power in and out of the last minutes.
//!
//! Owns what is remembered for it and how it is written; `lastm.html` owns how it looks. A row has ten
//! seconds. It is put into HTML once, when it is complete, for a page has over two thousand numbers and
//! is written every few seconds.

use std::collections::VecDeque;
use std::fmt::Write;

use chrono::{NaiveDateTime, TimeDelta};
use minijinja::{Environment, Value, context};

use super::health::{Failure, Health};
use super::meters::{Meter, Order};
use super::pattern::Pattern;
use super::recorder::PageSettings;
use super::storage::Storage;
use super::totals::Totals;

/// Seconds of one row.
const ROW_SECONDS: i64 = 10;

/// Its name ends with `.html`: what is put into it is escaped.
const TEMPLATE: &str = "lastm.html";

/// Power in and out, W.
type Watts = (i64, i64);

/// Ten seconds: their power where there was a telegram.
#[derive(Clone, Debug)]
struct Row {
    /// Seconds since 1970, divided by ten.
    number: i64,
    local: NaiveDateTime,
    seconds: [Option<Watts>; 10],
}

/// What the page of one meter shows.
#[derive(Debug, Default)]
pub(super) struct Page {
    /// Complete rows, newest first: their number and HTML.
    complete: VecDeque<(i64, String)>,
    current: Option<Row>,
    newest: Option<(NaiveDateTime, Watts)>,
    /// Whether this has not been written yet.
    changed: bool,
}

impl Page {
    /// Takes the power of a telegram of this whole second, and forgets what is older than `minutes`.
    pub fn add(
        &mut self,
        order: Order,
        (second, local): (i64, NaiveDateTime),
        totals: &Totals,
        minutes: u32,
    ) {
        match order {
            Order::Late => return,
            Order::Afresh => *self = Self::default(),
            Order::After(_) => {}
        }
        let watts = (totals.power_in.whole(), totals.power_out.whole());
        let (number, place) = (second.div_euclid(ROW_SECONDS), second.rem_euclid(ROW_SECONDS));
        let complete = self.current.take_if(|row| row.number != number);
        if let Some(row) = complete {
            self.complete.push_front((row.number, row.html()));
        }
        let row = self.current.get_or_insert_with(|| Row {
            number,
            local: local - TimeDelta::seconds(place),
            seconds: [None; 10],
        });
        if let Some(cell) = usize::try_from(place).ok().and_then(|at| row.seconds.get_mut(at)) {
            *cell = Some(watts);
        }
        let oldest = number - i64::from(minutes) * 60 / ROW_SECONDS;
        while self.complete.back().is_some_and(|(number, _)| *number <= oldest) {
            self.complete.pop_back();
        }
        self.newest = Some((local, watts));
        self.changed = true;
    }

    /// All rows, newest first.
    fn rows(&self) -> String {
        let mut rows = self.current.as_ref().map(Row::html).unwrap_or_default();
        rows.extend(self.complete.iter().map(|(_, html)| html.as_str()));
        rows
    }
}

impl Row {
    /// End tags that HTML lets out are left out: the page is rewritten all day.
    fn html(&self) -> String {
        let mut html = String::with_capacity(256);
        // Writing to memory does not fail.
        let _ = write!(html, "<tr><th scope=\"row\">{}", self.local.format("%H:%M:%S"));
        for watts in self.seconds {
            let _ = match watts {
                Some((power_in, power_out)) => {
                    write!(html, "<td>{power_in}<td>{power_out}")
                }
                None => html.write_str("<td><td>"),
            };
        }
        html.push('\n');
        html.shrink_to_fit();
        html
    }
}

/// The output: where pages are written, and when.
#[derive(Debug)]
pub(super) struct PageOutput {
    pattern: Pattern,
    flush_seconds: i64,
    minutes: u32,
    environment: Environment<'static>,
    health: Health,
}

impl PageOutput {
    pub fn new(settings: &PageSettings) -> Self {
        let mut environment = Environment::new();
        environment
            .add_template(TEMPLATE, include_str!("lastm.html"))
            .expect("a constant that the tests render");
        Self {
            pattern: Pattern::new(&settings.filename),
            flush_seconds: settings.flush_seconds(),
            minutes: settings.minutes,
            environment,
            health: Health::new("html"),
        }
    }

    /// Whether each meter has a page of its own.
    pub fn has_meter(&self) -> bool {
        self.pattern.has_meter()
    }

    /// Seconds whose multiples are the flush moments.
    pub fn period(&self) -> i64 {
        self.flush_seconds
    }

    /// Takes the power of a telegram into the page of its meter.
    ///
    /// Where the file name does not tell meters apart, only the first one heard has a page.
    pub fn add(
        &self,
        meter: &mut Meter,
        order: Order,
        time: (i64, NaiveDateTime),
        totals: &Totals,
    ) {
        if meter.is_first || self.has_meter() {
            meter.page.add(order, time, totals, self.minutes);
        }
    }

    /// Writes the page of a meter if it has changed.
    pub fn flush(&mut self, storage: &mut dyn Storage, meter: &mut Meter) {
        let (meter, page) = (&meter.name, &mut meter.page);
        let Some((time, watts)) = page.newest.filter(|_| page.changed) else {
            return;
        };
        let file = self.pattern.path(time.date(), time, meter);
        let written = self
            .render(meter, page, time, watts)
            .map_err(std::io::Error::other)
            .and_then(|html| storage.refresh(&file, html.as_bytes()));
        match written {
            Ok(()) => {
                page.changed = false;
                self.health.recovered(&file);
            }
            Err(source) => self.health.failed(&Failure { file, source }),
        }
    }

    fn render(
        &self,
        meter: &str,
        page: &Page,
        time: NaiveDateTime,
        (power_in, power_out): Watts,
    ) -> Result<String, minijinja::Error> {
        self.environment.get_template(TEMPLATE)?.render(context! {
            refresh => self.flush_seconds,
            minutes => self.minutes,
            meter => self.has_meter().then_some(meter),
            time => time.format("%d-%m-%Y %H:%M:%S").to_string(),
            power_in => power_in,
            power_out => power_out,
            rows => Value::from_safe_string(page.rows()),
        })
    }
}
