//! Full disks, restarts, telegrams that lack something.

use super::*;

#[test]
fn a_full_disk_loses_no_row_and_is_written_when_there_is_room() {
    let (mut recorder, storage) = recorder(&settings());
    let mut healthy = super::recorder(&settings());
    storage.set_full(true);
    for second in MIDNIGHT + 1..MIDNIGHT + 4000 {
        for recorder in [&mut recorder, &mut healthy.0] {
            recorder.tick(at(second));
            recorder.record(&power(second, second % 1000));
        }
    }
    assert_eq!(storage.paths(), [""; 0]);
    assert_eq!(recorder.trouble(), "; cannot write interval, details, day, history, weekly, html");
    storage.set_full(false);
    for recorder in [&mut recorder, &mut healthy.0] {
        recorder.tick(at(MIDNIGHT + 4020));
        assert_eq!(recorder.trouble(), "");
    }
    let day = storage.text("/v/day-20261123.csv");
    assert_eq!(day.lines().count(), 13, "retried a minute later, not an hour");
    recorder.finish();
    healthy.0.finish();
    let whole = |storage: &MemoryStorage, part: &str| -> String {
        let paths = storage.paths().into_iter().filter(|path| path.contains(part));
        paths.map(|path| storage.text(&path)).collect()
    };
    for part in ["details", "day", "interval", "W48", "lastm"] {
        assert_eq!(whole(&storage, part), whole(&healthy.1, part), "{part}");
    }
}

#[test]
fn a_disk_with_little_room_is_not_filled_and_its_rows_are_kept() {
    let settings = Config { p1_reader: P1Reader { min_free: 100 }, ..settings() };
    let (mut recorder, storage) = recorder(&settings);
    storage.set_free(Some(99_999_999));
    recorder.record(&power(MIDNIGHT, 1));
    recorder.flush();
    assert_eq!(
        storage.paths(),
        ["/run/lastm.html"],
        "the page is replaced, so it takes no more room"
    );
    storage.set_free(Some(100_000_000));
    recorder.flush();
    assert!(storage.paths().contains(&"/v/details-20261123.csv".to_owned()));
    assert_eq!(storage.text("/v/details-20261123.csv").lines().count(), 3);
}

#[test]
fn what_a_kill_left_behind_is_put_in_order_at_the_start() {
    let (mut recorder, storage) = recorder(&settings());
    storage.put("/v/details-20261122.csv", "datum\n1\n2");
    storage.put("/v/2026-W47.log", "1:2\n3");
    for left in ["/v/.details-20261122.csv.tmp", "/v/.interval-20261122-000000.csv.tmp"] {
        storage.put(left, "half");
    }
    storage.put("/run/.lastm.html.tmp", "half");
    recorder.tick(at(MIDNIGHT));
    assert_eq!(storage.paths(), ["/v/2026-W47.log", "/v/details-20261122.csv"]);
    assert_eq!(storage.text("/v/details-20261122.csv"), "datum\n1\n");
    assert_eq!(storage.text("/v/2026-W47.log"), "1:2\n");
}

#[test]
fn one_output_that_fails_does_not_stop_the_others() {
    #[derive(Clone)]
    struct NoDetails(MemoryStorage);
    impl Storage for NoDetails {
        fn truncate_torn_line(&mut self, path: &Path) -> io::Result<u64> {
            self.0.truncate_torn_line(path)
        }
        fn append(&mut self, path: &Path, rows: &[u8]) -> io::Result<()> {
            match path.to_str() {
                Some("/v/details-20261122.csv") => Err(io::ErrorKind::IsADirectory.into()),
                _ => self.0.append(path, rows),
            }
        }
        fn head(&mut self, path: &Path, lines: usize) -> io::Result<Vec<u8>> {
            self.0.head(path, lines)
        }
        fn replace_header(&mut self, path: &Path, length: u64, head: &[u8]) -> io::Result<()> {
            self.0.replace_header(path, length, head)
        }
        fn create(&mut self, path: &Path, content: &[u8]) -> io::Result<()> {
            self.0.create(path, content)
        }
        fn replace_volatile(&mut self, path: &Path, content: &[u8]) -> io::Result<()> {
            self.0.replace_volatile(path, content)
        }
        fn exists(&mut self, path: &Path) -> io::Result<bool> {
            self.0.exists(path)
        }
        fn names(&mut self, folder: &Path) -> io::Result<Vec<OsString>> {
            self.0.names(folder)
        }
        fn remove(&mut self, path: &Path) -> io::Result<()> {
            self.0.remove(path)
        }
        fn free(&mut self, folder: &Path) -> io::Result<Option<u64>> {
            self.0.free(folder)
        }
    }
    let storage = MemoryStorage::default();
    let mut recorder = Recorder::new(&settings(), NoDetails(storage.clone()), Amsterdam);
    for second in [MIDNIGHT - 10, MIDNIGHT] {
        recorder.record(&power(second, 1));
    }
    recorder.flush();
    assert_eq!(
        storage.paths(),
        [
            "/run/lastm.html",
            "/v/2026-W47.log",
            "/v/2026-W48.log",
            "/v/day-20261123.csv",
            "/v/details-20261123.csv",
            "/v/history-2026.csv",
            "/v/interval-20261123-000000.csv"
        ]
    );
}

