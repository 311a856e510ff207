//! The screen on cursive's puppet backend, as text. `UPDATE_GOLDEN=1` writes the golden files; look at
//! the difference.

use std::fmt::Write as _;
use std::path::Path;

use crossbeam_channel::{Receiver, Sender};
use cursive::Vec2;
use cursive::backends::puppet;
use cursive::backends::puppet::observed::{GraphemePart, ObservedScreen};
use cursive::event::{Event, Key, MouseButton, MouseEvent};
use cursive::reexports::crossbeam_channel;

use super::*;
use crate::dashboard::layout::{self, ASCII, DisplayOptions, Glyphs, UNICODE};
use crate::dashboard::source;
use crate::dashboard::state::{self, State, Window};
use crate::dashboard::terminal::Depth;
use crate::message::{Message, Translator, Value};
use crate::telegram::{Decimal, Policy, Timestamp};
use crate::tests::kinds::KINDS;
use crate::words::{DUTCH, ENGLISH, Words};

const SIZES: [(usize, usize); 3] = [(80, 24), (120, 40), (40, 12)];

/// 2026-11-22 07:52:36 Central European winter time, as the telegrams of the tests have it.
const START: i64 = 1_795_330_356;

fn winter_time(time: Timestamp) -> chrono::NaiveDateTime {
    let utc = chrono::DateTime::from_timestamp(time.seconds() + 3600, 0).unwrap_or_default();
    utc.naive_utc()
}

/// The message of a file of raw telegrams in tests/data, after changes to its text.
fn message(file: &str, changes: &[(&str, &str)]) -> Message {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(file);
    let mut text = std::fs::read_to_string(path).unwrap().replace('\n', "\r\n");
    for (old, new) in changes {
        assert!(text.contains(old), "{old}");
        text = text.replace(old, new);
    }
    let mut translator = Translator::new(Policy::Ignore, Some("pi".into()));
    let datagram = translator.feed(&mut text.as_bytes(), Timestamp::from_seconds(START));
    Message::parse(datagram.unwrap().unwrap().json).unwrap()
}

struct Terminal {
    runner: CursiveRunner<Cursive>,
    screens: Receiver<ObservedScreen>,
    keys: Sender<Option<Event>>,
    size: Vec2,
    now: Instant,
    seconds: u64,
}

impl Terminal {
    fn new(
        (width, height): (usize, usize),
        words: &'static Words,
        glyphs: &'static Glyphs,
    ) -> Self {
        let now = Instant::now();
        let state = State::new(None, winter_time, now);
        let window = Window::default();
        let display = DisplayOptions { words, glyphs, kilowatts: false, window, fuse: None };
        let origin = ("224.7.2.1 : 52001".to_owned(), LookBack::new("/no/h-YEAR.csv".into()));
        let screen = Screen::new(state, display, Depth::Many, origin, now, windows::open);
        let size = Vec2::new(width, height);
        let backend = puppet::Backend::init(Some(size));
        let (screens, keys) = (backend.stream(), backend.input());
        let mut runner = cursive(screen).into_runner(backend);
        runner.refresh();
        Self { runner, screens, keys, size, now, seconds: 0 }
    }

    fn on_screen<R>(&mut self, act: impl FnOnce(&mut Screen) -> R) -> R {
        self.runner.call_on_name(SCREEN, act).unwrap()
    }

    /// A second goes by, and this telegram comes, numbered and timed to fit.
    fn take(&mut self, mut message: Message) {
        self.wait(1);
        let time = Timestamp::from_seconds(START + i64::try_from(self.seconds).unwrap() - 1);
        message.meta.frame_number = self.seconds;
        (message.meta.frame_start, message.meta.frame_end) = (time, time);
        let now = self.now;
        let address = ([192, 168, 1, 5], 40_000).into();
        let from = Some(state::Sender { address, lost: 0, duplicates: 0 });
        self.on_screen(|screen| {
            screen.take(source::Event::Telegram(Box::new(message), from), now);
        });
    }

    /// A minute of telegrams: power that rises and falls from -500 to 2500 W around a meter's own.
    fn take_minute(&mut self, last: &Message) {
        for second in 0..60 {
            let watts = if second == 59 { None } else { Some((second * 53) % 3000 - 500) };
            let mut message = last.clone();
            for (key, value) in &mut message.telegram {
                match (key.as_str(), watts) {
                    ("1-0:1.7.0", Some(watts)) => *value = number(watts.max(0)),
                    ("1-0:2.7.0", Some(watts)) => *value = number((-watts).max(0)),
                    _ => {}
                }
            }
            self.take(message);
        }
    }

