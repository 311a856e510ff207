//! The screens of a made-up house, to the letter, and what holds for reports of any history.
//! `UPDATE_GOLDEN=1` writes the screens; look at the difference.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use chrono::{Datelike as _, Timelike as _};
use clap::Parser as _;

use super::*;
use crate::words::{DUTCH, ENGLISH};
use crate::zone::tests::Amsterdam;

/// 2024-12-20 00:00 and 2026-11-25 14:15 in Amsterdam.
const FIRST: i64 = 1_734_649_200;
const LAST: i64 = 1_795_612_500;

/// 2026-05-20: since then there are rows as often as the test wants.
const RECENT: i64 = 1_779_228_000;

fn utc(second: i64) -> String {
    let time = chrono::DateTime::from_timestamp(second, 0).unwrap();
    time.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A house with panels and gas that is read hourly: numbers that follow the calendar and a small hash. Its meter is
/// exchanged in May, and at New Year there are no rows for 15 hours.
fn write_house(folder: &Path, first: i64, last: i64, step: i64) {
    let mut files: Vec<(i32, String)> = Vec::new();
    let (mut import, mut export, mut gas, mut read) =
        (12_345_678i64, 1_000_000i64, 1_204_300i64, (0i64, 0i64));
    let mut second = first - if first < RECENT { 3600 } else { step };
    while second < last {
        // Long ago a row each hour is enough.
        let length = if second < RECENT { 3600 } else { step };
        second += length;
        let at = second / step;
        let local = Amsterdam.local(Timestamp::from_seconds(second));
        let random = (at * 7919 + at / 12 * 104_729) % 97;
        let winter = (i64::from(local.month()) - 7).abs();
        let is_day = (8..18).contains(&local.hour());
        let sun = if is_day { (6 - winter) * 25 + random - 60 } else { 0 };
        let net = 8 + winter * 6 + random / 4 + if local.hour() >= 17 { random / 2 } else { 0 }
            - sun.max(0);
        // In the first row nothing has been used yet.
        if second > first {
            import += net.max(0) * length / 300;
            export += (-net).max(0) * length / 300;
            gas += if local.hour() >= 6 { winter * random * length / 18_000 } else { 0 };
        }
        if second % 3600 == 0 {
            read = (second, gas);
        }
        let is_new = second >= 1_779_180_000;
        let year = local.year();
        if is_new && import > 9_000_000 {
            (import, export) = (3, 0);
        }
        let is_gone = (1_767_207_600..1_767_261_600).contains(&second) || second % 8_640_000 == 900;
        if is_gone || read.0 == 0 {
            continue;
        }
        if files.last().is_none_or(|(known, _)| *known != year) {
            let header = "time_utc,time_local,unique_id,telegrams,energy_import_kwh,energy_export_kwh,voltage_l1_mean_v,gas_m3,gas_time_utc\n";
            files.push((year, header.to_owned()));
        }
        let text = &mut files.last_mut().unwrap().1;
        let decimal = |number: i64| format!("{}.{:03}", number / 1000, number % 1000);
        writeln!(
            text,
            "{},{},{},30,{},{},{}.{},{},{}",
            utc(second),
            local.format("%Y-%m-%dT%H:%M:%S"),
            if is_new { "E2" } else { "E1" },
            decimal(import),
            decimal(export),
            226 + sun.max(0) / 6,
            random % 10,
            decimal(read.1),
            utc(read.0)
        )
        .unwrap();
    }
    for (year, text) in files {
        fs::write(folder.join(format!("p1_reader_history-{year}.csv")), text).unwrap();
    }
}

/// The folder of the house with a row each quarter of an hour, written once.
fn house() -> &'static Path {
    static HOUSE: OnceLock<tempfile::TempDir> = OnceLock::new();
    let written = HOUSE.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        write_house(folder.path(), FIRST, LAST, 900);
        folder
    });
    written.path()
}

