//! A day of telegrams, one a second, through the recorder: from JSON to all six outputs.
//!
//! `make bench` runs this in memory; DESIGN's budgets: two seconds, and 0.03 ms of processor time a
//! telegram. `make bench-card` runs it on a file system of its own, `FOLDER` and the flush period of the
//! details being its arguments, and counts what is written there. `benches/chain.rs` measures the built
//! program. It asserts nothing: figures belong here, and verdicts to the one who reads them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use p1_multicast::config::Config;
use p1_multicast::message::{Message, Translator};
use p1_multicast::reader::{DiskStorage, HostZone, Recorder};
use p1_multicast::telegram::{self, Policy, with_checksum};

const DAY: u32 = 86_400;
/// How many telegrams are made at a time, beside the clock.
const BATCH: u32 = 300;
/// 2026-11-22 00:00:00 UTC.
const START: i64 = 1_795_305_600;

fn main() {
    // Memory, where there is some: that of the machine's own disk is no measure.
    let memory = Some(Path::new("/dev/shm")).filter(|folder| folder.is_dir());
    let memory = memory.map_or_else(tempfile::tempdir, tempfile::tempdir_in).expect("a folder");
    // Cargo adds `--bench` to them.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|it| it != "--bench").collect();
    let card = arguments.first().map(PathBuf::from);
    let flush = arguments.get(1).map_or(300, |seconds| seconds.parse().expect("seconds"));
    let folder = card.as_deref().unwrap_or(memory.path());
    let settings = settings(folder, &memory.path().join("lastm.html"), flush);
    let mut recorder = Recorder::new(&settings, DiskStorage::default(), HostZone);
    let mut translator = Translator::new(Policy::Require, Some("bench".into()));
    let (mut parsing, mut recording, mut processor) =
        (Duration::ZERO, Duration::ZERO, Duration::ZERO);
    for batch in 0..DAY / BATCH {
        let datagrams = datagrams(&mut translator, batch * BATCH);
        let (begin, before) = (Instant::now(), on_processor());
        let messages: Vec<_> = datagrams.iter().map(|json| Message::parse(json)).collect();
        let parsed = Instant::now();
        for message in messages {
            let message = message.expect("a message");
            recorder.tick(message.meta.frame_start);
            recorder.record(&message);
        }
        parsing += parsed - begin;
        recording += parsed.elapsed();
        if card.is_some() {
            // What the kernel writes by itself within half a minute.
            Command::new("sync").arg("-f").arg(folder).status().expect("sync");
        }
        processor += on_processor().saturating_sub(before);
    }
    let begin = Instant::now();
    recorder.finish();
    recording += begin.elapsed();
    let micros = |time: Duration| format!("{:.2} µs", time.as_secs_f64() * 1e6 / f64::from(DAY));
    let seconds = |time: Duration| format!("{:.2} s", time.as_secs_f64());
    row("a day of telegrams, from JSON to files", &seconds(parsing + recording), "<= 2 s");
    row("  reading JSON, each", &micros(parsing), "-");
    row("  recording, each", &micros(recording), "-");
    row("  processor time, each", &micros(processor), "<= 30 µs");
    row("  rows in the details file", &rows(folder).to_string(), "86400");
}

fn row(what: &str, measured: &str, budget: &str) {
    println!("{what:<58} {measured:>22}   budget {budget}");
}

/// The default configuration with its files in these places.
fn settings(folder: &Path, page: &Path, flush: u64) -> Config {
    let mut config = Config::default();
    config.p1_reader.min_free = 0;
    config.p1_reader_details.filename = folder.join("details-DAY.csv");
    config.p1_reader_details.flush_period = Duration::from_secs(flush);
    config.p1_reader_interval.filename = folder.join("interval-PERIOD.csv");
    config.p1_reader_day.filename = folder.join("day-DAY.csv");
    config.p1_reader_history.filename = folder.join("history-YEAR.csv");
    config.weekly_log.filename = folder.join("YYYY-Www.log");
    page.clone_into(&mut config.html_report.filename);
    config
}

/// The datagrams of a batch, with power and energy that change.
fn datagrams(translator: &mut Translator, start: u32) -> Vec<Vec<u8>> {
    let lines = include_str!("../tests/data/esmr50-three-phase.txt").replace('\n', "\r\n");
    let datagram = |second: u32| {
        let text = lines
            .replace(
                "(00.730*kW)",
                &format!("({:02}.{:03}*kW)", second / 777 % 8, second * 37 % 1000),
            )
            .replace(
                "(004000.010*kWh)",
                &format!("({:010.3}*kWh)", f64::from(4_000_010 + second) / 1000.0),
            );
        let body = &text[..=text.rfind('!').expect("an end")];
        let telegram = with_checksum(body);
        let now = telegram::Timestamp::from_seconds(START + i64::from(second));
        let datagram = translator.feed(&mut &telegram[..], now);
        datagram.expect("a frame").expect("a telegram").json.to_vec()
    };
    (start..start + BATCH).map(datagram).collect()
}

/// The time that this process has been on a processor.
fn on_processor() -> Duration {
    let text = fs::read_to_string("/proc/self/schedstat").expect("schedstat");
    let nanoseconds = text.split(' ').next().and_then(|figure| figure.parse().ok());
    Duration::from_nanos(nanoseconds.expect("a figure"))
}

fn rows(folder: &Path) -> usize {
    let names = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("a file").path());
    let details = names.filter(|path| path.to_string_lossy().contains("/details-"));
    let lines = |path| fs::read_to_string(path).expect("a file").lines().count() - 2;
    details.map(lines).sum()
}
