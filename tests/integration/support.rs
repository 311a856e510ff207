//! What the tests share: a folder with a configuration, a meter on a pty, programs, a subscriber.

use std::fmt::Display;
use std::fs::{self, File};
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use p1_multicast::message::Message;
use p1_multicast::multicast::{Interface, Receiver};
use p1_multicast::telegram::with_checksum;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

/// Long enough for a machine that does other work; nothing waits that long when all is well.
pub const PATIENCE: Duration = Duration::from_secs(180);

/// A test's own folder, multicast group and ports.
pub struct Place {
    pub folder: tempfile::TempDir,
    pub group: Ipv4Addr,
    pub port: u16,
}

impl Place {
    pub fn new() -> Self {
        static NEXT: AtomicU16 = AtomicU16::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let [high, low] = u16::try_from(std::process::id() % 0xFFFF).unwrap().to_be_bytes();
        Self {
            folder: tempfile::tempdir().unwrap(),
            group: Ipv4Addr::new(239, 255, high, low),
            port: 21_000 + 2 * number,
        }
    }

    /// Where p1emeter sends to, on the port of the telegrams.
    pub fn emeter_group(&self) -> Ipv4Addr {
        let [_, _, high, low] = self.group.octets();
        Ipv4Addr::new(239, 254, high, low)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes the configuration: everything on `lo`, all files in the folder, flushed every second.
    pub fn config(&self) -> PathBuf {
        self.config_with("")
    }

    /// The same with the files in another folder, flushed every so many seconds.
    pub fn config_in(&self, folder: &Path, flush_seconds: u32) {
        let text = fs::read_to_string(self.config()).unwrap();
        let (here, there) = (self.folder.path().display(), folder.display());
        let mut moved = String::new();
        for line in text.lines() {
            let is_output = line.contains("filename");
            let line = if is_output {
                line.replace(&here.to_string(), &there.to_string())
            } else {
                line.to_owned()
            };
            let period = format!("flush_period: {flush_seconds}}}");
            moved += &line.replace("flush_period: 1}", &period);
            moved.push('\n');
        }
        fs::write(self.path("p1reader.yml"), moved).unwrap();
    }

    /// The same with more keys for the sections named in `more` as `section: {key: value, …}` lines.
    pub fn config_with(&self, more: &str) -> PathBuf {
        let folder = self.folder.path().display();
        let own = |section: &str| {
            let prefix = format!("{section}:");
            more.lines().filter_map(|line| line.strip_prefix(&prefix)).collect::<String>()
        };
        let section = |name: &str, keys: String| {
            let more = own(name);
            let more = more.trim().trim_start_matches('{').trim_end_matches('}');
            let keys = if more.is_empty() { keys } else { format!("{keys}, {more}") };
            format!("{name}: {{{keys}}}\n")
        };
        let output = |name: &str, file: &str| {
            section(name, format!("filename: \"{folder}/{file}\", flush_period: 1"))
        };
        let text = [
            section("p1_listener", format!("port: \"{folder}/meter\", name: test")),
            section(
                "multicast",
                format!(
                    "address: {}, port: {}, raw_port: {}, interface: lo, TTL: 0",
                    self.group,
                    self.port,
                    self.port + 1
                ),
            ),
            // Of the disk that the tests run on nothing is asked.
            section("p1_reader", "min_free: 0".to_owned()),
            output("p1_reader_details", "details-DAY.csv"),
            output("p1_reader_interval", "interval-PERIOD.csv"),
            output("p1_reader_day", "day-DAY.csv"),
            output("p1_reader_history", "history-YEAR.csv"),
            output("html_report", "lastm.html"),
            output("weekly_log", "log-YYYY-Www.log"),
            section("p1_mqtt", "interval: 1".to_owned()),
            section(
                "p1_emeter",
                format!(
                    "address: {}, port: {}, interface: lo, TTL: 0",
                    self.emeter_group(),
                    self.port
                ),
            ),
        ]
        .concat();
        let path = self.path("p1reader.yml");
        fs::write(&path, text).unwrap();
        path
    }

    pub fn program(&self, name: &str) -> Command {
        let mut command = Command::new(binary(name));
        command.arg("--config-file").arg(self.path("p1reader.yml"));
        command
    }

    /// A daemon, once it says that it is ready.
    pub fn daemon(&self, name: &str) -> Running {
        let running = Running::start(self, name, &mut self.program(name));
        running.wait_for_log(" started: ");
        running
    }

    /// The meter where the configuration has the port, and a listener that has opened it.
    pub fn listen(&self) -> (Meter, Running) {
        let meter = Meter::plug_in(self);
        let listener = self.daemon("p1listener");
        listener.wait_for_log("is open");
        (meter, listener)
    }

    pub fn subscriber(&self) -> Subscriber {
        self.subscriber_of(self.port)
    }

    pub fn subscriber_of(&self, port: u16) -> Subscriber {
        let receiver = Receiver::open(IpAddr::V4(self.group), port, Some(&lo())).unwrap();
        Subscriber { receiver, buffer: vec![0; 65_536] }
    }

    /// The whole lines of all files whose names begin so, in the order of the names.
    pub fn lines_of(&self, beginning: &str) -> Vec<String> {
        let lines = |path: &PathBuf| -> Vec<String> {
            whole_lines(path).lines().map(str::to_owned).collect()
        };
        self.files(beginning).iter().flat_map(lines).collect()
    }

    pub fn files(&self, beginning: &str) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.folder.path()).unwrap().map(|entry| entry.unwrap().path());
        let named =
            |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with(beginning);
        let mut files: Vec<PathBuf> = entries.filter(named).collect();
        files.sort();
        files
    }
}