/// The same house in June of 2026, with a row each five minutes.
fn june() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write_house(folder.path(), 1_780_178_400, 1_782_943_200, 300);
    folder
}

fn source(folder: &Path, now: i64) -> Source<Amsterdam> {
    let mut history = History::open(&folder.join("p1_reader_history-YEAR.csv"), None).unwrap();
    let (first, end) = (history.first().unwrap(), history.last().unwrap().unwrap());
    Source { history, zone: Amsterdam, now, first, end, production: None }
}

fn options(command: &str) -> Options {
    let words = command.split(' ').filter(|word| !word.is_empty());
    Options::try_parse_from(std::iter::once("p1report").chain(words)).unwrap()
}

/// What is printed.
fn printed(folder: &Path, command: &str) -> Result<String, QueryError> {
    let options = options(command);
    let report = Report::read(&mut source(folder, LAST + 120), &options)?;
    Ok(rendered(&report, &options))
}

fn rendered(report: &Report<Amsterdam>, options: &Options) -> String {
    let words = Words::of(options.language.unwrap_or(Language::English));
    let style = Style {
        width: options.width.unwrap_or(80).into(),
        is_ascii: options.ascii,
        has_color: false,
    };
    let time = Amsterdam.iso8601(Timestamp::from_seconds(LAST + 120));
    let made = Made { time, zone: Some("Europe/Amsterdam".into()) };
    report.text(options, style, words, &made)
}

const SCREENS: [&str; 18] = [
    "",
    "--language nl",
    "--oneline",
    "hours --from 2026-10-25 --to 2026-10-25",
    "days 7",
    "days 3 --ascii --by gas",
    "days 3 --compare before",
    "weeks 3 --language nl",
    "months --year 2026 --compare last-year",
    "months 4 --compare last-year --width 120",
    "months 2 --month-starts 15",
    "years",
    "years --year-starts 07-01",
    "top 3 --by peak",
    "peaks 3",
    "battery --kwh 2.7,10 --kw 0.8",
    "base 13",
    "gaps",
];

#[test]
fn the_screens_of_a_house_are_those_of_the_golden_file() {
    let mut text = String::new();
    for command in SCREENS {
        write!(text, "$ p1report {command}\n{}\n", printed(house(), command).unwrap()).unwrap();
    }
    let june = june();
    for command in ["voltage", "voltage --csv", "hours 4 --tariffs", "gaps"] {
        write!(text, "$ p1report {command}\n{}\n", printed(june.path(), command).unwrap()).unwrap();
    }
    crate::reader::tests::golden::assert_golden("report-screens.txt", &text);
}

#[test]
fn the_page_of_a_house_is_that_of_the_golden_file() {
    let options = options("");
    for (language, words, name) in
        [("nl", &DUTCH, "report-nl.html"), ("en", &ENGLISH, "report-en.html")]
    {
        let page = html::Page::read(&mut source(house(), LAST + 120), &options, words).unwrap();
        let text = page.render(language, words).unwrap();
        assert!(!text.contains("<script") && !text.contains("src="), "it is whole in itself");
        crate::reader::tests::golden::assert_golden(name, &text);
    }
}

#[test]
fn a_page_of_a_few_hours_has_no_pictures_of_what_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let header = "time_utc,time_local,unique_id,telegrams,energy_import_kwh\n";
    let row = |at: i64| format!("{},x,<b>E1</b>,30,1.{at:03}\n", utc(LAST + at * 300));
    let rows = [0, 1, 2].map(row).concat();
    fs::write(folder.path().join("p1_reader_history-2026.csv"), header.to_owned() + &rows).unwrap();
    let page =
        html::Page::read(&mut source(folder.path(), LAST + 900), &options(""), &ENGLISH).unwrap();
    let text = page.render("en", &ENGLISH).unwrap();
    assert!(text.contains("&lt;b&gt;E1"), "what a meter says is text");
    assert!(!text.contains("Gas by month") && !text.contains("Base load"), "{text}");
    assert!(text.contains("Electricity by month"));
}

