//! The HTML page as an output: where it is written, when, and with which numbers.
//!
//! Owns the way from what [`Page`] remembers to the file; `lastm.html` owns the words and how it looks.
//! A page is written also when no telegrams come: it says so, and how long ago the last one was.

use std::collections::{BTreeMap, HashMap};

use minijinja::{Environment, Value, context};

use super::graph::{Graph, Mark};
use super::health::{Failure, Health};
use super::meters::Meter;
use super::order::Order;
use super::page::{Last, Page, Shown};
use super::pattern::Pattern;
use super::settings::PageSettings;
use super::storage::Storage;
use super::tidy;
use super::today::Peak;
use super::totals::Totals;
use super::zone::Zone;
use crate::config::Language;
use crate::message::Message;
use crate::telegram::Timestamp;

/// Name and text of the templates. Their names end with `.html`: what is put into them is escaped.
const PAGE: (&str, &str) = ("lastm.html", include_str!("lastm.html"));
/// The part of the page that changes slowly.
const FACTS: (&str, &str) = ("facts.html", include_str!("facts.html"));

/// A telegram older than this many seconds is not the present any more.
const OLD: i64 = 60;

/// The output: where pages are written, and when.
#[derive(Debug)]
pub(super) struct Report {
    settings: PageSettings,
    pattern: Pattern,
    environment: Environment<'static>,
    words: Value,
    health: Health,
    /// Shown as long as no meter has been heard.
    nobody: Page,
}

impl Report {
    pub fn new(settings: &PageSettings) -> Self {
        let mut environment = Environment::new();
        environment
            .add_filter("with_point", |number: String, point: &str| number.replace('.', point));
        for (name, text) in [PAGE, FACTS] {
            environment.add_template(name, text).expect("a constant that the tests render");
        }
        Self {
            settings: settings.clone(),
            pattern: Pattern::new(&settings.filename),
            environment,
            words: words(settings.language),
            health: Health::of_page("html"),
            nobody: Page::default(),
        }
    }

    /// Whether each meter has a page of its own.
    pub fn has_meter(&self) -> bool {
        self.pattern.has_meter()
    }

    /// Seconds whose multiples are the flush moments.
    pub fn period(&self) -> i64 {
        self.settings.flush_seconds()
    }

