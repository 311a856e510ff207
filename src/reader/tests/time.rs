//! Midnight, clock changes, ISO weeks: rows go to the file of their own time.

use super::*;

/// Records a telegram of each of these seconds, and ends.
fn recorded(settings: &Config, seconds: impl IntoIterator<Item = i64>) -> MemoryStorage {
    let (mut recorder, storage) = recorder(settings);
    for second in seconds {
        recorder.record(&power(second, 1));
    }
    recorder.finish();
    storage
}

fn details_only() -> Config {
    Config { p1_reader_details: settings().p1_reader_details, ..off() }
}

/// The local times of the rows of a details file.
fn times(storage: &MemoryStorage, path: &str) -> Vec<String> {
    let text = storage.text(path);
    let time = |row: &str| row.split_once(';').unwrap().0.to_owned();
    text.lines().skip(2).map(time).collect()
}

#[test]
fn rows_before_and_after_midnight_go_to_their_own_days() {
    // 2026-11-22 23:59:59 and 2026-11-23 00:00:00.
    let storage = recorded(&details_only(), [1_795_388_399, 1_795_388_400]);
    assert_eq!(storage.paths(), ["/v/details-20261122.csv", "/v/details-20261123.csv"]);
    assert_eq!(times(&storage, "/v/details-20261122.csv"), ["22-11-2026 23:59:59"]);
    assert_eq!(times(&storage, "/v/details-20261123.csv"), ["23-11-2026 00:00:00"]);
}

#[test]
fn a_row_of_yesterday_that_comes_late_goes_to_the_file_of_yesterday() {
    let seconds = [1_795_388_400, 1_795_388_399, 1_795_388_401];
    let storage = recorded(&details_only(), seconds);
    assert_eq!(times(&storage, "/v/details-20261122.csv"), ["22-11-2026 23:59:59"]);
    assert_eq!(times(&storage, "/v/details-20261123.csv").len(), 2);
}

#[test]
fn a_day_of_23_hours_has_its_rows_in_one_file() {
    let seconds = [1_774_738_799, 1_774_738_800, 1_774_745_999, 1_774_746_000, 1_774_821_599];
    let storage = recorded(&details_only(), seconds);
    assert_eq!(
        times(&storage, "/v/details-20260329.csv"),
        [
            "29-03-2026 00:00:00",
            "29-03-2026 01:59:59",
            "29-03-2026 03:00:00",
            "29-03-2026 23:59:59"
        ]
    );
    assert_eq!(times(&storage, "/v/details-20260328.csv").len(), 1);
}

#[test]
fn a_day_of_25_hours_has_its_rows_in_one_file_in_the_order_of_time() {
    let seconds = [1_792_879_200, 1_792_889_999, 1_792_890_000, 1_792_969_199, 1_792_969_200];
    let storage = recorded(&details_only(), seconds);
    assert_eq!(
        times(&storage, "/v/details-20261025.csv"),
        [
            "25-10-2026 00:00:00",
            "25-10-2026 02:59:59",
            "25-10-2026 02:00:00",
            "25-10-2026 23:59:59"
        ]
    );
    assert_eq!(times(&storage, "/v/details-20261026.csv").len(), 1);
}

#[test]
fn interval_files_of_an_hour_that_comes_twice_have_names_of_their_own() {
    let settings = Config { p1_reader_interval: settings().p1_reader_interval, ..off() };
    let (mut recorder, storage) = recorder(&settings);
    let mut taken = BTreeMap::new();
    // From 01:50 summer time to 03:10 winter time: an importer takes the files as they appear.
    for second in (1_792_885_800..1_792_894_200).step_by(10) {
        recorder.tick(at(second));
        for path in storage.paths() {
            let text = storage.text(&path);
            assert_eq!(taken.insert(path.clone(), text), None, "{path} came twice");
            storage.clone().remove(Path::new(&path)).unwrap();
        }
        recorder.record(&power(second, 1));
    }
    let names: Vec<_> = taken.keys().map(|path| &path[12..27]).collect();
    assert_eq!(
        names,
        [
            "20261025-015500",
            "20261025-021500",
            "20261025-021501",
            "20261025-023500",
            "20261025-023501",
            "20261025-025500",
            "20261025-025501",
        ]
    );
    let records: usize = taken.values().map(|text| text.lines().count()).sum();
    assert_eq!(records, 25, "a record each five minutes from 01:55 to 02:55");
}

#[test]
fn a_clock_that_begins_in_1970_and_jumps_ahead_keeps_the_rows_it_had() {
    let (mut recorder, storage) = recorder(&settings());
    for second in (0..400).chain(1_795_388_400..1_795_388_410) {
        recorder.tick(at(second));
        recorder.record(&power(second, 1));
    }
    recorder.finish();
    let details = times(&storage, "/v/details-19700101.csv");
    assert_eq!((details.len(), &*details[0]), (400, "01-01-1970 01:00:00"));
    assert_eq!(times(&storage, "/v/details-20261123.csv").len(), 10);
    let day = storage.text("/v/day-19700101.csv");
    let ends: Vec<_> = day.lines().map(|line| &line[..19]).collect();
    assert_eq!(ends, ["1970-01-01 01:05:00", "1970-01-01 01:06:39"]);
    assert_eq!(storage.text("/v/1970-W01.log").lines().count(), 40);
}