    fn wait(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
        self.seconds += seconds;
    }

    fn press(&mut self, event: impl Into<Event>) {
        self.keys.send(Some(event.into())).unwrap();
        self.keys.send(None).unwrap();
        while !self.keys.is_empty() {
            self.runner.process_events();
        }
    }

    fn type_in(&mut self, text: &str) {
        text.chars().for_each(|c| self.press(c));
    }

    fn text(&mut self) -> String {
        let (now, size) = (self.now, self.size);
        self.on_screen(|screen| screen.update(now, size));
        self.runner.refresh();
        let screen = self.screens.try_iter().last().unwrap();
        let mut text = String::new();
        for y in 0..self.size.y {
            let row = (0..self.size.x).map(|x| match &screen[Vec2::new(x, y)] {
                Some(cell) => match &cell.letter {
                    GraphemePart::Begin(letter) => letter.clone(),
                    GraphemePart::Continuation => String::new(),
                },
                None => " ".into(),
            });
            text += row.collect::<String>().trim_end();
            text.push('\n');
        }
        text
    }
}

fn number(watts: i64) -> Value {
    Value::Number(Decimal::new(watts, 0))
}

/// The same frame at all sizes against its golden file.
fn assert_golden(name: &str, frame: impl Fn(&mut Terminal)) {
    let mut found = String::new();
    for (width, height) in SIZES {
        let mut terminal = Terminal::new((width, height), &ENGLISH, &UNICODE);
        frame(&mut terminal);
        writeln!(found, "=== {width} x {height}").unwrap();
        found += &terminal.text();
    }
    let file = format!("tests/data/dashboard-{name}.txt");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &found).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == golden, "expected {}:\n{golden}\nfound:\n{found}", path.display());
}

fn assert_meter(name: &str, file: &str, changes: &[(&str, &str)]) {
    let message = message(file, changes);
    assert_golden(name, |terminal| terminal.take_minute(&message));
}

#[test]
fn an_esmr_5_meter_with_three_phases_and_gas() {
    assert_meter("three-phase", "reading-nl-esmr5.txt", &[]);
}

#[test]
fn a_meter_with_one_phase() {
    assert_meter("one-phase", "reading-nl-dsmr42.txt", &[]);
}

#[test]
fn a_belgian_meter_with_peaks_gas_and_water() {
    assert_meter("belgian", "reading-be-fluvius.txt", &[]);
}

#[test]
fn a_swedish_meter() {
    assert_meter("swedish", "reading-se.txt", &[]);
}

#[test]
fn a_dsmr_2_2_meter() {
    assert_meter("dsmr22", "reading-nl-dsmr22.txt", &[]);
}

#[test]
fn a_heat_gateway_without_electricity() {
    assert_meter("heat", "reading-heat.txt", &[]);
}

#[test]
fn the_window_that_looks_back_says_where_the_history_comes_from_when_there_is_none() {
    let mut terminal = Terminal::new((80, 24), &ENGLISH, &UNICODE);
    terminal.take(message("reading-nl-esmr5.txt", &[]));
    terminal.press('h');
    assert!(terminal.text().contains("reading the history ..."));
    while !windows::update_past(&mut terminal.runner) {
        std::thread::yield_now();
    }
    let text = terminal.text();
    assert!(text.contains("no history on this machine: p1reader writes it"), "{text}");
    terminal.press('h');
    assert!(!terminal.text().contains("no history"));
}

#[test]
fn stale_data_says_so() {
    let message = message("reading-nl-esmr5.txt", &[]);
    assert_golden("stale", |terminal| {
        terminal.take_minute(&message);
        terminal.wait(252);
    });
}

#[test]
fn no_data_yet_says_what_to_check() {
    assert_golden("no-data", |terminal| {
        terminal.wait(12);
        let now = terminal.now;
        terminal.on_screen(|screen| screen.take(source::Event::Garbage(1), now));
    });
}

#[test]
fn a_failure_log_of_ten_entries() {
    let mut log = String::from("1-0:99.97.0(10)(0-0:96.7.19)");
    for entry in 0..10 {
        write!(log, "(26{:02}03101112S)({:010}*s)", entry % 6 + 4, 61 * (entry + 1)).unwrap();
    }
    let old = "1-0:99.97.0(3)(0-0:96.7.19)(260403101112S)(0000000240*s)(000101000001W)\
               (2147483647*s)(251231235959W)(0000004321*s)";
    let message = message("reading-nl-esmr5.txt", &[(old, &log)]);
    assert_golden("failures", |terminal| {
        terminal.take_minute(&message);
        terminal.press('l');
    });
}

