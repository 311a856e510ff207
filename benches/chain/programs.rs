//! The programs that are measured: their configuration, their start and their end.

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader};
use std::net::Ipv4Addr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use p1_multicast::multicast::Interface;
use rustix::process::{Pid, Signal, kill_process};

pub const GROUP: Ipv4Addr = Ipv4Addr::new(239, 255, 79, 1);
pub const LISTENER_PORT: u16 = 27_001;

pub fn lo() -> Interface {
    "lo".parse().expect("an interface")
}

pub fn config(folder: &Path, port: &Path) {
    write_config(folder, port, ["", ""]);
}

/// The same with a key for a meter that encrypts, and a key that signs.
pub fn config_with_keys(folder: &Path, port: &Path) {
    let key_file = |name: &str, digits: &str| {
        let path = folder.join(name);
        fs::write(&path, digits).expect("to write a key");
        fs::set_permissions(&path, Permissions::from_mode(0o600)).expect("to protect a key");
        format!("key_file: \"{}\"", path.display())
    };
    let decryption = format!(", decryption_{}", key_file("decryption", &"07".repeat(16)));
    let signature = format!(", {}", key_file("signature", &"07".repeat(32)));
    write_config(folder, port, [&decryption, &signature]);
}

fn write_config(folder: &Path, port: &Path, [decryption, signature]: [&str; 2]) {
    let (port, place) = (port.display(), folder.display());
    let text = format!(
        "p1_listener: {{port: \"{port}\"{decryption}}}\n\
         multicast: {{address: {GROUP}, port: {LISTENER_PORT}, raw_port: {}, interface: lo, TTL: 0{signature}}}\n\
         p1_emeter: {{interface: lo, TTL: 0}}\n\
         p1_reader_details: {{filename: \"{place}/details.csv-DAY.csv\"}}\n\
         p1_reader_interval: {{filename: \"{place}/interval-PERIOD.csv\"}}\n\
         p1_reader_day: {{filename: \"{place}/day-DAY.csv\"}}\n\
         p1_reader_history: {{filename: \"{place}/history-YEAR.csv\"}}\n\
         html_report: {{filename: \"{place}/lastm.html\"}}\n\
         weekly_log: {{filename: \"{place}/log-YYYY-Www.log\"}}\n",
        LISTENER_PORT + 1
    );
    fs::write(folder.join("p1reader.yml"), text).expect("to write the configuration");
}

/// A program as it is shipped. `cargo bench` builds others, which unwind when they panic, in place of those of
/// `cargo build`: `make bench` copies these before.
pub fn path(program: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target/shipped").join(program)
}

/// Starts a program, and waits until its log is quiet.
pub fn start(folder: &Path, program: &str) -> Child {
    let child = Command::new(path(program))
        .arg("--config-file")
        .arg(folder.join("p1reader.yml"))
        .env("TZ", "UTC")
        .stderr(Stdio::null())
        .spawn()
        .expect("the programs as they are shipped (make bench)");
    std::thread::sleep(Duration::from_secs(1));
    child
}

/// Starts a program in C of this folder, which says when it is ready.
pub fn yardstick(folder: &Path, name: &str, arguments: &[String]) -> Child {
    let program = folder.join(name);
    if !program.exists() {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("benches/chain/{name}.c"));
        let built = Command::new("cc").args(["-O2", "-o"]).arg(&program).arg(source).status();
        assert!(built.expect("a C compiler").success());
    }
    let mut child = Command::new(program)
        .args(arguments)
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program in C");
    let mut ready = String::new();
    let out = child.stdout.as_mut().expect("its output");
    BufReader::new(out).read_line(&mut ready).expect("to read");
    child
}

/// Asks it to end, so that it writes what it has.
pub fn end_well(mut child: Child) {
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw).expect("a process");
    kill_process(pid, Signal::TERM).expect("to end it");
    child.wait().expect("its end");
}

pub fn end(mut child: Child) {
    child.kill().expect("to end it");
    child.wait().expect("its end");
}
