//! The HTML page as an output: where it is written, when, and with which numbers.
//!
//! Owns the way from what [`Page`] remembers to the file; `lastm.html` owns the layout and `words.json` the
//! words. A page is written also when no telegrams come: it says so, and how long ago the last one was.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDateTime;
use minijinja::{Environment, Value, context};

use super::graph::{Graph, Mark, Window};
use super::health::{Failure, Health};
use super::leftovers;
use super::meters::Meter;
use super::page::{Contents, Last, Page};
use super::pattern::Pattern;
use super::storage::Storage;
use super::whole_seconds;
use super::zone::Zone;
use crate::config::{HtmlReport, Language};
use crate::message::Message;
use crate::reading::Registers;
use crate::telegram::{TARIFFS, Timestamp};

/// Name and text of the templates. Their names end with `.html`: what is put into them is escaped.
const PAGE: (&str, &str) = ("lastm.html", include_str!("lastm.html"));
/// The part of the page that changes slowly.
const READINGS: (&str, &str) = ("readings.html", include_str!("readings.html"));

/// The registers whose use today is on the page.
const USED: [&str; 11] = [
    "energy_import_kwh",
    "energy_export_kwh",
    "gas_m3",
    "water_m3",
    "warm_water_m3",
    "heat_gj",
    "heat_m3",
    "inlet_heat_gj",
    "inlet_heat_m3",
    "cooling_gj",
    "cooling_m3",
];

/// The page that p1report writes, for years; this one links to it where both are in one folder.
const REPORT: &str = "report.html";

/// A telegram older than this many seconds no longer shows the present. Its age is shown in minutes.
const OLD: i64 = 60;

/// The time at which a page is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    /// When the recorder began.
    pub began: Timestamp,
    pub now: Timestamp,
    /// Whether the recorder ends now.
    pub is_final: bool,
}

/// The output: where pages are written, and when.
#[derive(Debug)]
pub(super) struct Report {
    settings: HtmlReport,
    pattern: Pattern,
    environment: Environment<'static>,
    words: Value,
    health: Health,
    /// Shown until a meter has been heard.
    no_meter: Page,
}

impl Report {
    pub fn new(settings: &HtmlReport) -> Self {
        let mut environment = Environment::new();
        environment
            .add_filter("with_point", |number: String, point: &str| number.replace('.', point));
        for (name, text) in [PAGE, READINGS] {
            environment.add_template(name, text).expect("a constant that the tests render");
        }
        Self {
            settings: settings.clone(),
            pattern: Pattern::new(&settings.filename),
            environment,
            words: words(settings.language),
            health: Health::of_page("html"),
            no_meter: Page::default(),
        }
    }

    /// Whether each meter has a page of its own.
    pub fn has_meter(&self) -> bool {
        self.pattern.has_meter()
    }

    /// Seconds whose multiples are the flush moments.
    pub fn period(&self) -> i64 {
        whole_seconds(self.settings.flush_period)
    }