#[test]
fn every_line_fits_the_width_that_is_asked_for() {
    for command in SCREENS.into_iter().filter(|command| *command != "--oneline") {
        let mut options = options(command);
        let report = Report::read(&mut source(house(), LAST + 120), &options).unwrap();
        for width in [80, 130] {
            options.width = Some(width);
            let text = rendered(&report, &options);
            let longest = text.lines().map(|line| line.chars().count()).max().unwrap_or(0);
            assert!(longest <= width.into(), "{command}: {longest}\n{text}");
        }
    }
}

fn json(command: &str) -> serde_json::Value {
    serde_json::from_str(&printed(house(), command).unwrap()).unwrap()
}

/// Thousandths of a number in JSON.
fn number(value: &serde_json::Value) -> i64 {
    let text = value.to_string();
    crate::history::field::thousandths(text.as_bytes()).unwrap()
}

#[test]
fn days_and_gaps_add_up_to_months_and_years() {
    let total = |json: &serde_json::Value, register: &str| {
        let sum = |list: &str, is_counted: fn(&serde_json::Value) -> bool| {
            let list = json[list].as_array().unwrap().iter().filter(|one| is_counted(one));
            list.filter_map(|one| one.get(register).map(number)).sum::<i64>()
        };
        sum("periods", |_| true) + sum("gaps", |gap| gap["in_no_period"] == true)
    };
    let days = json("days 0 --json");
    for kind in ["hours", "weeks", "months", "years"] {
        let other = json(&format!("{kind} 0 --json"));
        for register in ["energy_import_kwh", "energy_export_kwh", "gas_m3"] {
            let sum = total(&days, register);
            assert!(sum > 0, "{register}");
            assert_eq!(total(&other, register), sum, "{kind} {register}");
        }
    }
}

#[test]
fn json_says_what_is_complete_and_names_the_method_of_the_estimate() {
    let json = json("months --year 2026 --compare last-year --json");
    assert_eq!(json["p1report"], 1);
    assert_eq!(json["kind"], "months");
    assert_eq!(json["meter"], "E2");
    assert_eq!(json["made"], "2026-11-25T14:17:00+01:00");
    assert_eq!(json["time_zone"], "Europe/Amsterdam");
    assert_eq!(json["estimate"]["method"], "last-year");
    assert_eq!(json["estimate"]["label"], "2026");
    let periods = json["periods"].as_array().unwrap();
    assert_eq!(periods.len(), 11);
    assert_eq!(periods[0]["complete"], false, "its beginning is in a gap");
    assert_eq!(periods[1]["complete"], true);
    assert_eq!(periods[10]["from"], "2026-11-01T00:00:00+01:00");
    assert_eq!(periods[10]["compare"]["to"], "2025-11-25T14:15:00+01:00");
    assert_eq!(json["meters"].as_array().unwrap().len(), 2);
    assert!(!json.to_string().contains("null"));
}

#[test]
fn a_range_is_half_open_by_the_users_words() {
    let days = |range: &str| {
        let json = json(&format!("days {range} --json"));
        let periods = json["periods"].as_array().unwrap();
        let ends = periods.first().zip(periods.last()).map(|(a, b)| {
            [&a["label"], &b["label"]].map(|label| label.as_str().unwrap().to_owned())
        });
        (periods.len(), ends.unwrap().join(" "))
    };
    assert_eq!(days("--from 2026-11-01 --to 2026-11-02"), (2, "2026-11-01 2026-11-02".into()));
    assert_eq!(days("--from 2026-W02 --to 2026-W02"), (7, "2026-01-05 2026-01-11".into()));
    assert_eq!(days("--from 2026-02 --to 2026-02").0, 28);
    assert_eq!(days("--from yesterday"), (2, "2026-11-24 2026-11-25".into()));
    assert_eq!(days("3 --to 2026-10-26"), (3, "2026-10-24 2026-10-26".into()));
    assert_eq!(days("0").0, 706, "all of them");
}