#[test]
fn a_long_text_message() {
    let text = "Work on the grid in your street on 1 December from nine to four. ".repeat(15);
    let mut hex = String::new();
    text.bytes().for_each(|byte| write!(hex, "{byte:02X}").unwrap());
    let old = "0-0:96.13.0(4772696420776F726B206F6E203120446563)";
    let message = message("reading-nl-esmr5.txt", &[(old, &format!("0-0:96.13.0({hex})"))]);
    assert_golden("message", |terminal| terminal.take_minute(&message));
}

#[test]
fn hostile_text_in_any_field_is_harmless() {
    let hostile = "\u{1b}[2J\u{1b}]0;x\u{7}\u{9b}31m\r\n\t漢字\u{301}\u{202e}🔥\u{200d}\u{fe0f}ก็";
    let mut message = message("reading-nl-esmr5.txt", &[]);
    for (key, value) in &mut message.telegram {
        if let Value::Text(text) = value {
            if !key.starts_with("0-0:1.0.0") && !key.starts_with("0-1:24") {
                *text = hostile.repeat(3);
            }
        }
    }
    message.meta.source = Some(hostile.to_owned());
    message.telegram.push((hostile.to_owned(), Value::Text(hostile.to_owned())));
    for glyphs in [&UNICODE, &ASCII] {
        for size in [(80, 24), (120, 40), (40, 12), (20, 5), (1, 1)] {
            let mut terminal = Terminal::new(size, &ENGLISH, glyphs);
            terminal.take(message.clone());
            for key in ['?', 'q', 'l', 'q', 'o'] {
                let text = terminal.text();
                let harmless = |c: char| c == '\n' || (!c.is_control() && !('漢'..).contains(&c));
                assert!(text.chars().all(harmless), "{text:?}");
                assert!(text.lines().all(|line| line.chars().count() <= size.0), "{text}");
                terminal.press(key);
            }
        }
    }
}

#[test]
fn every_kind_of_telegram_is_shown_as_what_it_means() {
    for kind in KINDS {
        let mut terminal = Terminal::new((120, 40), &ENGLISH, &UNICODE);
        terminal.take(kind.message(START));
        terminal.take(kind.message(START));
        let text = terminal.text();
        for shown in kind.shown {
            assert!(text.contains(shown), "{}: {shown}\n{text}", kind.name);
        }
    }
}

#[test]
#[ignore = "needs ../shared"]
fn every_real_telegram_fits_every_size() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/telegrams");
    let files = std::fs::read_dir(&folder).unwrap();
    let mut shown = 0;
    for file in files.map(|file| file.unwrap().path()).filter(|path| path.is_file()) {
        let bytes = std::fs::read(&file).unwrap();
        let mut translator = Translator::new(Policy::Ignore, None);
        let time = Timestamp::from_seconds(START);
        let Some(Ok(datagram)) = translator.feed(&mut bytes.as_slice(), time) else { continue };
        let message = Message::parse(datagram.json).unwrap();
        let mut terminal = Terminal::new((80, 24), &DUTCH, &UNICODE);
        terminal.take(message.clone());
        terminal.take(message);
        assert!(!terminal.text().trim().is_empty(), "{}", file.display());
        for (width, height) in [(60, 16), (40, 12), (20, 5), (200, 60), (3, 2)] {
            let page = terminal.on_screen(|screen| layout::page(&screen.frame(), width, height));
            assert!(!page.text().trim().is_empty(), "{} {width}", file.display());
        }
        shown += 1;
    }
    eprintln!("{shown} telegrams shown");
    assert!(shown > 100);
}

#[test]
fn the_phases_fit_into_sixty_columns_and_a_narrow_high_screen_has_more_than_a_graph() {
    let message = message("reading-nl-esmr5.txt", &[]);
    for width in 60..=64 {
        let mut terminal = Terminal::new((width, 24), &DUTCH, &UNICODE);
        terminal.take_minute(&message);
        let text = terminal.text();
        let phase = text.lines().find(|line| line.starts_with("│ L1 ")).unwrap();
        assert!(phase.ends_with(" 8 % │") && phase.chars().count() == width, "{text}");
    }
    let mut terminal = Terminal::new((45, 30), &ENGLISH, &UNICODE);
    terminal.take_minute(&message);
    let text = terminal.text();
    for shown in ["229.8  230.1  231.0 V", "tariff 2 ●     4884.452      20.000", "total", "2.5k"]
    {
        assert!(text.contains(shown), "{shown}: {text}");
    }
}

