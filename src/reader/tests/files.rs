//! When files are written, which ones, and which are removed.

use super::*;
use crate::runtime::captured_log;

#[test]
fn outputs_are_written_at_the_multiples_of_their_periods() {
    let (mut recorder, storage) = recorder(&settings());
    let mut written = BTreeMap::new();
    for second in MIDNIGHT + 1..MIDNIGHT + 3700 {
        recorder.tick(at(second));
        for path in storage.paths() {
            written.entry(path).or_insert(second - MIDNIGHT);
        }
        recorder.record(&power(second, 1));
    }
    let expected = [
        ("/run/lastm.html", 5),
        ("/v/2026-W48.log", 3600),
        ("/v/day-20261123.csv", 3600),
        ("/v/details-20261123.csv", 300),
        ("/v/history-2026.csv", 1200),
        ("/v/interval-20261123-001500.csv", 1200),
        ("/v/interval-20261123-003500.csv", 2400),
        ("/v/interval-20261123-005500.csv", 3600),
    ];
    let expected = expected.map(|(path, second)| (path.to_owned(), second));
    assert_eq!(written, BTreeMap::from(expected));
    let details = storage.text("/v/details-20261123.csv");
    assert_eq!(details.lines().count(), 2 + 3599, "rows up to the last multiple");
}

#[test]
fn nothing_is_written_between_flush_moments_nor_when_there_is_nothing_new() {
    let (mut recorder, storage) = recorder(&settings());
    recorder.tick(at(MIDNIGHT + 1));
    recorder.record(&power(MIDNIGHT + 1, 1));
    recorder.tick(at(MIDNIGHT + 4));
    assert_eq!(storage.writes(), 0);
    recorder.flush();
    let writes = storage.writes();
    assert_eq!(writes, 3, "details, history and page");
    recorder.flush();
    recorder.tick(at(MIDNIGHT + 90_001));
    assert_eq!(storage.writes(), writes + 1, "the page says that it is old");
    recorder.flush();
    recorder.tick(at(MIDNIGHT + 90_011));
    assert_eq!(storage.writes(), writes + 1, "and is the same for a minute");
}

#[test]
fn the_next_deadline_is_the_next_multiple() {
    let (mut recorder, _) = recorder(&settings());
    assert_eq!(recorder.next_deadline(at(MIDNIGHT)), Some(at(MIDNIGHT + 5)));
    assert_eq!(recorder.next_deadline(at(MIDNIGHT + 4)), Some(at(MIDNIGHT + 5)));
    recorder.reconfigure(&Config { p1_reader_day: settings().p1_reader_day, ..off() });
    assert_eq!(recorder.next_deadline(at(MIDNIGHT + 4)), Some(at(MIDNIGHT + 3600)));
    recorder.reconfigure(&off());
    assert_eq!(recorder.next_deadline(at(MIDNIGHT)), None);
}

#[test]
fn a_day_that_is_over_is_written_at_once() {
    let (mut recorder, storage) = recorder(&settings());
    recorder.tick(at(MIDNIGHT + 1));
    recorder.record(&power(MIDNIGHT - 1, 1));
    recorder.record(&power(MIDNIGHT + 1, 1));
    assert_eq!(recorder.next_deadline(at(MIDNIGHT + 1)), Some(at(MIDNIGHT + 1)));
    recorder.tick(at(MIDNIGHT + 1));
    assert!(storage.text("/v/details-20261122.csv").contains("23:59:59"));
    assert_eq!(recorder.next_deadline(at(MIDNIGHT + 1)), Some(at(MIDNIGHT + 5)));
}

#[test]
fn a_clock_that_jumps_to_and_fro_does_not_have_files_written_with_each_telegram() {
    let (mut recorder, storage) = recorder(&details_of_a_day());
    for second in 1..=240 {
        recorder.tick(at(MIDNIGHT + second));
        recorder.record(&power(MIDNIGHT + second - 3600 * (second % 2), 1));
    }
    assert!((1..=2 * 4).contains(&storage.writes()), "{}", storage.writes());
    recorder.finish();
    for day in ["20261122", "20261123"] {
        let details = storage.text(&format!("/v/details-{day}.csv"));
        assert_eq!(details.lines().count(), 2 + 120, "{day}");
    }
}

fn details_of_a_day() -> Config {
    Config { p1_reader_details: file("/v/details-DAY.csv", 86_400), ..off() }
}