    /// Its name, while it cannot be written.
    pub fn failing(&self) -> Option<&'static str> {
        self.health.is_failing().then(|| self.health.output())
    }

    /// Removes what an earlier run left behind when it was killed.
    pub fn tidy(&self, storage: &mut dyn Storage) {
        tidy::remove_unfinished(storage, &self.pattern);
    }

    /// Whether this meter has a page. Where the file name does not tell meters apart, the one that is
    /// followed has it.
    pub fn shows(&self, meter: &Meter) -> bool {
        meter.is_followed || self.has_meter()
    }

    /// Takes a telegram of this whole second into the page of its meter.
    pub fn add(
        &self,
        page: &mut Page,
        message: &Message,
        (order, second, last): (Order, i64, Last),
        totals: &Totals,
        zone: &impl Zone,
    ) {
        page.add(order, second, last, totals, self.settings.minutes);
        page.read(message, last.arrived, zone);
    }

    /// Writes the page of each meter whose page would not be the same as before.
    pub fn flush<'m>(
        &mut self,
        storage: &mut dyn Storage,
        meters: impl Iterator<Item = &'m mut Meter>,
        zone: &impl Zone,
        now: Option<Timestamp>,
        is_over: bool,
    ) {
        let mut somebody = false;
        for meter in meters {
            somebody = true;
            if self.shows(meter) {
                self.write(storage, &meter.name, &mut meter.page, zone, (now, is_over));
            }
        }
        if !somebody && !self.has_meter() {
            let mut nobody = std::mem::take(&mut self.nobody);
            self.write(storage, "", &mut nobody, zone, (now, is_over));
            self.nobody = nobody;
        }
    }

    fn write(
        &mut self,
        storage: &mut dyn Storage,
        meter: &str,
        page: &mut Page,
        zone: &impl Zone,
        (now, is_over): (Option<Timestamp>, bool),
    ) {
        let Some(now) = now.or(page.last.map(|last| last.arrived)) else { return };
        let age = page.last.map_or(0, |last| now.micros_since(last.arrived).max(0) / 1_000_000);
        // It is said in minutes then.
        let age = if age < OLD { age } else { age / OLD * OLD };
        let telegrams = page.last.map(|last| (last.local, last.watts));
        let shown = Some(Shown { telegrams, age, is_over });
        if page.shown == shown {
            return;
        }
        if age >= OLD {
            page.end_day(zone.local(now).date());
        }
        let time = page.last.map_or_else(|| zone.local(now), |last| last.local);
        let file = self.pattern.path(time.date(), time, meter);
        let written = self
            .render(meter, page, zone, (now, age, is_over))
            .map_err(std::io::Error::other)
            .and_then(|html| storage.refresh(&file, html.as_bytes()));
        match written {
            Ok(()) => {
                page.shown = shown;
                self.health.recovered(&file);
            }
            Err(source) => self.health.failed(&Failure { file, source }),
        }
    }

    fn render(
        &self,
        meter: &str,
        page: &mut Page,
        zone: &impl Zone,
        (now, age, is_over): (Timestamp, i64, bool),
    ) -> Result<String, minijinja::Error> {
        let local = |second: i64| zone.local(Timestamp::from_seconds(second));
        let minutes = self.settings.minutes;
        let graph = Graph::of(page.slots(), page.window(minutes, age, now), local);
        let last = page.last.map(|last| {
            context! {
                time => last.local.format("%d-%m-%Y %H:%M:%S").to_string(),
                power_in => last.watts.0,
                power_out => last.watts.1,
            }
        });
        if page.facts.is_none() {
            page.facts = Some(self.environment.get_template(FACTS.0)?.render(context! {
                t => self.words.clone(),
                today => today(page),
                readings => Value::from_pairs(page.readings.iter().map(|(name, text)| (*name, text.as_str()))),
            })?);
        }
        self.environment.get_template(PAGE.0)?.render(context! {
            language => self.settings.language.code(),
            t => self.words.clone(),
            refresh => self.period(),
            minutes,
            meter => self.has_meter().then_some(meter),
            now => zone.local(now).format("%d-%m-%Y %H:%M:%S").to_string(),
            age,
            is_old => age >= OLD,
            is_over,
            last,
            graph => graph_of(graph),
            facts => page.facts.clone().map(Value::from_safe_string),
            rows => Value::from_safe_string(page.rows()),
        })
    }
}

fn graph_of(graph: Graph) -> Value {
    let mark = |Mark { at, label }: &Mark| context! { at, label };
    let marks = |marks: &[Mark]| marks.iter().map(mark).collect::<Value>();
    context! {
        steps => graph.steps,
        zero => graph.zero,
        power_in => Value::from_safe_string(graph.power_in),
        power_out => Value::from_safe_string(graph.power_out),
        times => marks(&graph.times),
        lines => marks(&graph.lines),
    }
}

/// The words of the templates.
fn words(language: Language) -> Value {
    type Words = HashMap<String, BTreeMap<String, String>>;
    let mut words: Words =
        serde_json::from_str(include_str!("words.json")).expect("a constant that the tests read");
    Value::from_pairs(words.remove(language.code()).unwrap_or_default())
}

/// The day so far, Wh, W and m3.
fn today(page: &Page) -> Option<Value> {
    let today = page.today.as_ref()?;
    let peak = |peak: Peak| {
        peak.filter(|(power, _)| *power > 0).map(|(power, time)| {
            context! { power, time => time.format("%H:%M").to_string() }
        })
    };
    Some(context! {
        since => today.since().map(|since| since.format("%H:%M").to_string()),
        import => today.import().map(kilo),
        export => today.export().map(kilo),
        gas => today.gas().map(|gas| gas.to_string()),
        peak_in => peak(today.peak_in),
        peak_out => peak(today.peak_out),
    })
}

/// Wh as kWh.
fn kilo(watt_hours: i64) -> String {
    format!("{}.{:03}", watt_hours / 1000, watt_hours % 1000)
}