#[test]
fn a_restart_continues_the_files_of_the_day() {
    let storage = MemoryStorage::default();
    for (second, objects) in [
        (1, [("1-0:1.8.1", "1"), ("1-0:1.7.0", "1"), ("x", "7")]),
        (2, [("1-0:1.8.1", "2"), ("y", "8"), ("1-0:1.7.0", "2")]),
    ] {
        let mut recorder = Recorder::new(&settings(), storage.clone(), Amsterdam);
        recorder.record(&message(MIDNIGHT + second, &objects));
        recorder.finish();
    }
    let details = storage.text("/v/details-20261123.csv");
    let lines: Vec<_> = details.lines().collect();
    assert_eq!(lines.len(), 4);
    assert!(lines[0].ends_with(";x;y") && lines[1].ends_with(";x;y;"));
    assert!(lines[2].ends_with(";7;") && lines[3].ends_with(";;8;"));
    assert_eq!(storage.text("/v/day-20261123.csv").lines().count(), 2);
}

#[test]
fn a_file_that_was_renamed_between_flushes_begins_again_with_its_header() {
    let (mut recorder, storage) = recorder(&settings());
    recorder.record(&power(MIDNIGHT + 1, 1));
    recorder.flush();
    let first = storage.text("/v/details-20261123.csv");
    storage.clone().remove(Path::new("/v/details-20261123.csv")).unwrap();
    recorder.record(&power(MIDNIGHT + 1, 1));
    recorder.flush();
    assert_eq!(storage.text("/v/details-20261123.csv"), first);
}

#[test]
fn a_meter_without_tariffs_is_recorded_by_its_only_registers() {
    let (mut recorder, storage) = recorder(&settings());
    for second in [10, 20] {
        let objects = [
            ("1-0:1.8.0", "7805332"),
            ("1-0:2.8.0", "3"),
            ("1-0:1.7.0", "870"),
            ("1-0:2.7.0", "5"),
        ];
        recorder.record(&message(MIDNIGHT + second, &objects));
    }
    recorder.finish();
    assert_eq!(
        storage.text("/v/day-20261123.csv"),
        "2026-11-23 00:00:20, 7805332,  870,  870,  870,    3,    5,    5,    5\n"
    );
    assert_eq!(
        storage.text("/v/2026-W48.log").lines().next(),
        Some("1795388410:7805332.000:  0.000:870.000 :   3.000:  0.000:5.000")
    );
    let details = storage.text("/v/details-20261123.csv");
    let lines: Vec<_> = details.lines().collect();
    assert!(lines[0].ends_with(";0-1:24.2.1.B;1-0:1.8.0;1-0:2.8.0"), "{details}");
    assert!(lines[2].ends_with(";;7805332;3;"), "{details}");
}

#[test]
fn a_telegram_without_energy_is_in_the_details_and_on_the_page_only() {
    let (mut recorder, storage) = recorder(&settings());
    recorder.record(&message(MIDNIGHT, &[("0-1:24.2.1.B", "12")]));
    recorder.finish();
    assert_eq!(storage.paths(), ["/run/lastm.html", "/v/details-20261123.csv"]);
}

#[test]
fn a_period_ends_and_a_line_is_due_also_where_the_telegram_on_the_multiple_lacks_energy() {
    let (mut recorder, storage) = recorder(&settings());
    for second in 1..=601 {
        let telegram = match second {
            300 => message(MIDNIGHT + second, &[("0-1:24.2.1.B", "12")]),
            _ => power(MIDNIGHT + second, second),
        };
        recorder.record(&telegram);
    }
    recorder.finish();
    let day = storage.text("/v/day-20261123.csv");
    let ends: Vec<_> = day.lines().map(|line| &line[11..19]).collect();
    assert_eq!(ends, ["00:05:01", "00:10:00", "00:10:01"]);
    assert!(storage.text("/v/2026-W48.log").contains(&format!("{}:", MIDNIGHT + 301)));
}
