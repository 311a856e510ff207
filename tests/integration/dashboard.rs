//! `p1dashboard`: in a real terminal (tmux), and printed once.

use std::fmt;
use std::fs;
use std::process::{Command, Output};

use crate::signals::assert_listed;
use crate::support::{Household, Place, binary, telegram, wait_for};

/// A terminal of tmux; it is closed when the test ends.
pub struct Tmux {
    socket: String,
}

impl Tmux {
    /// A shell in a terminal of this size.
    pub fn open(place: &Place, columns: u32, rows: u32) -> Self {
        // One for each size: on the socket of a server that is just ending, the next cannot begin.
        let socket = place.path(&format!("tmux-{columns}x{rows}"));
        let tmux = Self { socket: socket.display().to_string() };
        let (columns, rows) = (columns.to_string(), rows.to_string());
        let shell = "env -u LC_ALL -u NO_COLOR LANG=C.UTF-8 PS1='$ ' sh";
        tmux.run(&["-f", "/dev/null", "new", "-d", "-x", &columns, "-y", &rows, shell]);
        tmux.wait_for("$");
        tmux
    }

    fn run(&self, arguments: &[&str]) -> String {
        let output = Command::new("tmux").arg("-S").arg(&self.socket).args(arguments).output();
        let output = output.unwrap();
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    pub fn keys(&self, keys: &[&str]) {
        self.run(&[&["send-keys"], keys].concat());
    }

    pub fn screen(&self) -> String {
        self.run(&["capture-pane", "-p"])
    }

    pub fn wait_for(&self, text: &str) -> String {
        wait_for(&Sought { tmux: self, text }, || {
            Some(self.screen()).filter(|screen| screen.contains(text))
        })
    }
}

/// A text on the screen; what is there instead is told when it never comes.
struct Sought<'t> {
    tmux: &'t Tmux,
    text: &'t str,
}

impl fmt::Display for Sought<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} on the screen:\n{}", self.text, self.tmux.screen())
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        let _ = Command::new("tmux").arg("-S").arg(&self.socket).arg("kill-server").output();
    }
}

fn once(place: &Place, arguments: &[&str]) -> Output {
    place.program("p1dashboard").arg("--once").args(arguments).output().unwrap()
}

#[test]
#[ignore = "needs tmux"]
fn it_shows_values_resizes_helps_and_leaves_the_terminal_as_it_was() {
    let place = Place::new();
    place.config();
    let tmux = Tmux::open(&place, 80, 24);
    let (mut meter, listener) = place.listen();
    let program = binary("p1dashboard").display().to_string();
    let config = place.path("p1reader.yml").display().to_string();
    let settings = |name: &str| {
        let file = place.path(name);
        tmux.keys(&[&format!("stty -g > {}", file.display()), "Enter"]);
        wait_for("the settings of the terminal", || {
            fs::read_to_string(&file).ok().filter(|text| text.ends_with('\n'))
        })
    };
    let before = settings("before");
    tmux.keys(&[&format!("{program} --config-file {config}; echo it ended with $?"), "Enter"]);
    tmux.wait_for("Waiting for the first telegram");
    meter.send_until("the import on the screen", &telegram(423), || {
        Some(tmux.screen()).filter(|screen| screen.contains("import 423 W"))
    });
    tmux.run(&["resize-window", "-x", "40", "-y", "12"]);
    wait_for("the small page", || {
        Some(tmux.screen()).filter(|screen| {
            screen.contains("423 W") && !screen.contains('╭') && screen.lines().count() == 12
        })
    });
    tmux.run(&["resize-window", "-x", "100", "-y", "30"]);
    tmux.wait_for("Phases");
    tmux.keys(&["?"]);
    tmux.wait_for("graph of 5 minutes");
    tmux.keys(&["Escape"]);
    // The terminal waits a moment for what may follow an escape.
    wait_for("the page without help", || {
        Some(()).filter(|()| !tmux.screen().contains("graph of 5 minutes"))
    });
    tmux.keys(&["q"]);
    let after = tmux.wait_for("it ended with 0");
    assert!(!after.contains("Phases"), "{after}");
    assert_eq!(settings("after"), before);
    listener.stop();
}