#[test]
fn rows_do_not_wait_for_a_distant_flush_until_memory_is_full() {
    let (mut recorder, storage) = recorder(&details_of_a_day());
    let text = format!("'{}", "x".repeat(50_000));
    for second in 1..=300 {
        recorder.tick(at(MIDNIGHT + second));
        recorder.record(&message(MIDNIGHT + second, &[("0-0:96.13.0", &text)]));
    }
    recorder.finish();
    let details = storage.text("/v/details-20261123.csv");
    assert_eq!(details.lines().count(), 2 + 300);
}

#[test]
fn the_stop_writes_everything_and_ends_the_open_period() {
    let (mut recorder, storage) = recorder(&settings());
    for second in [10, 11, 20] {
        recorder.record(&power(MIDNIGHT + second, second));
    }
    recorder.finish();
    let record = "2026-11-23 00:00:20, 1000,   10,   13,   20,    0,    0,    0,    0\n";
    assert_eq!(storage.text("/v/day-20261123.csv"), record);
    assert_eq!(storage.text("/v/interval-20261123-000020.csv"), record);
    assert_eq!(storage.text("/v/2026-W48.log").lines().count(), 2);
    assert!(storage.text("/run/lastm.html").contains("p1reader is gestopt"));
}

#[test]
fn other_settings_leave_the_open_period_open() {
    let (mut recorder, storage) = recorder(&settings());
    recorder.record(&power(MIDNIGHT + 10, 10));
    recorder.reconfigure(&Config { p1_reader_day: file("/other/DAY.csv", 60), ..off() });
    recorder.record(&power(MIDNIGHT + 20, 20));
    recorder.finish();
    assert_eq!(
        storage.paths(),
        [
            "/other/20261123.csv",
            "/run/lastm.html",
            "/v/2026-W48.log",
            "/v/details-20261123.csv",
            "/v/history-2026.csv"
        ]
    );
    assert_eq!(
        storage.text("/other/20261123.csv"),
        "2026-11-23 00:00:20, 1000,   10,   15,   20,    0,    0,    0,    0\n"
    );
}

#[test]
fn meters_have_files_of_their_own_where_the_name_says_so() {
    let mut settings = settings();
    settings.p1_reader_details = file("/v/METER-DAY.csv", 300);
    settings.html_report.filename = "/run/METER.html".into();
    let (mut recorder, storage) = recorder(&settings);
    assert!(recorder.wants_all_meters());
    for (second, id) in [(10, "A"), (10, "B"), (20, "A"), (20, "B")] {
        let objects = [("0-0:96.1.1", id), ("1-0:1.8.0", "5"), ("1-0:1.7.0", "7")];
        recorder.record(&message(MIDNIGHT + second, &objects));
    }
    recorder.finish();
    for meter in ["A", "B"] {
        let details = storage.text(&format!("/v/{meter}-20261123.csv"));
        assert_eq!(details.lines().count(), 2 + 2);
        assert!(storage.text(&format!("/run/{meter}.html")).contains(&format!("meter {meter}")));
    }
    let weekly = storage.text("/v/2026-W48.log");
    assert_eq!(weekly.lines().count(), 2, "only the first meter");
}

/// A telegram of a meter, with the power that tells it from others.
fn of_meter(second: i64, id: &str, watts: &str) -> Message {
    message(second, &[("0-0:96.1.1", id), ("1-0:1.8.0", "5"), ("1-0:1.7.0", watts)])
}

#[test]
fn where_one_name_has_meter_the_other_outputs_go_on_with_the_meter_that_takes_its_place() {
    let mut settings = settings();
    settings.p1_reader_details = file("/v/METER-DAY.csv", 300);
    let (mut recorder, storage) = recorder(&settings);
    let old = (1..20).map(|second| (second, "'OLD", "111"));
    let new = (20..1500).step_by(10).map(|second| (second, "'NEW", "222"));
    for (second, id, watts) in old.chain(new) {
        recorder.tick(at(MIDNIGHT + second));
        recorder.record(&of_meter(MIDNIGHT + second, id, watts));
    }
    recorder.flush();
    assert!(storage.text("/run/lastm.html").contains("<b>222 W</b>"));
    recorder.finish();
    let day = storage.text("/v/day-20261123.csv");
    let lines: Vec<_> = day.lines().collect();
    assert_eq!(lines[0], "2026-11-23 00:00:19, 5,  111,  111,  111,    0,    0,    0,    0");
    assert!(lines[1].starts_with("2026-11-23 00:15:00, 5,  222,  222,  222"), "{day}");
    assert!(storage.text("/v/2026-W48.log").contains(":222.000 :"));
    assert_eq!(storage.text("/v/OLD-20261123.csv").lines().count(), 2 + 19);
    assert_eq!(storage.text("/v/NEW-20261123.csv").lines().count(), 2 + 148);
}