/// A meter, the listener that has opened its port, and a subscriber that came before them.
pub struct Household {
    pub listener: Running,
    pub meter: Meter,
    pub subscriber: Subscriber,
    pub place: Place,
}

impl Household {
    pub fn start() -> Self {
        Self::start_with("")
    }

    /// With more keys in the configuration, see [`Place::config_with`].
    pub fn start_with(more: &str) -> Self {
        let place = Place::new();
        place.config_with(more);
        let subscriber = place.subscriber();
        let (meter, listener) = place.listen();
        Self { listener, meter, subscriber, place }
    }
}

/// The interface that all traffic of the tests stays on.
pub fn lo() -> Interface {
    "lo".parse().unwrap()
}

pub fn binary(name: &str) -> PathBuf {
    let one = Path::new(env!("CARGO_BIN_EXE_p1listener"));
    one.with_file_name(name)
}

/// Waits until `check` gives something; fails with `what` when it does not.
pub fn wait_for<T>(what: &(impl Display + ?Sized), mut check: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = check() {
            return found;
        }
        assert!(start.elapsed() < PATIENCE, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The same; meanwhile, calls `repeat` at once and then more and more rarely. For telegrams: of more than a meter
/// sends, the programs take none, and while one of them is held up the kernel keeps only some for it.
pub fn repeat_until<T>(
    what: &(impl Display + ?Sized),
    mut repeat: impl FnMut(),
    mut check: impl FnMut() -> Option<T>,
) -> T {
    let (mut next, mut pause) = (Instant::now(), Duration::from_millis(50));
    wait_for(what, || {
        let now = Instant::now();
        if now >= next {
            repeat();
            next = now + pause;
            pause = (2 * pause).min(Duration::from_secs(1));
        }
        check()
    })
}

/// What a file holds, without a last line that is still being written.
pub fn whole_lines(path: &Path) -> String {
    let mut bytes = fs::read(path).unwrap();
    bytes.truncate(bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1));
    String::from_utf8(bytes).unwrap()
}

/// A program that runs; it is killed when the test ends.
pub struct Running {
    child: Child,
    log: PathBuf,
}

impl Running {
    pub fn start(place: &Place, name: &str, command: &mut Command) -> Self {
        static NEXT: AtomicU16 = AtomicU16::new(0);
        let log = place.path(&format!("{name}-{}.stderr", NEXT.fetch_add(1, Ordering::Relaxed)));
        let child =
            command.stdin(Stdio::null()).stderr(File::create(&log).unwrap()).spawn().unwrap();
        Self { child, log }
    }

    pub fn log(&self) -> String {
        whole_lines(&self.log)
    }

    pub fn wait_for_log(&self, text: &str) {
        self.wait_for_logs(1, text);
    }

    /// Waits until this has been said so many times.
    pub fn wait_for_logs(&self, count: usize, text: &str) {
        let start = Instant::now();
        while self.log().matches(text).count() < count {
            assert!(start.elapsed() < PATIENCE, "waited in vain for {text:?} in:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    pub fn process(&self) -> u32 {
        self.child.id()
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    pub fn wait(&mut self) -> ExitStatus {
        wait_for(&format!("the end of {}", self.log.display()), || self.try_wait())
    }

    pub fn try_wait(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    /// Kills it. It has ended then, and nobody has asked for its status.
    pub fn kill(&self) {
        self.signal(Signal::KILL);
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        waitid(WaitId::Pid(Pid::from_child(&self.child)), options).unwrap();
    }

    /// Waits until it has read all datagrams of this group and port. All others on its host must read theirs, too.
    pub fn wait_until_read(&self, group: Ipv4Addr, port: u16) {
        let address = format!("{:08X}:{port:04X}", u32::from_ne_bytes(group.octets()));
        let sockets = format!("/proc/{}/net/udp", self.process());
        wait_for("the datagrams to be read", || {
            let sockets = fs::read_to_string(&sockets).unwrap();
            let mut own = sockets.lines().filter(|line| line.contains(&address)).peekable();
            assert!(own.peek().is_some(), "no {address} in {sockets}");
            // The length of the queues to send and to read.
            own.all(|line| line.contains(" 00000000:00000000 ")).then_some(())
        });
    }

    /// Asks it to end, and waits until it has ended well.
    pub fn stop(self) {
        self.stopped();
    }

    /// The same; gives all that it has said.
    pub fn stopped(mut self) -> String {
        self.signal(Signal::TERM);
        let status = self.wait();
        assert_eq!(status.code(), Some(0), "{}", self.log());
        self.log()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A meter on a pty; when it is dropped, the line hangs up.
pub struct Meter {
    master: File,
    link: PathBuf,
}

impl Meter {
    /// Puts the meter where the configuration has the port.
    pub fn plug_in(place: &Place) -> Self {
        let master: OwnedFd =
            openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let slave = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
        let link = place.path("meter");
        let _ = fs::remove_file(&link);
        std::os::unix::fs::symlink(slave, &link).unwrap();
        Self { master: File::from(master), link }
    }

    pub fn send(&mut self, bytes: &[u8]) {
        self.master.write_all(bytes).unwrap();
    }

    /// Sends these bytes, again and again, until `check` gives something. See [`repeat_until`].
    pub fn send_until<T>(
        &mut self,
        what: &(impl Display + ?Sized),
        bytes: &[u8],
        check: impl FnMut() -> Option<T>,
    ) -> T {
        repeat_until(what, || self.send(bytes), check)
    }
}

/// The next pty, of another test, may have the same name: no listener may open it by our link.
impl Drop for Meter {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.link);
    }
}

/// A telegram of our own making with this import power, and the right checksum. The meter's clock stands still.
pub fn telegram(watts: u32) -> Vec<u8> {
    telegram_at(7 * 3600 + 52 * 60 + 36, watts)
}

/// The same at this second of the day by the meter's clock.
pub fn telegram_at(second: u32, watts: u32) -> Vec<u8> {
    let time = format!("{:02}{:02}{:02}", second / 3600, second / 60 % 60, second % 60);
    let lines = include_str!("../data/esmr50-three-phase.txt").replace('\n', "\r\n");
    let lines = lines.replace("(261122075236W)", &format!("(261122{time}W)"));
    let lines = lines.replace("1-0:1.7.0(00.730*kW)", &format!("1-0:1.7.0(00.{watts:03}*kW)"));
    let body = &lines[..=lines.rfind('!').unwrap()];
    with_checksum(body)
}

/// The import power in a message.
pub fn watts(message: &Message) -> i64 {
    message.number("1-0:1.7.0").unwrap().whole()
}

pub struct Subscriber {
    receiver: Receiver,
    buffer: Vec<u8>,
}

impl Subscriber {
    pub fn datagram(&mut self) -> Vec<u8> {
        wait_for("a datagram", || {
            let datagram =
                self.receiver.receive(&mut self.buffer, Duration::from_secs(1)).unwrap()?;
            Some(self.buffer[..datagram.len].to_vec())
        })
    }

    pub fn message(&mut self) -> Message {
        Message::parse(&self.datagram()).unwrap()
    }
}

/// The folder of real telegrams beside the project; none of it is part of the project.
pub fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/telegrams")
}