#[test]
fn a_long_value_goes_on_below_its_column() {
    let message = message("reading-nl-esmr5.txt", &[]);
    let lines = layout::lists::objects(&message, "96.1.1", 72);
    let text: Vec<String> =
        lines.iter().map(|line| line.spans().map(|(_, text)| text.as_str()).collect()).collect();
    assert_eq!(text.len(), 2, "{text:?}");
    assert!(
        text[1].starts_with(&" ".repeat(50)) && text.iter().all(|line| line.chars().count() <= 72)
    );
    let narrow = layout::lists::objects(&message, "96.1.1", 40);
    assert!(narrow.iter().all(|line| line.width() <= 40) && narrow.len() >= 3, "{narrow:?}");
}

#[test]
fn keys_change_unit_language_window_and_hold_the_screen() {
    let message = message("reading-nl-esmr5.txt", &[]);
    let mut terminal = Terminal::new((80, 24), &ENGLISH, &UNICODE);
    terminal.take(message.clone());
    assert!(terminal.text().contains("export 613 W"));
    terminal.press('u');
    assert!(terminal.text().contains("export 0.613 kW"));
    terminal.press('n');
    assert!(terminal.text().contains("Vermogen"));
    terminal.press('w');
    assert!(terminal.text().contains("Laatste uur"));
    terminal.press('p');
    terminal.take(self::message("reading-nl-esmr5.txt", &[("(00.613*kW)", "(00.614*kW)")]));
    let held = terminal.text();
    assert!(held.contains("0.613 kW") && held.contains("PAUZE"), "{held}");
    terminal.press('p');
    assert!(terminal.text().contains("0.614 kW"));
}

#[test]
fn objects_can_be_searched_and_scrolled() {
    let mut terminal = Terminal::new((80, 24), &ENGLISH, &UNICODE);
    terminal.take(message("reading-nl-esmr5.txt", &[]));
    terminal.press('o');
    let all = terminal.text();
    assert!(all.contains("1-0:1.8.1 ") && !all.contains("0-1:24.2.1.B"), "{all}");
    terminal.press(Key::End);
    assert!(terminal.text().contains("0-1:24.2.1.B"));
    terminal.type_in("/voltage l");
    let found = terminal.text();
    assert!(found.contains("1-0:72.7.0") && !found.contains("1-0:1.8.1 "), "{found}");
    terminal.type_in("qqq");
    assert!(terminal.text().contains("nothing found"));
    terminal.press(Key::Esc);
    assert!(terminal.text().contains("Power"));
    terminal.press(Key::Esc);
    assert!(terminal.runner.is_running(), "one Esc too many does not quit");
    terminal.press('q');
    assert!(!terminal.runner.is_running());
}

#[test]
fn a_click_does_what_the_key_does() {
    let mut terminal = Terminal::new((80, 24), &ENGLISH, &UNICODE);
    terminal.take(message("reading-nl-esmr5.txt", &[]));
    terminal.text();
    let click = |x, y| Event::Mouse {
        offset: Vec2::zero(),
        position: Vec2::new(x, y),
        event: MouseEvent::Press(MouseButton::Left),
    };
    terminal.press(click(50, 3));
    assert!(terminal.text().contains("Last hour"));
    terminal.press(click(2, 23));
    assert!(terminal.text().contains("Keys"));
}

#[test]
fn another_meter_is_shown_by_a_key_and_said() {
    let mut terminal = Terminal::new((80, 24), &ENGLISH, &UNICODE);
    terminal.take(message("reading-nl-esmr5.txt", &[]));
    assert!(!terminal.text().contains("meter 1 of"));
    terminal.take(message("reading-se.txt", &[]));
    assert!(terminal.text().contains("meter 1 of 2"));
    terminal.press(Key::Tab);
    let text = terminal.text();
    assert!(text.contains("TST5NORDIC 6534") && text.contains("meter 2 of 2"), "{text}");
}

#[test]
fn a_page_is_drawn_again_only_when_it_differs() {
    let mut terminal = Terminal::new((80, 24), &ENGLISH, &UNICODE);
    let message = message("reading-nl-esmr5.txt", &[]);
    terminal.take(message);
    let (now, size) = (terminal.now, terminal.size);
    let millis = |n| now + Duration::from_millis(n);
    terminal.on_screen(|screen| {
        screen.update(now, size);
        assert!(!screen.is_due(millis(400)) && screen.is_due(millis(600)));
        assert!(!screen.update(millis(600), size), "nothing is older by a whole second");
        assert!(screen.update(millis(1500), size), "one second is");
    });
}
