//! `p1reader` when it is killed, and when the power of its card is cut: whole rows, in order, once.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::Signal;

use crate::reader::{Publisher, START, in_utc, recorded};
use crate::support::{Place, wait_for};

/// How often the reader is killed. Each time at another moment of its work.
const KILLS: u32 = 12;

/// What `p1reader --debug` says of each telegram, and of nothing else.
const RECORDED: &str = "recorded telegram ";

/// Every line of the files of a folder is whole, and of the form of its output.
fn assert_whole(folder: &Path) {
    for file in files(folder) {
        let name = file.file_name().unwrap().to_str().unwrap();
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.is_empty() || text.ends_with('\n'), "{name} has an unfinished line");
        let is_whole = |line: &str| match name.split('-').next() {
            Some("details") => line.split(';').count() >= 37,
            Some("day" | "interval") => line.split(',').count() == 9,
            Some("log") => line.split(':').count() == 7,
            _ => true,
        };
        if let Some(line) = text.lines().find(|line| !is_whole(line)) {
            panic!("{name}: {line}");
        }
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let is_ours = |path: &PathBuf| path.extension().is_some_and(|end| end == "csv" || end == "log");
    entries.filter(is_ours).collect()
}

#[test]
fn a_reader_that_is_killed_loses_what_was_not_written_and_nothing_else() {
    let place = Place::new();
    // A flush now and then, by signal: so it is known what must be there.
    place.config_with("p1_reader_details: {flush_period: 86400}");
    let mut publisher = Publisher::new(&place);
    let mut sent = 0;
    let mut safe = Vec::new();
    for round in 0..KILLS {
        let reader = in_utc(&place, &["--debug"]);
        for _ in 0..40 {
            publisher.publish(START + i64::from(sent), sent);
            sent += 1;
        }
        reader.wait_for_logs(40, RECORDED);
        reader.signal(Signal::USR1);
        if round % 3 > 0 {
            safe.extend(sent - 40..sent);
            wait_for("the rows", || (recorded(&place).last() == safe.last()).then_some(()));
        }
        // It may be in the middle of writing: many rows take it a while.
        reader.signal(Signal::USR1);
        reader.signal(Signal::KILL);
        drop(reader);
        let rows = recorded(&place);
        assert!(rows.is_sorted_by(|one, next| one < next), "{rows:?}");
        assert!(safe.iter().all(|row| rows.contains(row)), "{safe:?} are not all in {rows:?}");
        safe = rows;
    }
    in_utc(&place, &[]).stop();
    assert_whole(place.folder.path());
    assert!(place.files(".").is_empty(), "{:?}", place.files("."));
}

#[test]
fn what_a_power_cut_leaves_is_put_in_order_at_the_start() {
    let place = Place::new();
    place.config();
    let torn = [
        (
            "details-20261121.csv",
            "datum;1-3:0.2.8\ndatum;version;\n21-11-2026 23:59:58;50;\n21-11-2026 23:5",
        ),
        (
            "day-20261121.csv",
            "2026-11-21 23:55:00, 1,    2,    3,    4,    5,    6,    7,    8\n2026-11",
        ),
        ("log-2026-W47.log", "1795330010:1.000:2.000:3.000 : 4.000:5.000:6.000\n17953\0\0\0"),
    ];
    for (name, text) in torn {
        fs::write(place.path(name), text).unwrap();
    }
    for name in
        [".details-20261121.csv.tmp", ".interval-20261121-235500.csv.tmp", ".lastm.html.tmp"]
    {
        fs::write(place.path(name), "half").unwrap();
    }
    let reader = in_utc(&place, &[]);
    wait_for("the end of the leftovers", || place.files(".").is_empty().then_some(()));
    for (name, text) in torn {
        let whole = &text[..=text.rfind('\n').unwrap()];
        assert_eq!(fs::read_to_string(place.path(name)).unwrap(), whole);
    }
    assert_eq!(reader.log().matches("its last line was torn").count(), 3, "{}", reader.log());
    reader.stop();
}

/// An ext4 file system of its own on a loop device, mounted.
struct Card {
    folder: PathBuf,
    image: PathBuf,
}