    /// Its name, while it cannot be written.
    pub fn failing(&self) -> Option<&'static str> {
        self.health.is_failing().then(|| self.health.output())
    }

    /// Removes what an earlier run left behind when it was killed.
    pub fn remove_leftovers(&self, storage: &mut dyn Storage) {
        leftovers::remove_unfinished(storage, &self.pattern);
    }

    /// Whether this meter has a page. Where the file name does not tell meters apart, the one that is
    /// followed has it.
    pub fn shows(&self, meter: &Meter) -> bool {
        meter.is_followed || self.has_meter()
    }

    /// Takes a telegram into the page of its meter.
    pub fn add(
        &self,
        page: &mut Page,
        message: &Message,
        registers: &Registers,
        last: Last,
        zone: &impl Zone,
    ) {
        page.add(message, registers, last, self.settings.minutes);
        page.read(message, last, zone);
    }

    /// Writes the page of each meter whose page would not be the same as before.
    pub fn flush<'m>(
        &mut self,
        storage: &mut dyn Storage,
        meters: impl Iterator<Item = &'m mut Meter>,
        zone: &impl Zone,
        clock: Clock,
    ) {
        let mut is_meter_known = false;
        for meter in meters {
            is_meter_known = true;
            if self.shows(meter) {
                self.write(storage, &meter.name, &mut meter.page, zone, clock);
            }
        }
        if !is_meter_known && !self.has_meter() {
            let mut page = std::mem::take(&mut self.no_meter);
            self.write(storage, "", &mut page, zone, clock);
            self.no_meter = page;
        }
    }

    fn write(
        &mut self,
        storage: &mut dyn Storage,
        meter: &str,
        page: &mut Page,
        zone: &impl Zone,
        clock: Clock,
    ) {
        let Clock { now, is_final, .. } = clock;
        let since = page.last.map_or(clock.began, |last| last.arrived);
        let age = now.micros_since(since).max(0) / 1_000_000;
        let age = if age < OLD { age } else { age / OLD * OLD };
        let contents = Some(Contents { last: page.last, age, is_final });
        if page.written == contents {
            return;
        }
        if age >= OLD {
            page.end_day(zone.local(now).date());
        }
        let time = page.last.map_or_else(|| zone.local(now), |last| last.local);
        let file = self.pattern.path(time.date(), time, meter);
        let report = Some(REPORT).filter(|name| {
            // If it cannot be told, it cannot be read either.
            storage.exists(&file.with_file_name(name)).unwrap_or(false)
        });
        let written = match storage.lock(&self.pattern.lock(meter)) {
            None => self
                .render(meter, page, report, zone, clock, age)
                .map_err(std::io::Error::other)
                .and_then(|html| storage.replace_volatile(&file, html.as_bytes()))
                .map_err(|source| Failure { file: file.clone(), source }),
            Some(holder) if self.has_meter() => return self.health.left_to(holder, meter),
            Some(holder) => Err(Failure::in_use(file.clone(), holder)),
        };
        self.health.take_back(|left| left == meter);
        match written {
            Ok(()) => {
                page.written = contents;
                self.health.recovered(&file);
            }
            Err(failure) => self.health.failed(&failure),
        }
    }

    fn render(
        &self,
        meter: &str,
        page: &mut Page,
        report: Option<&str>,
        zone: &impl Zone,
        Clock { began, now, is_final }: Clock,
        age: i64,
    ) -> Result<String, minijinja::Error> {
        if page.readings_html.is_none() {
            let html = self.environment.get_template(READINGS.0)?.render(context! {
                t => self.words.clone(),
                today => today(page),
                tariffs => tariffs(page),
                readings => Value::from_pairs(page.readings.iter().map(|(name, text)| (*name, text.as_str()))),
            })?;
            page.readings_html = Some(html);
        }
        let last = page.last.map(|last| {
            context! {
                time => last.local.format("%d-%m-%Y %H:%M:%S").to_string(),
                power_in => last.power.map(|power| power.import),
                power_out => last.power.map(|power| power.export),
            }
        });
        self.environment.get_template(PAGE.0)?.render(context! {
            language => self.settings.language.code(),
            t => self.words.clone(),
            refresh => self.period(),
            minutes => self.settings.minutes,
            meter => self.has_meter().then_some(meter),
            now => zone.local(now).format("%d-%m-%Y %H:%M:%S").to_string(),
            began => zone.local(began).format("%H:%M").to_string(),
            age,
            is_old => age >= OLD,
            is_final,
            last,
            graph => page.has_power().then(|| self.graph(page, age, zone)),
            readings => page.readings_html.clone().map(Value::from_safe_string),
            rows => Value::from_safe_string(page.rows()),
            report,
        })
    }

    /// The graph up to now: its last telegram is so many seconds old.
    fn graph(&self, page: &Page, age: i64, zone: &impl Zone) -> Value {
        let end = page.last.map_or(0, |last| last.time.seconds().saturating_add(age));
        let window = Window::ending(end, self.settings.minutes);
        let series = page.series(window.step, end, window.steps);
        let local = |second: i64| zone.local(Timestamp::from_seconds(second));
        graph_value(Graph::of(&series, window, local))
    }
}

fn graph_value(graph: Graph) -> Value {
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

/// The registers of each tariff that the meter has, kWh.
fn tariffs(page: &Page) -> Value {
    let of = |direction: &'static str| {
        let register = |number: usize| {
            let energy = page.readings.get(&*format!("energy_{direction}_t{number}_kwh"))?;
            Some(context! { number, energy })
        };
        (direction, (1..=TARIFFS).filter_map(register).collect::<Value>())
    };
    Value::from_pairs(["import", "export"].map(of))
}

/// The day so far: what was used of each register, and since when, and the highest powers, W.
fn today(page: &Page) -> Value {
    let day = page.day.as_ref().filter(|_| !page.is_past);
    let minute = |time: NaiveDateTime| time.format("%H:%M").to_string();
    let used = USED.iter().filter_map(|&name| {
        let used = day?.used(name)?;
        let (amount, since) = (used.amount.to_string(), used.since.map(minute));
        Some((name, context! { amount, since }))
    });
    let peak = |peak: Option<(i64, NaiveDateTime)>| {
        let (power, time) = peak.filter(|(power, _)| *power > 0)?;
        Some(context! { power, time => minute(time) })
    };
    let [peak_in, peak_out] = day.map(|day| day.peaks.map(peak)).unwrap_or_default();
    context! { used => Value::from_pairs(used), peak_in, peak_out }
}
