//! The built programs, measured from outside: latency, processor time and memory.
//!
//! `make bench` runs this. It sends one telegram after the other through a pty to the listener and
//! through multicast on `lo` to the reader, beside a bare read-and-send loop in C as the yardstick.
//! It asserts nothing: figures belong here, and verdicts to the one who reads them.

mod emeter;
mod figures;
mod lane;
mod programs;

use std::fs::{self, File};
use std::io::Write;
use std::net::IpAddr;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use p1_multicast::dlms::{Key, Sealer};
use p1_multicast::message::Translator;
use p1_multicast::multicast::Sender;
use p1_multicast::telegram::{self, Policy, with_checksum};
use rustix::process::{Pid, Signal, kill_process};
use rustix::termios::{Winsize, tcsetwinsize};

use figures::{Stopwatch, compare, memory, micros, millis, row};
use lane::{Lane, pty, receive};
use programs::{GROUP, LISTENER_PORT, config, end, end_well, lo, start};

/// How many telegrams are timed.
const ROUNDS: u32 = 1000;
/// How many telegrams that come at once are timed.
const BURSTS: u32 = 300;
/// Telegrams between two writes of the details, by default.
const FLUSH: u32 = 600;
/// How many seconds the listener is fed at the pace of the line.
const SECONDS: u32 = 60;

fn main() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let telegram =
        include_str!("../../tests/data/esmr50-three-phase.txt").replace('\n', "\r\n").into_bytes();
    heap_growth(&telegram);
    latency(folder.path(), &telegram);
    bursts(folder.path(), &telegram);
    listener_cost(folder.path(), &telegram);
    listener_cost_with_keys(folder.path(), &telegram);
    emeter::emeter_cost(folder.path(), seconds(&telegram));
    reader_cost(folder.path(), &telegram);
    dashboard_cost(folder.path(), &telegram);
}

