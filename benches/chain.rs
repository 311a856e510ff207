//! The built programs, measured from outside: latency, processor time and memory.
//!
//! `make bench` runs this. It sends one telegram after the other through a pty to the listener and
//! through multicast on `lo` to the reader, beside a bare read-and-send loop in C as the yardstick.
//! It asserts nothing: figures belong here, and verdicts to the one who reads them.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::net::{IpAddr, Ipv4Addr};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use p1_multicast::message::Translator;
use p1_multicast::multicast::{Receiver, Sender};
use p1_multicast::telegram::{self, Policy};
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

const GROUP: Ipv4Addr = Ipv4Addr::new(239, 255, 79, 1);
const LISTENER_PORT: u16 = 27_001;
const BARE_PORT: u16 = 27_003;

/// How many telegrams are timed.
const ROUNDS: u32 = 1000;
/// Telegrams between two writes of the details, by default.
const FLUSH: u32 = 600;
/// How many seconds the listener is fed at the pace of the line.
const SECONDS: u32 = 60;
/// How many nanoseconds a byte takes at 115200 baud: ten bits.
const BYTE_TIME: u64 = 86_806;
/// How many bytes a UART or an adapter hands over at a time, more or less.
const PIECE: usize = 12;

fn main() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let telegram =
        include_str!("../tests/data/esmr50-three-phase.txt").replace('\n', "\r\n").into_bytes();
    heap_growth(&telegram);
    latency(folder.path(), &telegram);
    listener_cost(folder.path(), &telegram);
    reader_cost(folder.path(), &telegram);
    dashboard_cost(folder.path(), &telegram);
}

fn row(what: &str, measured: &str, budget: &str) {
    println!("{what:<58} {measured:>22}   budget {budget}");
}

/// A million telegrams through framer, parser, writer and sender, in this process.
fn heap_growth(telegram: &[u8]) {
    let sender = Sender::open(IpAddr::V4(GROUP), 0, Some(&lo())).expect("a sender");
    let mut translator = Translator::new(Policy::Auto, Some("bench".into()));
    let mut send = |count: i64| {
        for second in 0..count {
            let now = telegram::Instant::from_seconds(1_795_330_800 + second);
            let datagram =
                translator.feed(&mut &telegram[..], now).expect("a frame").expect("a telegram");
            sender.send(LISTENER_PORT, datagram.json).expect("to send");
            sender.send(LISTENER_PORT + 1, datagram.raw).expect("to send");
        }
    };
    send(10_000);
    let before = anonymous_memory();
    send(1_000_000);
    let growth = anonymous_memory() - before;
    row("growth of memory over 1,000,000 telegrams", &format!("{growth} KiB"), "0");
}

/// What this process has allocated, in KiB.
fn anonymous_memory() -> i64 {
    let status = fs::read_to_string("/proc/self/status").expect("the status");
    let figure = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).expect("a figure");
    figure.trim().trim_end_matches(" kB").parse().expect("a figure")
}

fn latency(folder: &Path, telegram: &[u8]) {
    let (mut meter, port) = pty();
    let (mut bare_meter, bare_port) = pty();
    let listener = listener(folder, &port);
    let bare = bare_loop(folder, &bare_port);
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    let (from_listener, from_bare) = (receiver(LISTENER_PORT), receiver(BARE_PORT));
    for _ in 0..ROUNDS {
        ours.push(one_latency(&mut meter, telegram, &from_listener));
        theirs.push(one_latency(&mut bare_meter, telegram, &from_bare));
    }
    compare("last byte to datagram, median", &mut ours, &mut theirs);
    row(
        "last byte to datagram, 99th percentile",
        &micros(ours[ours.len() * 99 / 100]),
        "<= 1000 µs, quiet machine",
    );
    end(listener);
    end(bare);
}