#[test]
fn a_time_that_was_never_recorded_is_an_error_and_a_gap_within_it_is_none() {
    let error = |command: &str| printed(house(), command).unwrap_err();
    assert!(matches!(error("days --from 2020 --to 2021"), QueryError::NeverRecorded(..)));
    assert!(matches!(error("days --from 2027"), QueryError::NeverRecorded(..)));
    assert!(matches!(error("days --from 2026-02 --to 2026-01"), QueryError::Backwards));
    let text = printed(house(), "hours --from 2026-01-01 --to 2026-01-01").unwrap();
    assert!(text.contains("was not recorded: "), "{text}");
}

#[test]
fn a_condition_is_about_the_last_period_or_its_estimate() {
    let read =
        |command: &str| Report::read(&mut source(house(), LAST + 120), &options(command)).unwrap();
    let months = read("months");
    let (now, estimate) =
        (months.number("energy_import_kwh", false), months.number("energy_import_kwh", true));
    assert!(now > Some(0) && estimate > now, "{now:?} {estimate:?}");
    assert_eq!(months.number("water_m3", false), None, "this house has no water meter");
    assert!(read("").number("energy_import_kwh", false) > Some(0));
}

/// The reports of the house with this file of production.
fn printed_with_production(file: &str, command: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("solar.csv");
    fs::write(&path, file).unwrap();
    let mut source = source(house(), LAST + 120);
    source.production = Some(Production::read(&path, &Amsterdam).unwrap());
    let options = options(command);
    rendered(&Report::read(&mut source, &options).unwrap(), &options)
}