/// A million telegrams through framer, parser, writer and sender, in this process.
fn heap_growth(telegram: &[u8]) {
    let sender = Sender::open(IpAddr::V4(GROUP), 0, Some(&lo())).expect("a sender");
    let mut translator = Translator::new(Policy::Auto, Some("bench".into()));
    let mut send = |count: i64| {
        for second in 0..count {
            let now = telegram::Timestamp::from_seconds(1_795_330_800 + second);
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

/// As many telegrams as are timed, a second apart by the meter's clock: no meter sends so many in one second.
fn seconds(telegram: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let text = std::str::from_utf8(telegram).expect("ASCII");
    let end = text.rfind('!').expect("the end of a telegram");
    (0..ROUNDS).map(move |second| {
        let (minute, second) = (second / 60, second % 60);
        let clock = format!("0-0:1.0.0(2611220{}{:02}{second:02}W)", 8 + minute / 60, minute % 60);
        let body = text[..=end].replace("0-0:1.0.0(261122075236W)", &clock);
        with_checksum(body)
    })
}

fn latency(folder: &Path, telegram: &[u8]) {
    let mut bare = Lane::bare_loop(folder);
    let mut listener = Lane::listener(folder);
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for telegram in seconds(telegram) {
        ours.push(listener.one_latency(&telegram));
        theirs.push(bare.one_latency(&telegram));
    }
    compare("last byte to datagram, median", &mut ours, &mut theirs);
    row(
        "last byte to datagram, 99th percentile",
        &micros(ours[ours.len() * 99 / 100]),
        "<= 1000 µs, quiet machine",
    );
    end(bare.program);
    end(listener.program);
}

/// Telegrams that the port delivers at once, ten a second.
fn bursts(folder: &Path, telegram: &[u8]) {
    let mut listener = Lane::listener(folder);
    let mut times: Vec<Duration> = (0..BURSTS)
        .map(|_| {
            std::thread::sleep(Duration::from_millis(100));
            listener.at_once(telegram)
        })
        .collect();
    times.sort_unstable();
    row("telegram at once to datagram, median", &micros(times[times.len() / 2]), "-");
    let last = times[times.len() * 99 / 100];
    row(
        "telegram at once to datagram, 99th percentile",
        &micros(last),
        "<= 1000 µs, quiet machine",
    );
    end(listener.program);
}

/// A telegram a second at the pace of the line to the listener, and to the yardsticks each a third of
/// a second later: what the machine does besides, all feel.
fn listener_cost(folder: &Path, telegram: &[u8]) {
    let mut lanes = [Lane::listener(folder), Lane::bare_loop(folder), Lane::floor(folder)];
    let mut stopwatches = lanes.each_ref().map(|lane| Stopwatch::start(&lane.program));
    let [mut ours, mut theirs, _] = feed(&mut lanes, &mut stopwatches, telegram, SECONDS);
    let [our, bare, floor] = stopwatches.each_mut().map(Stopwatch::median);
    row("bare loop in C, processor time a telegram, at baud pace", &millis(bare), "-");
    row("p1listener's system calls and sleeps in C, without its work", &millis(floor), "-");
    row("p1listener, processor time a telegram, at baud pace", &millis(our), "<= 0.150 ms");
    let ratio = our.as_secs_f64() / floor.as_secs_f64();
    row("  its ratio to that floor", &format!("{ratio:.2}"), "<= 1.35");
    compare("last byte to datagram at baud pace, median", &mut ours, &mut theirs);
    let [listener, ..] = &mut lanes;
    for telegram in seconds(telegram) {
        listener.meter.write_all(&telegram).expect("to write");
        receive(&listener.receiver);
    }
    let in_one_piece = millis(stopwatches[0].each(ROUNDS));
    row("p1listener, processor time a telegram, in one piece", &in_one_piece, "-");
    row("p1listener, memory (PSS)", &memory(&listener.program), "<= 2 MiB");
    for lane in lanes {
        end(lane.program);
    }
}

/// Encrypted telegrams to a listener that signs what it sends.
fn listener_cost_with_keys(folder: &Path, telegram: &[u8]) {
    let mut lane = Lane::listener_with_keys(folder);
    let (title, key) = (Some(*b"TST\0\0\0\0\x01"), Key::new([7; 16]));
    let sealer = Sealer { title, control: 0x30, decryption: key, authentication: key };
    let frames = seconds(telegram).zip(0..).map(|(telegram, counter)| {
        let mut frame = Vec::new();
        sealer.seal(&telegram, counter, &mut frame);
        frame
    });
    let frames: Vec<_> = frames.collect();
    let mut stopwatch = Stopwatch::start(&lane.program);
    for frame in frames {
        lane.meter.write_all(&frame).expect("to write");
        receive(&lane.receiver);
    }
    let cost = millis(stopwatch.each(ROUNDS));
    row("p1listener that decrypts and signs, the same", &cost, "-");
    row("p1listener that decrypts and signs, memory (PSS)", &memory(&lane.program), "<= 2 MiB");
    end(lane.program);
}

/// A telegram a second to each in turn; the times from the last byte to the datagram, and a lap for each telegram.
/// The first two, from which they learn how long telegrams are, do not count.
fn feed(
    lanes: &mut [Lane; 3],
    stopwatches: &mut [Stopwatch; 3],
    telegram: &[u8],
    seconds: u32,
) -> [Vec<Duration>; 3] {
    let mut times: [Vec<Duration>; 3] = Default::default();
    let mut start = Instant::now();
    for second in 0..seconds + 2 {
        for ((lane, watch), times) in lanes.iter_mut().zip(&mut *stopwatches).zip(&mut times) {
            // What the last telegram took, to the end of what was done after it was sent.
            match second {
                0..=2 => *watch = Stopwatch::start(&lane.program),
                _ => watch.lap(),
            }
            let time = lane.at_baud_pace(telegram, start);
            if second >= 2 {
                times.push(time);
            }
            start += Duration::from_secs(1) / 3;
        }
    }
    times
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
        let now = telegram::Timestamp::from_seconds(begin + i64::from(second));
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
    row(
        "p1reader, processor time a telegram, all outputs",
        &millis(stopwatch.each(count)),
        "<= 0.03 ms",
    );
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
        .arg(programs::path("p1dashboard"))
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
        let now = telegram::Timestamp::from_seconds(1_795_330_800 + i64::from(second));
        let datagram =
            translator.feed(&mut &telegram[..], now).expect("a frame").expect("a telegram");
        sender.send(LISTENER_PORT, datagram.json).expect("to send");
        std::thread::sleep(Duration::from_secs(1));
    }
    // A hundredth of a core is 10 ms in each second.
    row("p1dashboard, processor time a second", &millis(stopwatch.each(count)), "<= 10 ms");
    row("p1dashboard, memory (PSS)", &memory(&dashboard), "<= 8 MiB");
    end(dashboard);
}