/// Sorts the times of p1listener and of the bare loop, and compares their medians.
fn compare(what: &str, ours: &mut [Duration], theirs: &mut [Duration]) {
    ours.sort_unstable();
    theirs.sort_unstable();
    let (our, their) = (ours[ours.len() / 2], theirs[theirs.len() / 2]);
    let ratio = our.as_secs_f64() / their.as_secs_f64();
    row(&format!("{what}, bare loop in C"), &micros(their), "-");
    row(&format!("{what}, p1listener"), &micros(our), "-");
    row("  their ratio", &format!("{ratio:.2}"), "<= 1.5");
}

fn micros(time: Duration) -> String {
    format!("{:.0} µs", time.as_secs_f64() * 1e6)
}

fn one_latency(meter: &mut File, telegram: &[u8], receiver: &Receiver) -> Duration {
    let (last, before) = telegram.split_last().expect("a telegram");
    meter.write_all(before).expect("to write");
    std::thread::sleep(Duration::from_millis(2));
    let start = Instant::now();
    meter.write_all(&[*last]).expect("to write");
    receive(receiver);
    start.elapsed()
}

/// A telegram a second at the pace of the line to the listener, and each time half a second later to
/// the bare loop: what the machine does besides, both feel.
fn listener_cost(folder: &Path, telegram: &[u8]) {
    let (mut meter, port) = pty();
    let (mut bare_meter, bare_port) = pty();
    let listener = listener(folder, &port);
    let bare = bare_loop(folder, &bare_port);
    let (from_listener, from_bare) = (receiver(LISTENER_PORT), receiver(BARE_PORT));
    let mut feed_both = |seconds: u32| {
        let start = Instant::now();
        let half = Duration::from_millis(500);
        let each = (0..seconds).map(|second| {
            let start = start + 2 * half * second;
            let ours = at_baud_pace(&mut meter, telegram, &from_listener, start);
            (ours, at_baud_pace(&mut bare_meter, telegram, &from_bare, start + half))
        });
        each.unzip::<Duration, Duration, Vec<_>, Vec<_>>()
    };
    // The listener learns how long the telegrams are.
    feed_both(2);
    let mut stopwatches = [Stopwatch::start(&bare), Stopwatch::start(&listener)];
    let (mut ours, mut theirs) = feed_both(SECONDS);
    let [bare_time, time] = stopwatches.each_mut().map(|stopwatch| stopwatch.each(SECONDS));
    row("bare loop in C, processor time a telegram, at baud pace", &bare_time, "-");
    row("p1listener, processor time a telegram, at baud pace", &time, "<= 0.15 ms");
    compare("last byte to datagram at baud pace, median", &mut ours, &mut theirs);
    for _ in 0..ROUNDS {
        meter.write_all(telegram).expect("to write");
        receive(&from_listener);
    }
    let in_one_piece = stopwatches[1].each(ROUNDS);
    row("p1listener, processor time a telegram, in one piece", &in_one_piece, "-");
    row("p1listener, memory (PSS)", &memory(&listener), "<= 2 MiB");
    end(listener);
    end(bare);
}

/// Writes a telegram that begins at `start`, each piece when its last byte would have come in at
/// 115200 baud; the time from the last one to the datagram.
fn at_baud_pace(
    meter: &mut File,
    telegram: &[u8],
    receiver: &Receiver,
    start: Instant,
) -> Duration {
    let (mut due, mut last) = (start, start);
    for piece in telegram.chunks(PIECE) {
        due += Duration::from_nanos(BYTE_TIME * piece.len() as u64);
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        last = Instant::now();
        meter.write_all(piece).expect("to write");
    }
    receive(receiver);
    last.elapsed()
}

