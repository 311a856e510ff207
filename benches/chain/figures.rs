//! What is printed, and what the kernel tells of a process.

use std::fs;
use std::process::Child;
use std::time::Duration;

pub fn row(what: &str, measured: &str, budget: &str) {
    println!("{what:<58} {measured:>22}   budget {budget}");
}

/// Sorts the times of p1listener and of the bare loop, and compares their medians.
pub fn compare(what: &str, ours: &mut [Duration], theirs: &mut [Duration]) {
    ours.sort_unstable();
    theirs.sort_unstable();
    let (our, their) = (ours[ours.len() / 2], theirs[theirs.len() / 2]);
    let ratio = our.as_secs_f64() / their.as_secs_f64();
    row(&format!("{what}, bare loop in C"), &micros(their), "-");
    row(&format!("{what}, p1listener"), &micros(our), "-");
    row("  their ratio", &format!("{ratio:.2}"), "<= 1.5");
}

pub fn millis(time: Duration) -> String {
    format!("{:.3} ms", time.as_secs_f64() * 1e3)
}

pub fn micros(time: Duration) -> String {
    format!("{:.0} µs", time.as_secs_f64() * 1e6)
}

/// Measures the time that a program is on the processor.
pub struct Stopwatch {
    schedstat: String,
    before: u64,
    laps: Vec<Duration>,
}

impl Stopwatch {
    pub fn start(child: &Child) -> Self {
        let schedstat = format!("/proc/{}/schedstat", child.id());
        let mut stopwatch = Self { schedstat, before: 0, laps: Vec::new() };
        stopwatch.before = stopwatch.nanoseconds();
        stopwatch
    }

    /// The time that each of `count` took, and the start of the next measurement.
    pub fn each(&mut self, count: u32) -> Duration {
        let now = self.nanoseconds();
        Duration::from_nanos(now - std::mem::replace(&mut self.before, now)) / count
    }

    /// Takes the time since the start, or since the last lap, for one more of `laps`.
    pub fn lap(&mut self) {
        let lap = self.each(1);
        self.laps.push(lap);
    }

    /// The median of the laps: what disturbs one of them in ten, on a machine that is never quite quiet, does not
    /// change it. Begins the next measurement.
    pub fn median(&mut self) -> Duration {
        self.before = self.nanoseconds();
        let mut laps = std::mem::take(&mut self.laps);
        laps.sort_unstable();
        laps[laps.len() / 2]
    }

    /// The first figure of schedstat.
    fn nanoseconds(&self) -> u64 {
        let text = fs::read_to_string(&self.schedstat).expect("schedstat");
        text.split(' ').next().and_then(|figure| figure.parse().ok()).expect("a figure")
    }
}

pub fn memory(child: &Child) -> String {
    let text =
        fs::read_to_string(format!("/proc/{}/smaps_rollup", child.id())).expect("smaps_rollup");
    let pss = text.lines().find_map(|line| line.strip_prefix("Pss:")).expect("a figure");
    let kibibytes: f64 = pss.trim().trim_end_matches(" kB").parse().expect("a figure");
    format!("{:.2} MiB", kibibytes / 1024.0)
}