#[test]
fn an_identifier_that_comes_once_makes_no_file() {
    let mut settings = settings();
    settings.p1_reader_details = file("/v/METER-DAY.csv", 300);
    settings.html_report.filename = "/run/METER.html".into();
    let (mut recorder, storage) = recorder(&settings);
    recorder.record(&of_meter(MIDNIGHT, "'real", "1"));
    for number in 0..100 {
        recorder.record(&of_meter(MIDNIGHT + 1, &format!("'made-up-{number}"), "1"));
    }
    recorder.record(&of_meter(MIDNIGHT + 2, "'other", "3"));
    recorder.record(&of_meter(MIDNIGHT + 3, "'real", "2"));
    recorder.record(&of_meter(MIDNIGHT + 4, "'other", "4"));
    recorder.finish();
    let files = storage.paths();
    let of = |name: &str| files.iter().filter(|file| file.contains(name)).count();
    assert_eq!((of("real"), of("other"), of("made-up")), (2, 2, 0), "{files:?}");
    assert_eq!(storage.text("/v/other-20261123.csv").lines().count(), 2 + 2, "the first one too");
}

#[test]
fn without_meter_in_a_name_one_meter_is_wanted() {
    let (recorder, _) = recorder(&settings());
    assert!(!recorder.wants_all_meters());
}

/// A telegram of a meter that has a clock of its own.
fn proven(second: i64) -> Message {
    let mut telegram = power(second, 1);
    telegram.meta.meter_time = Some(at(second));
    telegram
}

#[test]
fn old_files_are_removed_and_only_those_of_the_pattern() {
    let mut settings = settings();
    settings.p1_reader_details.keep_days = Some(2);
    let (mut recorder, storage) = recorder(&settings);
    let kept = [
        "/v/details-20261121.csv",
        "/v/details-20261120.csv.gz",
        "/v/day-20200101.csv",
        "/v/my-details-20200101.csv",
        "/other/details-20200101.csv",
    ];
    let removed = ["/v/details-20261120.csv", "/v/details-20200101.csv"];
    for path in kept.iter().chain(&removed) {
        storage.put(path, "");
    }
    recorder.tick(at(MIDNIGHT + 1));
    recorder.tick(at(MIDNIGHT + 2));
    assert_eq!(storage.paths().len(), 7, "no telegram yet");
    recorder.record(&proven(MIDNIGHT + 2));
    recorder.tick(at(MIDNIGHT + 3));
    let mut expected = kept.map(str::to_owned);
    expected.sort();
    assert_eq!(storage.paths(), expected);
}

#[test]
fn a_wrong_clock_alone_does_not_remove_files() {
    let mut settings = settings();
    settings.p1_reader_details.keep_days = Some(2);
    for (row, now) in [(2 * MIDNIGHT, MIDNIGHT), (MIDNIGHT, 2 * MIDNIGHT)] {
        let (mut recorder, storage) = recorder(&settings);
        storage.put("/v/details-20261122.csv", "kept\n");
        recorder.tick(at(now));
        recorder.record(&power(row, 1));
        recorder.tick(at(now));
        assert_eq!(storage.text("/v/details-20261122.csv"), "kept\n");
    }
}

#[test]
fn where_two_clocks_are_wrong_that_of_the_meter_keeps_the_files() {
    let mut settings = settings();
    settings.p1_reader_details.keep_days = Some(2);
    let (mut recorder, storage) = recorder(&settings);
    storage.put("/v/details-20261122.csv", "kept\n");
    let mut telegram = power(2 * MIDNIGHT, 1);
    telegram.meta.meter_time = Some(at(MIDNIGHT));
    for _ in 0..2 {
        recorder.record(&telegram);
        recorder.tick(at(2 * MIDNIGHT));
    }
    assert_eq!(storage.text("/v/details-20261122.csv"), "kept\n");
}

/// Records a telegram a minute from this second on, for so many hours.
fn run(recorder: &mut Recorder<MemoryStorage, Amsterdam>, from: i64, hours: i64, has_clock: bool) {
    for second in (from..from + hours * 3600).step_by(60) {
        recorder.tick(at(second));
        recorder.record(&if has_clock { proven(second) } else { power(second, 1) });
    }
}