#[test]
fn production_gives_figures_to_the_periods_that_it_covers_whole() {
    let file = "time,kWh\n2026-07-01,19.1\n2026-07-02,20\n2026-07-04,0.5\n";
    let command = "days --from 2026-07-01 --to 2026-07-04 --json";
    let json: serde_json::Value =
        serde_json::from_str(&printed_with_production(file, command)).unwrap();
    let periods = json["periods"].as_array().unwrap();
    for (period, produced) in periods.iter().zip([Some(19_100), Some(20_000), None, Some(500)]) {
        let Some(produced) = produced else {
            assert!(
                !period.to_string().contains("self_") && period.get("production_kwh").is_none()
            );
            continue;
        };
        let export = number(&period["energy_export_kwh"]);
        assert_eq!(number(&period["production_kwh"]), produced);
        assert_eq!(number(&period["self_consumed_kwh"]), produced - export);
        assert!(period.get("self_consumption_percent").is_some(), "{period}");
        let is_share = period.get("self_sufficiency_percent").is_some();
        assert_eq!(is_share, produced > export, "of a use below zero there is no share: {period}");
    }
    assert!(number(&periods[3]["self_consumed_kwh"]) < 0, "it is not clipped");
    let command = "days --from 2026-07-01 --to 2026-07-04";
    let text = printed_with_production(file, command);
    assert!(text.contains("(3 of 4): solar 39.600 kWh"), "{text}");
    assert!(text.contains("exported in 2026-07-04: the clocks or the files"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    let plain = printed(house(), command).unwrap();
    assert!(!plain.contains("self-") && !plain.contains("solar"), "only with a file");
}

#[test]
fn a_period_that_was_not_recorded_whole_or_still_runs_has_no_figures_of_production() {
    let mut file = "time,kWh\n2026-01-01,50\n".to_owned();
    for day in 1..=30 {
        writeln!(file, "2026-11-{day:02},50").unwrap();
    }
    for (command, expected) in [
        ("days --from 2026-01-01 --to 2026-01-01 --json", 0),
        ("days 3 --json", 2),
        ("months 1 --json", 0),
        ("months 1 --csv", 0),
        ("--json", 2),
    ] {
        let text = printed_with_production(&file, command);
        assert_eq!(text.matches("\"production_kwh\"").count(), expected, "{command}: {text}");
    }
    let text = printed_with_production(&file, "months 1");
    assert!(text.contains("covers none of these periods whole."), "{text}");
}

#[test]
fn a_history_that_has_ceased_has_no_estimate() {
    let options = options("days 2");
    let report = Report::read(&mut source(house(), LAST + 86_400), &options).unwrap();
    let Report::Periods(_, periods) = report else { panic!("days are periods") };
    assert!(periods.estimate.is_none());
}

#[test]
fn options_that_a_report_does_not_have_are_refused() {
    for command in [
        "top --compare before",
        "top --production f",
        "gaps --alert import_kwh>1",
        "days --oneline",
        "--from 2026",
    ] {
        assert_eq!(check(&options(command)), Err(Exit::Usage), "{command}");
    }
}

/// The numbers that the reference gives for its ten years, read from the registers by another program.
#[test]
#[ignore = "needs ../shared"]
fn ten_years_are_those_of_the_reference() {
    // `python3 ../shared/history/tools/gen10.py ../ten-years` writes them; it needs numpy.
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ten-years");
    if !folder.join("p1_reader_history-2016.csv").exists() {
        eprintln!("skipped: {} has no ten years", folder.display());
        return;
    }
    let battery = printed(&folder, "battery --kwh 2.7,5,10,15 --kw 0.8,2.5,5,5 --efficiency 90.25");
    for (line, reference) in battery.unwrap().lines().skip(5).zip([
        "none 5837.5 2083.4",
        "2.7 0.8 5279.9 1465.5 557.7 60.2 217 965 5555",
        "5.0 2.5 5001.1 1156.7 836.4 90.4 176 888 5122",
        "10.0 5.0 4755.3 884.3 1082.3 116.9 114 728 4681",
        "15.0 5.0 4668.9 788.5 1168.7 126.3 82 700 4522",
    ]) {
        let numbers = |line: &str| -> Vec<f64> {
            line.split_whitespace().filter_map(|word| word.parse().ok()).collect()
        };
        let (found, expected) = (numbers(line), numbers(reference));
        assert_eq!(found.len(), expected.len(), "{line}");
        // Both add binary floats.
        let is_near = |(found, expected): (&f64, &f64)| (found - expected).abs() < 0.11;
        assert!(found.iter().zip(&expected).all(is_near), "{line}\n{reference}");
    }
    for (command, expected) in [
        (
            "months --year 2026 --compare last-year",
            &[
                "feb 2026 803.2 770.1 +4% 19.6 23.5 -16% 173.3 172.9 +0%",
                "nov 2026· 561.7 501.0 +12% 9.6 15.5 -38% 101.9 87.5 +16%",
                "sum 4754.4 4522.1 +5% 2076.4 2232.3 -7% 864.4 817.2 +6%",
                "2026, est. 5870 5583 +5% 2083 2239 -7% 1080 1021 +6%",
            ][..],
        ),
        (
            "days 7",
            &[
                "th 2026-11-19 26.187 0.639 25.548 5.511",
                "we 2026-11-25· 11.941 0.189 11.752 1.944",
                "today, est. 21.0 0.2 20.7 4.0",
            ],
        ),
        (
            "top 5",
            &[
                "1 fr 2025-01-31 37.690 0.003 8.104 2.584 09:00 1212",
                "5 tu 2025-12-09 36.920 0.016 7.405 3.888 08:45 765",
            ],
        ),
        ("base 12", &["jan 2026 729 1380", "jul 2026 208 228 lowest", "oct 2026 540 862"]),
        ("peaks 12", &["mar 2026 4.592", "jun 2026 2.612", "oct 2026 2.580"]),
        ("years", &["2024 5523.5 1948.5 3575.1", "sum 33069.0 16121.6 16947.4"]),
    ] {
        let text = printed(&folder, command).unwrap();
        let lines: Vec<String> = text
            .lines()
            .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
            .collect();
        for expected in expected {
            assert!(lines.iter().any(|line| line.starts_with(expected)), "{expected}\n{text}");
        }
    }
}