fn reader_cost(folder: &Path, telegram: &[u8]) {
    config(folder, Path::new("/dev/null"));
    let reader = start(folder, "p1reader");
    let sender = Sender::open(IpAddr::V4(GROUP), 0, Some(&lo())).expect("a sender");
    let mut translator = Translator::new(Policy::Require, Some("bench".into()));
    let begin = 1_795_330_800;
    let mut stopwatch = Stopwatch::start(&reader);
    let count = 3600;
    for second in 0..count {
        let now = telegram::Instant::from_seconds(begin + i64::from(second));
        let datagram =
            translator.feed(&mut &telegram[..], now).expect("a frame").expect("a telegram");
        sender.send(LISTENER_PORT, datagram.json).expect("to send");
        std::thread::sleep(Duration::from_micros(500));
        if second % FLUSH == FLUSH - 1 {
            // As it would by itself at the default period, were time not so fast.
            kill_process(Pid::from_child(&reader), Signal::USR1).expect("to signal");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
    std::thread::sleep(Duration::from_millis(500));
    row("p1reader, processor time a telegram, all outputs", &stopwatch.each(count), "<= 0.03 ms");
    row("p1reader, memory (PSS), after an hour of telegrams", &memory(&reader), "<= 3 MiB");
    end_well(reader);
    let details = fs::read_to_string(folder.join("details.csv-20261122.csv")).unwrap_or_default();
    row(
        "  of which are in the details file",
        &details.lines().count().saturating_sub(2).to_string(),
        "3600",
    );
}

/// The dashboard in a terminal of 80 x 24, one telegram a second.
fn dashboard_cost(folder: &Path, telegram: &[u8]) {
    config(folder, Path::new("/dev/null"));
    let (mut screen, port) = pty();
    let size = Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(&screen, size).expect("to set the size");
    let end_of_terminal = || File::options().read(true).write(true).open(&port).expect("a pty");
    // setsid gives the program the terminal as its own, then becomes the program.
    let dashboard = Command::new("setsid")
        .arg("--ctty")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("target/release/p1dashboard"))
        .arg("--config-file")
        .arg(folder.join("p1reader.yml"))
        .envs([("TERM", "xterm-256color"), ("LC_ALL", "C.UTF-8"), ("TZ", "UTC")])
        .stdin(end_of_terminal())
        .stdout(end_of_terminal())
        .stderr(end_of_terminal())
        .spawn()
        .expect("setsid of util-linux");
    std::thread::spawn(move || std::io::copy(&mut screen, &mut std::io::sink()));
    std::thread::sleep(Duration::from_secs(1));
    let sender = Sender::open(IpAddr::V4(GROUP), 0, Some(&lo())).expect("a sender");
    let mut translator = Translator::new(Policy::Require, Some("bench".into()));
    let mut stopwatch = Stopwatch::start(&dashboard);
    let count = 20;
    for second in 0..count {
        let now = telegram::Instant::from_seconds(1_795_330_800 + i64::from(second));
        let datagram =
            translator.feed(&mut &telegram[..], now).expect("a frame").expect("a telegram");
        sender.send(LISTENER_PORT, datagram.json).expect("to send");
        std::thread::sleep(Duration::from_secs(1));
    }
    // A hundredth of a core is 10 ms in each second.
    row("p1dashboard, processor time a second", &stopwatch.each(count), "<= 10 ms");
    row("p1dashboard, memory (PSS)", &memory(&dashboard), "<= 8 MiB");
    end(dashboard);
}

/// A meter's end and the name of the other.
fn pty() -> (File, PathBuf) {
    let master: OwnedFd =
        openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).expect("a pty");
    grantpt(&master).expect("a pty");
    unlockpt(&master).expect("a pty");
    let slave = ptsname(&master, Vec::new()).expect("a pty").into_string().expect("a name");
    (File::from(master), slave.into())
}

fn lo() -> p1_multicast::multicast::Interface {
    "lo".parse().expect("an interface")
}

fn receiver(port: u16) -> Receiver {
    Receiver::open(IpAddr::V4(GROUP), port, Some(&lo())).expect("a receiver")
}

fn receive(receiver: &Receiver) {
    let mut buffer = vec![0; 65_536];
    let datagram = receiver.receive(&mut buffer, Duration::from_secs(10)).expect("to receive");
    assert!(datagram.is_some(), "no datagram came");
}