#[test]
fn a_clock_that_goes_back_overwrites_nothing_and_writes_no_file_twice() {
    let (mut recorder, storage) = recorder(&settings());
    let (day, before) = (1_795_388_400, 1_795_302_000);
    let mut taken = BTreeMap::new();
    // Half an hour, then the day before, then the same half hour again.
    for second in (day..day + 1800).chain(before..before + 1800).chain(day..day + 1800) {
        recorder.tick(at(second));
        // An importer takes the interval files.
        for path in storage.paths().into_iter().filter(|path| path.contains("interval")) {
            assert_eq!(taken.insert(path.clone(), storage.text(&path)), None, "{path} came twice");
            storage.clone().remove(Path::new(&path)).unwrap();
        }
        recorder.record(&power(second, second % 1000));
    }
    recorder.finish();
    assert_eq!(times(&storage, "/v/details-20261122.csv").len(), 1800);
    let rows = times(&storage, "/v/details-20261123.csv");
    assert_eq!((rows.len(), &rows[0], &rows[1800]), (3600, &rows[1800], &rows[0]));
}

#[test]
fn the_history_of_a_new_year_begins_with_the_row_of_midnight() {
    // 2026-12-31 23:50 to 2027-01-01 00:20 local time.
    let storage = recorded(&settings(), (1_798_757_400..1_798_757_400 + 1800).step_by(10));
    let rows = |year: &str| {
        let text = storage.text(&format!("/v/history-{year}.csv"));
        let rows = text.lines().skip(1).map(|row| row.split(',').nth(1).unwrap().to_owned());
        rows.collect::<Vec<_>>()
    };
    assert_eq!(rows("2026"), ["2026-12-31T23:50:00", "2026-12-31T23:55:00"]);
    assert_eq!(rows("2027")[0], "2027-01-01T00:00:00");
    assert_eq!(rows("2027").len(), 5, "with the row of the stop at 00:19:50");
}

#[test]
fn the_history_of_a_day_of_25_hours_has_each_hour_once() {
    // 2026-10-25 00:00 local time.
    let begin = 1_792_879_200;
    let storage = recorded(&settings(), (begin..=begin + 25 * 3600).step_by(10));
    let text = storage.text("/v/history-2026.csv");
    let times: Vec<_> = text.lines().skip(1).map(|row| row.split(',').next().unwrap()).collect();
    assert_eq!(times.len(), 1 + 25 * 12);
    assert!(times.is_sorted_by(|one, other| one < other));
    let twice = text.lines().filter(|row| row.contains(",2026-10-25T02:30:00,")).count();
    assert_eq!(twice, 2);
}

#[test]
fn a_leap_day_has_its_own_files_and_those_of_its_week() {
    let storage = recorded(&settings(), (1_835_391_600..1_835_391_600 + 86_400).step_by(60));
    assert_eq!(
        storage.paths(),
        [
            "/run/lastm.html",
            "/v/2028-W09.log",
            "/v/day-20280229.csv",
            "/v/details-20280229.csv",
            "/v/history-2028.csv",
            "/v/interval-20280229-235900.csv"
        ]
    );
    assert_eq!(times(&storage, "/v/details-20280229.csv").len(), 1440);
    assert_eq!(storage.text("/v/day-20280229.csv").lines().count(), 288);
}

#[test]
fn five_minute_records_go_to_the_day_of_the_telegram_that_ends_them() {
    let settings = Config { p1_reader_day: settings().p1_reader_day, ..off() };
    let storage = recorded(&settings, 1_795_388_099..=1_795_388_401);
    assert_eq!(
        storage.text("/v/day-20261122.csv"),
        "2026-11-22 23:55:00, 1000,    1,    1,    1,    0,    0,    0,    0\n"
    );
    assert_eq!(
        storage.text("/v/day-20261123.csv"),
        "2026-11-23 00:00:00, 1000,    1,    1,    1,    0,    0,    0,    0\n\
         2026-11-23 00:00:01, 1000,    1,    1,    1,    0,    0,    0,    0\n"
    );
}

#[test]
fn weekly_files_have_the_iso_week_with_its_year() {
    let settings = Config { weekly_log: settings().weekly_log, ..off() };
    let seconds = [1_766_962_790, 1_766_962_800, 1_798_758_000, 1_799_017_190, 1_799_017_200];
    let storage = recorded(&settings, seconds);
    assert_eq!(
        storage.paths(),
        ["/v/2025-W52.log", "/v/2026-W01.log", "/v/2026-W53.log", "/v/2027-W01.log"]
    );
    assert_eq!(storage.text("/v/2026-W53.log").lines().count(), 2);
}

#[test]
fn a_telegram_without_a_date_is_not_recorded() {
    let (mut recorder, storage) = recorder(&settings());
    for second in [i64::MIN, -1, 300_000_000_000, i64::MAX] {
        recorder.record(&power(second, 1));
    }
    recorder.finish();
    assert_eq!(storage.paths(), [""; 0]);
}