impl Card {
    fn new(place: &Place) -> Self {
        let card = Self { folder: place.path("card"), image: place.path("card.img") };
        fs::create_dir(&card.folder).unwrap();
        fs::File::create(&card.image).unwrap().set_len(64 << 20).unwrap();
        assert!(run("mkfs.ext4", &["-q", "-F", card.image.to_str().unwrap()]));
        assert!(mount(&card.image, &card.folder));
        card
    }

    /// What a card holds whose power is cut now, mounted on `folder`.
    fn cut(&self, folder: &Path) {
        let copy = folder.with_extension("img");
        fs::copy(&self.image, &copy).unwrap();
        fs::create_dir(folder).unwrap();
        assert!(mount(&copy, folder));
    }
}

impl Drop for Card {
    fn drop(&mut self) {
        run("umount", &[self.folder.to_str().unwrap()]);
    }
}

fn run(program: &str, arguments: &[&str]) -> bool {
    let output = Command::new(program).args(arguments).output();
    output.is_ok_and(|output| output.status.success())
}

fn mount(image: &Path, folder: &Path) -> bool {
    run("mount", &["-o", "loop", image.to_str().unwrap(), folder.to_str().unwrap()])
}

#[test]
#[ignore = "needs root and loop devices"]
fn a_card_whose_power_is_cut_has_all_rows_that_were_flushed() {
    let place = Place::new();
    let card = Card::new(&place);
    let rows = |folder: &Path| -> usize {
        let details =
            files(folder).into_iter().filter(|path| path.to_str().unwrap().contains("/details-"));
        details.map(|path| fs::read_to_string(path).unwrap().matches("22-11-2026").count()).sum()
    };
    place.config_in(&card.folder, 86_400);
    let reader = in_utc(&place, &["--debug"]);
    let mut publisher = Publisher::new(&place);
    let mut publish = |seconds: std::ops::Range<u32>| {
        publisher.publish_all(&reader, START + i64::from(seconds.start), seconds);
    };
    publish(0..700);
    reader.signal(Signal::USR1);
    wait_for("the rows", || (rows(&card.folder) == 700).then_some(()));
    // That these are taken tells that the flush is over; they wait for the next one.
    publish(700..750);
    let cut = place.path("cut");
    card.cut(&cut);
    reader.stop();
    assert_eq!(rows(&card.folder), 750);
    assert_eq!(rows(&cut), 700);
    place.config_in(&cut, 86_400);
    in_utc(&place, &[]).stop();
    assert_whole(&cut);
    assert_eq!(rows(&cut), 700);
    let outputs = ["details", "interval", "day", "weekly", "history"];
    assert_eq!(files(&cut).len(), outputs.len(), "{outputs:?}: {:?}", files(&cut));
    assert!(run("umount", &[cut.to_str().unwrap()]));
}

#[test]
#[ignore = "needs root and loop devices"]
fn a_card_that_is_nearly_full_is_not_filled_and_its_rows_are_kept() {
    let place = Place::new();
    let card = Card::new(&place);
    place.config_in(&card.folder, 1);
    let config = fs::read_to_string(place.path("p1reader.yml")).unwrap();
    let keep = |megabytes: u32| {
        let config = config.replace("min_free: 0", &format!("min_free: {megabytes}"));
        fs::write(place.path("p1reader.yml"), config).unwrap();
    };
    keep(100);
    let reader = in_utc(&place, &["--debug"]);
    let mut publisher = Publisher::new(&place);
    for second in 0..20 {
        publisher.publish(START + i64::from(second), second);
    }
    reader.wait_for_log("details: cannot write");
    reader.wait_for_logs(20, RECORDED);
    assert!(files(&card.folder).is_empty());
    assert!(reader.log().contains("expected at least 100 MB of free space"), "{}", reader.log());
    keep(0);
    reader.signal(Signal::HUP);
    let details = card.folder.join("details-20261122.csv");
    let lines = || fs::read_to_string(&details).unwrap_or_default().lines().count();
    wait_for("the rows", || (lines() == 2 + 20).then_some(()));
    assert_eq!(reader.log().matches("details: cannot write").count(), 1, "{}", reader.log());
    reader.stop();
}
