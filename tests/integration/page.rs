//! The page of `p1reader` in a browser: at the size of a telephone, of a tablet on the wall and of a
//! desk, nothing sticks out of it.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use chrono::NaiveDateTime;
use p1_multicast::config::{Config, Language};
use p1_multicast::message::{Message, Value};
use p1_multicast::reader::{DiskStorage, Recorder, Zone};
use p1_multicast::telegram::{Decimal, Timestamp};

/// 2026-11-22 11:00:00 UTC.
const START: i64 = 1_795_345_200;

/// Width and height of the screens, in CSS pixels.
const SCREENS: [(u32, u32); 6] =
    [(320, 568), (390, 844), (768, 1024), (960, 600), (1280, 800), (1920, 1080)];

struct Utc;

impl Zone for Utc {
    fn local(&self, time: Timestamp) -> NaiveDateTime {
        chrono::DateTime::from_timestamp(time.seconds(), 0).unwrap().naive_utc()
    }
}

/// A telegram of this second with these powers, and a text that is as long as they get.
fn message(second: i64, power_in: i64, power_out: i64) -> Message {
    let mut message = Message::parse(include_bytes!("../data/esmr50-three-phase.json")).unwrap();
    message.meta.frame_start = Timestamp::from_seconds(second);
    for (code, value) in [("1-0:1.7.0", power_in), ("1-0:2.7.0", power_out)] {
        let place = message.telegram.iter_mut().find(|(known, _)| known == code);
        place.unwrap().1 = Value::Number(Decimal::from(value));
    }
    let peak = [
        ("1-0:1.6.0.A", Value::Text("261105181500W".into())),
        ("1-0:1.6.0.B", Value::Number(Decimal::from(17_250))),
    ];
    message.telegram.extend(peak.map(|(code, value)| (code.to_owned(), value)));
    message
}

/// Power in and out of a household with sun at this second, W; `None` in a gap.
type Household = fn(i64) -> Option<(i64, i64)>;

/// What happened, by name: how long telegrams came, how long they have not, and what they said.
const CASES: [(&str, i64, i64, Household); 5] = [
    ("none", 0, 0, |_| None),
    ("day", 1230, 2, |second| {
        let kettle = if (300..480).contains(&second) { 17_000 } else { 0 };
        let sun = 2400 - (second - 700).abs() * 3;
        let net = 350 + second * 37 % 90 + kettle - sun.max(0);
        Some((net.max(0), (-net).max(0)))
    }),
    ("gaps", 1230, 2, |second| (second % 400 > 130).then_some((17_250 + second % 250, 0))),
    ("export", 1230, 2, |second| Some((0, 3000 + second * 7 % 400))),
    ("silent", 900, 400, |second| Some((400 + second % 99, 0))),
];

/// Writes the page of each case in each language.
fn pages(folder: &Path) -> Vec<PathBuf> {
    let mut pages = Vec::new();
    for (name, seconds, silence, household) in CASES {
        for (language, suffix) in [(Language::Dutch, "nl"), (Language::English, "en")] {
            let page = folder.join(format!("{name}-{suffix}.html"));
            let mut config = Config::default();
            config.html_report.filename.clone_from(&page);
            config.html_report.language = language;
            for output in [
                &mut config.p1_reader_details,
                &mut config.p1_reader_interval,
                &mut config.p1_reader_day,
                &mut config.p1_reader_history,
            ] {
                output.enabled = false;
            }
            config.weekly_log.enabled = false;
            let mut recorder = Recorder::new(&config, DiskStorage::default(), Utc);
            recorder.tick(Timestamp::from_seconds(START));
            for second in 0..seconds {
                recorder.tick(Timestamp::from_seconds(START + second));
                if let Some((power_in, power_out)) = household(second) {
                    recorder.record(&message(START + second, power_in, power_out));
                }
            }
            recorder.tick(Timestamp::from_seconds(START + seconds + silence));
            recorder.flush();
            pages.push(page);
        }
    }
    pages
}

fn chromium(folder: &Path) -> Command {
    let mut command = Command::new("chromium");
    command
        .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"])
        .arg(format!("--user-data-dir={}", folder.join("profile").display()));
    command
}

/// A page that shows `pages` in frames of the sizes of all screens, and says what sticks out of them.
fn wrapper(pages: &[(String, String)]) -> String {
    let mut frames = String::new();
    for (name, html) in pages {
        let html = html.replace('&', "&amp;").replace('"', "&quot;");
        for (width, height) in SCREENS {
            writeln!(
                frames,
                "<iframe title=\"{name} {width}\" width={width} height={height} srcdoc=\"{html}\"></iframe>"
            )
            .unwrap();
        }
    }
    format!(
        "<!DOCTYPE html><meta charset=\"utf-8\"><body>{frames}<pre></pre><script>{}</script>",
        r#"
        onload = function () {
          let found = "checked " + document.querySelectorAll("iframe").length + " pages\n";
          for (const frame of document.querySelectorAll("iframe")) {
            const page = frame.contentDocument, width = page.documentElement.clientWidth;
            const say = (what, element) => found += "OUT " + frame.title + ": " + what + " " +
              element.outerHTML.slice(0, 120) + "\n";
            if (page.documentElement.scrollWidth > width) { say("scrolls", page.body); }
            for (const element of page.querySelectorAll("body *")) {
              if (element.closest(".history, svg, script")) { continue; }
              const box = element.getBoundingClientRect();
              if (box.left < -0.5 || box.right > width + 0.5) { say("leaves the page", element); }
              const block = getComputedStyle(element).display !== "inline";
              if (block && element.scrollWidth > element.clientWidth + 1 &&
                  !element.classList.contains("graph")) {
                say("is too narrow for", element);
              }
            }
          }
          document.querySelector("pre").textContent = found;
          document.querySelectorAll("iframe").forEach(frame => frame.remove());
        };
        "#
    )
}

/// What the browser found sticking out of these pages.
fn sticking_out(folder: &Path, pages: &[(String, String)]) -> String {
    let file = folder.join("wrapper.html");
    fs::write(&file, wrapper(pages)).unwrap();
    let out = chromium(folder)
        .args(["--window-size=2000,1200", "--dump-dom"])
        .arg(format!("file://{}", file.display()))
        .output()
        .unwrap();
    let dom = String::from_utf8(out.stdout).unwrap();
    let (_, found) = dom.split_once("<pre>").expect(&dom);
    let found = found.split_once("</pre>").unwrap().0.to_owned();
    let expected = format!("checked {} pages\n", pages.len() * SCREENS.len());
    found.strip_prefix(&expected).expect(&found).to_owned()
}

#[test]
#[ignore = "needs chromium"]
fn nothing_sticks_out_of_the_page_on_any_screen() {
    let folder = tempfile::tempdir().unwrap();
    let pages = pages(folder.path());
    let read = |page: &PathBuf| {
        let name = page.file_name().unwrap().to_str().unwrap().to_owned();
        (name, fs::read_to_string(page).unwrap())
    };
    let pages: Vec<_> = pages.iter().map(read).collect();
    assert_eq!(sticking_out(folder.path(), &pages), "");
    // The check itself can fail.
    let (name, html) = &pages[2];
    let wide = html.replace("<h1>", "<h1 style=\"width: 1100px\">");
    let found = sticking_out(folder.path(), &[(name.clone(), wide)]);
    assert!(found.contains("OUT day-nl.html 390: scrolls"), "{found}");
    assert!(!found.contains("1920"), "{found}");
}
