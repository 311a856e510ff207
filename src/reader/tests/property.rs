//! Whatever happens, the details are the telegrams: in order, each once.

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Step {
    /// So many seconds later (or earlier) a telegram comes, perhaps with a further object.
    Telegram(i64, Option<u8>),
    /// So many seconds later the clock ticks.
    Tick(i64),
    Flush,
    DiskFull(bool),
    /// The program ends and begins again; where the disk is full, rows would be lost.
    Restart,
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
        1 => Just(Step::Restart),
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

proptest! {
    #[test]
    fn details_are_the_telegrams_in_order_each_once(
        start in 1_792_800_000i64..1_793_000_000,
        steps in prop::collection::vec(step(), 1..80),
    ) {
        let (mut recorder, storage) = recorder(&settings());
        let (mut time, mut now, mut is_full) = (start, start, false);
        let mut expected = BTreeMap::<String, Vec<_>>::new();
        for (number, step) in steps.into_iter().enumerate() {
            match step {
                Step::Telegram(gap, further) => {
                    time += gap;
                    let number = number.to_string();
                    let code = further.map(|code| format!("0-9:{code}.0.0"));
                    let mut objects = vec![("1-0:1.8.1", &*number), ("1-0:1.7.0", "1")];
                    objects.extend(code.as_deref().map(|code| (code, &*number)));
                    recorder.record(&message(time, &objects));
                    let day = Amsterdam.local(at(time)).format("/v/details-%Y%m%d.csv");
                    let further = code.map(|code| (code, number.clone()));
                    let row = (number.clone(), further.into_iter().collect());
                    expected.entry(day.to_string()).or_default().push(row);
                }
                Step::Tick(gap) => {
                    now += gap;
                    recorder.tick(at(now));
                }
                Step::Flush => recorder.flush(),
                Step::DiskFull(full) => {
                    is_full = full;
                    storage.set_full(full);
                }
                Step::Restart if is_full => {}
                Step::Restart => {
                    recorder.finish();
                    recorder = Recorder::new(&settings(), storage.clone(), Amsterdam);
                }
            }
        }
        storage.set_full(false);
        recorder.finish();
        let details = storage.paths().into_iter().filter(|path| path.contains("details"));
        let found: BTreeMap<_, _> = details.map(|path| (path.clone(), rows(&storage.text(&path)))).collect();
        prop_assert_eq!(found, expected);
    }
}
