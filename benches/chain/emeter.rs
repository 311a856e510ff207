//! p1emeter behind p1listener: from the last byte on the port to the value at a consumer.

use std::fs::{self, File};
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use p1_multicast::multicast::Receiver;
use rustix::time::{ClockId, clock_gettime};

use crate::figures::{Stopwatch, memory, micros, millis, row};
use crate::lane::{Lane, receive};
use crate::programs::{LISTENER_PORT, end, lo, start, yardstick};

/// The group and the port of the protocol.
const GROUP: Ipv4Addr = Ipv4Addr::new(239, 12, 255, 254);
const PORT: u16 = 9522;

/// Where the floor for processor time sends to.
const FLOOR_PORT: u16 = 27_007;

/// How many telegrams are timed, one a second: p1emeter sends no more.
const SECONDS: usize = 30;

pub fn emeter_cost(folder: &Path, telegrams: impl Iterator<Item = Vec<u8>>) {
    let mut lane = Lane::listener(folder);
    let emeter = start(folder, "p1emeter");
    let [from, to] = [(crate::programs::GROUP, LISTENER_PORT), (GROUP, FLOOR_PORT)];
    let arguments = [from, to].map(|(group, port)| [group.to_string(), port.to_string()]);
    let floor = yardstick(folder, "bare_answer", &arguments.concat());
    let consumer = Receiver::open(IpAddr::V4(GROUP), PORT, Some(&lo())).expect("a receiver");
    let pysma = Pysma::start(folder);
    let mut telegrams = telegrams.zip(seconds());
    let mut send = |telegram: (Vec<u8>, ())| {
        let begin = (lane.send(&telegram.0), monotonic());
        receive(&consumer);
        (begin.0.elapsed(), begin.1)
    };
    for telegram in telegrams.by_ref().take(2) {
        send(telegram);
    }
    let mut stopwatches = [&emeter, &floor].map(Stopwatch::start);
    // A lap ends when the next telegram is due, to the end of what was done after the last was answered.
    let (mut times, starts): (Vec<_>, Vec<_>) = telegrams
        .take(SECONDS)
        .map(|telegram| {
            stopwatches.iter_mut().for_each(Stopwatch::lap);
            send(telegram)
        })
        .unzip();
    let [processor_time, least] = stopwatches.each_mut().map(Stopwatch::median);
    times.sort_unstable();
    let what = "last byte to the value at a consumer of p1emeter, median";
    row(what, &micros(times[SECONDS / 2]), "<= 5000 µs");
    match pysma {
        Some(pysma) => row("  ... at pysma-plus", &pysma.median(&starts), "<= 5000 µs"),
        None => println!("  skipped: pysma-plus of PyPI is not there (make interop fetches it)"),
    }
    row("p1emeter, processor time a telegram", &millis(processor_time), "<= 0.1 ms");
    row("  ... the same system calls in C", &millis(least), "-");
    row("p1emeter, memory (PSS)", &memory(&emeter), "<= 2 MiB");
    end(emeter);
    end(floor);
    end(lane.program);
}

/// One a second.
fn seconds() -> impl Iterator<Item = ()> {
    let start = Instant::now();
    (0..).map(move |second| {
        let due = start + Duration::from_secs(second);
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
    })
}

/// Nanoseconds on the clock that Python calls monotonic.
fn monotonic() -> i128 {
    let time = clock_gettime(ClockId::Monotonic);
    i128::from(time.tv_sec) * 1_000_000_000 + i128::from(time.tv_nsec)
}

/// The receiver of pysma-plus, where tests/interop-emeter.sh has fetched it.
struct Pysma {
    program: Child,
    printed: PathBuf,
}

impl Pysma {
    fn start(folder: &Path) -> Option<Self> {
        let project = Path::new(env!("CARGO_MANIFEST_DIR"));
        let _ = Command::new(project.join("tests/interop-emeter.sh")).arg("fetch").status();
        let printed = folder.join("pysma");
        let program = Command::new(project.join("target/interop-emeter/venv/bin/python"))
            .args([project.join("tests/interop/emeter/receive.py"), "127.0.0.1".into()])
            .stdout(File::create(&printed).expect("a file"))
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        std::thread::sleep(Duration::from_secs(2));
        Some(Self { program, printed })
    }

    /// The median time from each of these starts to the value.
    fn median(self, starts: &[i128]) -> String {
        end(self.program);
        let printed = fs::read_to_string(self.printed).expect("what it printed");
        let arrivals: Vec<i128> =
            printed.lines().filter_map(|line| line.split(' ').nth(2)?.parse().ok()).collect();
        let after = |start: &i128| arrivals.iter().find(|arrival| *arrival > start);
        let mut times: Vec<_> =
            starts.iter().filter_map(|start| Some(after(start)? - start)).collect();
        times.sort_unstable();
        let median = times.get(times.len() / 2).and_then(|nanos| u64::try_from(*nanos).ok());
        median.map_or("nothing arrived".into(), |nanos| micros(Duration::from_nanos(nanos)))
    }
}