#[test]
fn a_clock_that_jumps_ahead_removes_nothing_unless_it_goes_on_for_a_day() {
    let mut settings = settings();
    settings.p1_reader_details.keep_days = Some(2);
    let year = 365 * 86_400;
    for has_clock in [false, true] {
        let (mut recorder, storage) = recorder(&settings);
        storage.put("/v/details-20261122.csv", "kept\n");
        run(&mut recorder, MIDNIGHT, 2, has_clock);
        let logged = captured_log(|| run(&mut recorder, MIDNIGHT + year, 23, has_clock));
        assert_eq!(storage.text("/v/details-20261122.csv"), "kept\n");
        let news = "details: keeping 2 files older than 2027-11-21 until the clock has run for 24 h \
                    without a jump";
        assert_eq!(logged.iter().filter(|line| *line == news).count(), 1, "{logged:?}");
        run(&mut recorder, MIDNIGHT + 2 * 3600, 20, has_clock);
        assert_eq!(storage.text("/v/details-20261122.csv"), "kept\n");
        run(&mut recorder, MIDNIGHT + year, 25, has_clock);
        let details = storage.paths().into_iter().filter(|path| path.contains("details"));
        assert_eq!(
            details.collect::<Vec<_>>(),
            ["/v/details-20271123.csv", "/v/details-20271124.csv"]
        );
    }
}

#[test]
fn one_telegram_without_a_clock_does_not_hide_that_the_clock_of_the_meter_is_behind() {
    let mut settings = settings();
    settings.p1_reader_details.keep_days = Some(2);
    let (mut recorder, storage) = recorder(&settings);
    storage.put("/v/details-20261122.csv", "kept\n");
    let ahead = MIDNIGHT + 365 * 86_400;
    for second in (0..3 * 86_400).step_by(60) {
        recorder.tick(at(ahead + second));
        let mut telegram = power(ahead + second, 1);
        // One in a hundred lacks it.
        telegram.meta.meter_time = (second % 6000 != 0).then(|| at(MIDNIGHT + second % 86_400));
        recorder.record(&telegram);
    }
    assert_eq!(storage.text("/v/details-20261122.csv"), "kept\n");
}

#[test]
fn by_default_the_files_of_an_earlier_version_stay_and_the_log_says_so_once() {
    let mut settings = settings();
    settings.p1_reader_interval.keep_days = Some(90);
    settings.p1_reader_interval.spares_older = true;
    let (mut recorder, storage) = recorder(&settings);
    let kept = ["/v/interval-20260817-000000.csv", "/v/interval-20260825-000000.csv"];
    let removed = ["/v/interval-20260818-000000.csv", "/v/interval-20260824-235959.csv"];
    for path in kept.iter().chain(&removed) {
        storage.put(path, "");
    }
    let logged = captured_log(|| run(&mut recorder, MIDNIGHT, 72, true));
    let paths = storage.paths();
    let there = |path: &&str| paths.iter().any(|there| there == path);
    assert!(there(&kept[0]) && !there(&kept[1]), "the second one has become too old since");
    assert!(!removed.iter().any(there), "{paths:?}");
    let news: Vec<_> = logged.iter().filter(|line| line.contains("keep_days")).collect();
    assert_eq!(
        news,
        ["interval: keeping 1 file much older than 2026-08-25; to remove them, set keep_days"]
    );
}

#[test]
fn files_are_begun_for_forty_dates_an_hour_and_no_real_telegram_is_lost() {
    let (mut recorder, storage) = recorder(&settings());
    let mut telegrams = 0;
    let logged = captured_log(|| {
        for second in 0..1000 {
            let now = MIDNIGHT + second;
            recorder.tick(at(now));
            recorder.record(&power(now, 1));
            for number in 1..20 {
                recorder.record(&power(86_400 * (30_000 + second * 20 + number), 1));
                telegrams += 1;
            }
        }
    });
    recorder.finish();
    let details = storage.paths().into_iter().filter(|path| path.contains("details"));
    assert_eq!(details.count(), 1 + 40);
    assert_eq!(storage.text("/v/details-20261123.csv").lines().count(), 2 + 1000);
    let line = "ignoring telegrams of too many different dates, 1 so far";
    assert_eq!(logged.iter().filter(|logged| *logged == line).count(), 1, "{telegrams}");
}

#[test]
fn a_complete_file_never_takes_the_place_of_another_one() {
    let settings = Config { p1_reader_interval: file("/v/interval.csv", 1200), ..off() };
    let (mut recorder, storage) = recorder(&settings);
    storage.put("/v/interval.csv", "not ours");
    for second in [10, 20] {
        recorder.record(&power(MIDNIGHT + second, 1));
    }
    recorder.finish();
    assert_eq!(storage.text("/v/interval.csv"), "not ours");
}
