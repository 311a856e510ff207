//! Whatever happens, the details are the telegrams: in order, each once; and what a kill costs is what
//! came since the last flush.

use proptest::prelude::*;

use super::*;
use crate::history::record::Record;

#[derive(Clone, Debug)]
enum Step {
    /// So many seconds later (or earlier) a telegram comes, perhaps with a further object.
    Telegram(i64, Option<u8>),
    /// So many seconds later the clock ticks.
    Tick(i64),
    Flush,
    DiskFull(bool),
    /// SIGHUP, with a configuration that is good.
    Reload,
    /// The program ends and begins again; where the disk is full, rows would be lost.
    Restart,
    /// The program is killed, perhaps in the middle of a row, and begins again.
    Kill(Option<u8>),
}

fn step() -> impl Strategy<Value = Step> {
    let gap = prop_oneof![
        8 => 1i64..12,
        2 => 200i64..4000,
        1 => 40_000i64..200_000,
        1 => -90_000i64..0,
    ];
    prop_oneof![
        10 => (gap.clone(), prop::option::weighted(0.2, 0u8..6))
            .prop_map(|(gap, further)| Step::Telegram(gap, further)),
        4 => gap.prop_map(Step::Tick),
        1 => Just(Step::Flush),
        1 => any::<bool>().prop_map(Step::DiskFull),
        1 => Just(Step::Reload),
        1 => Just(Step::Restart),
        1 => prop::option::of(any::<u8>()).prop_map(Step::Kill),
    ]
}

/// The rows of a details file: number, further objects that are not empty.
fn rows(text: &str) -> Vec<(String, Vec<(String, String)>)> {
    let mut lines = text.lines();
    let codes: Vec<_> = lines.next().unwrap().split(';').collect();
    assert!(lines.next().unwrap().starts_with("datum;version;"));
    let row = |line: &str| {
        let cells: Vec<_> = line.strip_suffix(';').unwrap().split(';').collect();
        let further = codes.iter().zip(&cells).skip(37);
        let further = further.filter(|(_, cell)| !cell.is_empty());
        let further = further.map(|(code, cell)| ((*code).to_owned(), (*cell).to_owned()));
        (cells[4].to_owned(), further.collect())
    };
    lines.map(row).collect()
}

type Rows = Vec<(String, Vec<(String, String)>)>;

/// The rows of all details files.
fn details(storage: &MemoryStorage) -> BTreeMap<String, Rows> {
    let paths = storage.paths().into_iter().filter(|path| path.contains("details-"));
    paths.map(|path| (path.clone(), rows(&storage.text(&path)))).collect()
}

/// A run of the recorder, and what should come of it.
struct Run {
    recorder: Recorder<MemoryStorage, Amsterdam>,
    storage: MemoryStorage,
    time: i64,
    now: i64,
    is_full: bool,
    expected: BTreeMap<String, Rows>,
    /// Numbers of the telegrams since the last moment at which all was written.
    since_flush: Vec<String>,
}

impl Run {
    fn new(start: i64) -> Self {
        let (mut recorder, storage) = recorder(&settings());
        recorder.tick(at(start));
        Self {
            recorder,
            storage,
            time: start,
            now: start,
            is_full: false,
            expected: BTreeMap::new(),
            since_flush: Vec::new(),
        }
    }

    fn step(&mut self, number: usize, step: &Step) {
        match *step {
            Step::Telegram(gap, further) => self.telegram(gap, number.to_string(), further),
            Step::Tick(gap) => {
                let before = self.now;
                self.now += gap;
                self.recorder.tick(at(self.now));
                if self.now.div_euclid(300) != before.div_euclid(300) {
                    self.written();
                }
            }
            Step::Flush => {
                self.recorder.flush();
                self.written();
            }
            Step::Reload => {
                self.recorder.reconfigure(&settings());
                self.written();
            }
            Step::DiskFull(full) => {
                self.is_full = full;
                self.storage.set_full(full);
            }
            Step::Restart if self.is_full => {}
            Step::Restart => {
                self.begin().finish();
                self.written();
            }
            Step::Kill(torn) => {
                self.kill(torn);
                drop(self.begin());
            }
        }
    }

    fn telegram(&mut self, gap: i64, number: String, further: Option<u8>) {
        self.time += gap;
        let code = further.map(|code| format!("0-9:{code}.0.0"));
        let mut objects = vec![("1-0:1.8.1", &*number), ("1-0:1.7.0", "1")];
        objects.extend(code.as_deref().map(|code| (code, &*number)));
        self.recorder.record(&message(self.time, &objects));
        let day = Amsterdam.local(at(self.time)).format("/v/details-%Y%m%d.csv").to_string();
        let further = code.map(|code| (code, number.clone()));
        let row = (number.clone(), further.into_iter().collect());
        self.expected.entry(day).or_default().push(row);
        self.since_flush.push(number);
    }

    fn written(&mut self) {
        if !self.is_full {
            self.since_flush.clear();
        }
    }

    /// A new recorder begins; gives the one before.
    fn begin(&mut self) -> Recorder<MemoryStorage, Amsterdam> {
        let new = Recorder::new(&settings(), self.storage.clone(), Amsterdam);
        let old = std::mem::replace(&mut self.recorder, new);
        // The first tick of a recorder only notes the time.
        self.recorder.tick(at(self.now));
        old
    }

    /// What was not written is lost, and nothing else; a write may have been half done.
    fn kill(&mut self, torn: Option<u8>) {
        let kept = details(&self.storage);
        for (file, rows) in &mut self.expected {
            let kept = kept.get(file).map_or(0, Vec::len);
            let lost = rows.split_off(kept);
            assert!(lost.iter().all(|(number, _)| self.since_flush.contains(number)), "{lost:?}");
        }
        self.expected.retain(|_, rows| !rows.is_empty());
        self.since_flush.clear();
        if let (Some(torn), Some((file, _))) = (torn, kept.last_key_value()) {
            let text = self.storage.text(file);
            let row = text.lines().last().unwrap_or_default();
            let half = &row[..usize::from(torn) % row.len()];
            self.storage.put(file, &format!("{text}{half}"));
        }
    }

    fn end(self) -> (MemoryStorage, BTreeMap<String, Rows>) {
        self.storage.set_full(false);
        self.recorder.finish();
        (self.storage, self.expected)
    }
}

proptest! {
    #[test]
    fn details_are_the_telegrams_in_order_each_once(
        start in 1_792_800_000i64..1_793_000_000,
        steps in prop::collection::vec(step(), 1..80),
    ) {
        let mut run = Run::new(start);
        for (number, step) in steps.into_iter().enumerate() {
            run.step(number, &step);
        }
        let (storage, expected) = run.end();
        prop_assert_eq!(details(&storage), expected);
        let lines = |part: &str| -> Vec<String> {
            let paths = storage.paths().into_iter().filter(|path| path.contains(part));
            paths.flat_map(|path| storage.text(&path).lines().map(str::to_owned).collect::<Vec<_>>()).collect()
        };
        for line in lines("day-").iter().chain(&lines("interval-")) {
            prop_assert!(Record::parse(line).is_some(), "{}", line);
        }
        prop_assert!(lines(".log").iter().all(|line| line.split(':').count() == 7));
    }
}