fn config(folder: &Path, port: &Path) {
    let (port, place) = (port.display(), folder.display());
    let text = format!(
        "p1_listener: {{port: \"{port}\"}}\n\
         multicast: {{address: {GROUP}, port: {LISTENER_PORT}, raw_port: {}, interface: lo, TTL: 0}}\n\
         p1_reader_details: {{filename: \"{place}/details.csv-DAY.csv\"}}\n\
         p1_reader_interval: {{filename: \"{place}/interval-PERIOD.csv\"}}\n\
         p1_reader_day: {{filename: \"{place}/day-DAY.csv\"}}\n\
         html_report: {{filename: \"{place}/lastm.html\"}}\n\
         weekly_log: {{filename: \"{place}/log-YYYY-Www.log\"}}\n",
        LISTENER_PORT + 1
    );
    fs::write(folder.join("p1reader.yml"), text).expect("to write the configuration");
}

fn listener(folder: &Path, port: &Path) -> Child {
    config(folder, port);
    start(folder, "p1listener")
}

/// Starts a program that was built with the release profile, and waits until its log is quiet.
fn start(folder: &Path, program: &str) -> Child {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/release").join(program);
    let child = Command::new(path)
        .arg("--config-file")
        .arg(folder.join("p1reader.yml"))
        .env("TZ", "UTC")
        .stderr(Stdio::null())
        .spawn()
        .expect("the built programs (make build)");
    std::thread::sleep(Duration::from_secs(1));
    child
}

fn bare_loop(folder: &Path, port: &Path) -> Child {
    let program = folder.join("bare_loop");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/bare_loop.c");
    let built = Command::new("cc").args(["-O2", "-o"]).arg(&program).arg(source).status();
    assert!(built.expect("a C compiler").success());
    let mut child = Command::new(program)
        .arg(port)
        .args([GROUP.to_string(), BARE_PORT.to_string()])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the bare loop");
    let mut ready = String::new();
    let out = child.stdout.as_mut().expect("its output");
    BufReader::new(out).read_line(&mut ready).expect("to read");
    child
}

/// Asks it to end, so that it writes what it has.
fn end_well(mut child: Child) {
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw).expect("a process");
    kill_process(pid, Signal::TERM).expect("to end it");
    child.wait().expect("its end");
}

fn end(mut child: Child) {
    child.kill().expect("to end it");
    child.wait().expect("its end");
}

/// Measures the time that a program is on the processor.
struct Stopwatch {
    schedstat: String,
    before: u64,
}

impl Stopwatch {
    fn start(child: &Child) -> Self {
        let mut stopwatch =
            Self { schedstat: format!("/proc/{}/schedstat", child.id()), before: 0 };
        stopwatch.before = stopwatch.nanoseconds();
        stopwatch
    }

    /// The time that each of `count` took, and the start of the next measurement.
    fn each(&mut self, count: u32) -> String {
        let now = self.nanoseconds();
        let spent = Duration::from_nanos(now - std::mem::replace(&mut self.before, now)) / count;
        format!("{:.3} ms", spent.as_secs_f64() * 1e3)
    }

    /// The first figure of schedstat.
    fn nanoseconds(&self) -> u64 {
        let text = fs::read_to_string(&self.schedstat).expect("schedstat");
        text.split(' ').next().and_then(|figure| figure.parse().ok()).expect("a figure")
    }
}

fn memory(child: &Child) -> String {
    let text =
        fs::read_to_string(format!("/proc/{}/smaps_rollup", child.id())).expect("smaps_rollup");
    let pss = text.lines().find_map(|line| line.strip_prefix("Pss:")).expect("a figure");
    let kibibytes: f64 = pss.trim().trim_end_matches(" kB").parse().expect("a figure");
    format!("{:.2} MiB", kibibytes / 1024.0)
}
