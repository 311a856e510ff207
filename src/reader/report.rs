//! The HTML page as an output: where it is written, when, and with which numbers.
//!
//! Owns the way from what [`Page`] remembers to the file; `lastm.html` and `readings.html` own the layout. A page is
//! written also when no telegrams come: it says so, and how long ago the last one was.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{NaiveDateTime, TimeDelta};
use minijinja::value::Object;
use minijinja::{Environment, Value, context, default_auto_escape_callback};

use super::graph::{Graph, HourBars, Mark, Window};
use super::health::{Failure, Health};
use super::leftovers;
use super::meters::Meter;
use super::page::{Contents, Last, Page};
use super::pattern::Pattern;
use super::storage::Storage;
use super::whole_seconds;
use super::zone::Zone;
use crate::config::HtmlReport;
use crate::message::Message;
use crate::reading::Registers;
use crate::telegram::{TARIFFS, Timestamp};
use crate::words::{Words, filled};

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
    words: &'static Words,
    health: Health,
    /// Shown until a meter has been heard.
    no_meter: Page,
}

impl Report {
    pub fn new(settings: &HtmlReport) -> Self {
        // The filters and tests that come with another one would stay in memory, unused.
        let mut environment = Environment::empty();
        environment.set_auto_escape_callback(default_auto_escape_callback);
        environment
            .add_filter("with_point", |number: String, point: &str| number.replace('.', point));
        environment.add_filter("filled", |text: String, value: String| filled(&text, &value));
        for (name, text) in [PAGE, READINGS] {
            environment.add_template(name, text).expect("a constant that the tests render");
        }
        let words = Words::of(settings.language);
        environment.add_global("t", Value::from_object(Vocabulary(words.by_name())));
        Self {
            settings: settings.clone(),
            pattern: Pattern::new(&settings.filename),
            environment,
            words,
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
                today => today(page),
                hours => self.hours(page),
                registers => registers(page),
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
            refresh => self.period(),
            minutes => self.settings.minutes,
            meter => self.has_meter().then_some(meter),
            now => zone.local(now).format("%d-%m-%Y %H:%M:%S").to_string(),
            began => zone.local(began).format("%H:%M").to_string(),
            age,
            is_old => age >= OLD,
            is_final,
            last,
            model => page.readings.get("meter_model"),
            id => page.readings.get("unique_id"),
            quarter => if age >= OLD || is_final { None } else { quarter_hour(page, zone) },
            graph => page.has_power().then(|| self.graph(page, age, zone)),
            readings => page.readings_html.clone().map(Value::from_safe_string),
            rows => Value::from_safe_string(page.rows()),
            report,
        })
    }

    /// The energy of today by hour.
    fn hours(&self, page: &Page) -> Option<Value> {
        let day = page.day.as_ref().filter(|_| !page.is_past)?;
        let HourBars { zero, power_in, power_out, lines } =
            HourBars::of(day.hours(), self.words.point)?;
        let (power_in, power_out) =
            (Value::from_safe_string(power_in), Value::from_safe_string(power_out));
        Some(context! { zero, power_in, power_out, lines => marks(&lines) })
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

/// The running quarter-hour of a meter that sends its mean or the month's peak; other meters' owners do not pay
/// by it.
fn quarter_hour(page: &Page, zone: &impl Zone) -> Option<Value> {
    let quarter = page.quarter_hours.running()?;
    let is_told = page.month_peak.is_some() || page.readings.contains_key("average_power_15m_w");
    let last = page.last.filter(|_| is_told)?;
    let end = zone.local(last.time) + TimeDelta::seconds(quarter.left);
    let forecast = quarter.forecast();
    let peak = page.month_peak;
    // The whole bar is the peak, or what is above it.
    let whole = peak.unwrap_or(0).max(forecast).max(quarter.average).max(1);
    let part = |watts: i64| watts.clamp(0, whole).saturating_mul(100) / whole;
    Some(context! {
        average => quarter.average,
        forecast,
        room => peak.map(|peak| quarter.room(peak)),
        end => end.format("%H:%M").to_string(),
        peak,
        peak_time => page.readings.get("monthly_power_peak_timestamp"),
        is_peak => peak.is_some_and(|peak| forecast > peak),
        parts => context! {
            average => part(quarter.average),
            forecast => part(forecast),
            peak => peak.map(part),
        },
    })
}

fn graph_value(graph: Graph) -> Value {
    context! {
        steps => graph.steps,
        zero => graph.zero,
        power_in => Value::from_safe_string(graph.power_in),
        power_out => Value::from_safe_string(graph.power_out),
        times => marks(&graph.times),
        lines => marks(&graph.lines),
    }
}

fn marks(marks: &[Mark]) -> Value {
    marks.iter().map(|Mark { at, label }| context! { at, label }).collect()
}

/// The words as templates take them. A page asks for dozens.
#[derive(Debug)]
struct Vocabulary(HashMap<&'static str, &'static str>);

impl Object for Vocabulary {
    fn get_value(self: &Arc<Self>, name: &Value) -> Option<Value> {
        self.0.get(name.as_str()?).copied().map(Value::from)
    }
}

/// A row for each tariff that the meter has, and one for the total, kWh.
fn registers(page: &Page) -> Value {
    let reading = |name: String| page.readings.get(&*name);
    let running = page.readings.get("tariff").and_then(|tariff| tariff.parse::<usize>().ok());
    let tariff = |number: usize| {
        let [import, export] =
            ["import", "export"].map(|way| reading(format!("energy_{way}_t{number}_kwh")));
        import.or(export)?;
        Some(context! { tariff => number, import, export, is_running => running == Some(number) })
    };
    let [import, export] = ["import", "export"].map(|way| reading(format!("energy_{way}_kwh")));
    let total = import.or(export).map(|_| context! { import, export });
    (1..=TARIFFS).filter_map(tariff).chain(total).collect()
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