#[test]
#[ignore = "needs tmux"]
fn ctrl_z_gives_the_terminal_back_until_the_shell_resumes_it() {
    const SHOWN: &str = "Waiting for the first telegram";
    let place = Place::new();
    let config = place.config();
    let tmux = Tmux::open(&place, 90, 24);
    let program = binary("p1dashboard");
    let command = format!("{} --config-file {}", program.display(), config.display());
    tmux.keys(&[&command, "Enter"]);
    tmux.wait_for(SHOWN);
    tmux.keys(&["C-z"]);
    tmux.wait_for("Stopped");
    tmux.keys(&["echo back $((6 * 7))", "Enter"]);
    let shell = tmux.wait_for("back 42");
    assert!(!shell.contains(SHOWN), "{shell}");
    tmux.keys(&["fg", "Enter"]);
    let shown = tmux.wait_for(SHOWN);
    assert!(shown.contains("p1listener runs") && !shown.contains("back 42"), "{shown}");
    tmux.keys(&["q"]);
    tmux.wait_for("back 42");
}

#[test]
#[ignore = "needs tmux"]
fn a_signal_gives_the_terminal_back_and_the_log_goes_to_its_file() {
    let place = Place::new();
    for (signal, columns) in [("TERM", 80), ("HUP", 100)] {
        let tmux = Tmux::open(&place, columns, 24);
        place.config();
        let (program, config) = (binary("p1dashboard"), place.path("p1reader.yml"));
        let (log, pid) = (place.path("log"), place.path("pid"));
        // The shell writes its number down, then becomes the program.
        let command = format!(
            "sh -c 'echo $$ > {}; exec {} --config-file {} --log-file {}'; echo it ended with $?",
            pid.display(),
            program.display(),
            config.display(),
            log.display()
        );
        tmux.keys(&[&command, "Enter"]);
        tmux.wait_for("Waiting for the first telegram");
        let pid = fs::read_to_string(pid).unwrap();
        assert_listed(pid.trim().parse().unwrap(), "p1dashboard.1");
        let kill = format!("kill -{signal} {}", pid.trim());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
        let after = tmux.wait_for("it ended with 0");
        assert!(!after.contains("Waiting"), "{after}");
        assert!(log.exists());
    }
}

#[test]
fn a_page_is_printed_once_from_the_network() {
    let Household { place, mut meter, listener, .. } = Household::start();
    let page = std::thread::scope(|scope| {
        let page = scope.spawn(|| once(&place, &["--language", "nl", "--ascii"]));
        let is_finished = || page.is_finished().then_some(());
        meter.send_until("the page", &telegram(423), is_finished);
        page.join().unwrap()
    });
    assert_eq!(page.status.code(), Some(0), "{page:?}");
    let text = String::from_utf8(page.stdout).unwrap();
    assert!(text.contains("afname 423 W") && text.is_ascii(), "{text}");
    assert!(page.stderr.is_empty(), "{}", String::from_utf8_lossy(&page.stderr));
    listener.stop();
}

#[test]
fn a_recording_is_printed_as_it_ends() {
    let place = Place::new();
    place.config();
    let file = place.path("telegrams");
    fs::write(&file, [telegram(1), telegram(2), telegram(345)].concat()).unwrap();
    let page = once(&place, &["--input", file.to_str().unwrap()]);
    assert_eq!(page.status.code(), Some(0), "{page:?}");
    let text = String::from_utf8(page.stdout).unwrap();
    assert!(text.contains("import 345 W") && text.contains("received 3"), "{text}");
    assert!(text.lines().count() <= 24 && text.lines().all(|line| line.chars().count() <= 80));
}

#[test]
fn what_cannot_be_is_said_before_the_terminal_is_taken() {
    let place = Place::new();
    place.config();
    for (arguments, status, said) in [
        (&["--input", "/no/such/file"][..], 64, "--once"),
        (&["--once", "--input", "/no/such/file"], 74, "/no/such/file"),
        (&["--once", "--log-file", "/no/such/file"], 74, "/no/such/file"),
        (&["--speed", "2"], 64, "--input"),
        (&["--language", "fr"], 64, "nl"),
    ] {
        let output = place.program("p1dashboard").args(arguments).output().unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {errors}");
        assert!(errors.contains(said) && output.stdout.is_empty(), "{arguments:?}: {errors}");
    }
}
