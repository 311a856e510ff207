//! The page: what it shows, when it is renewed, and what it says when telegrams stop.

use super::golden::{START, assert_golden, household};
use super::*;

/// The settings with the page only.
fn page_only(language: Language) -> Config {
    Config { html_report: HtmlReport { language, ..settings().html_report }, ..off() }
}

/// What stands in the page between its first and its last paragraph.
fn text(storage: &MemoryStorage) -> String {
    let page = storage.text("/run/lastm.html");
    let (_, main) = page.split_once("<main").unwrap();
    main.split_once("</main>").unwrap().0.to_owned()
}

#[test]
fn the_page_in_both_languages() {
    for (language, name) in
        [(Language::Dutch, "reader-lastm.html"), (Language::English, "reader-lastm-en.html")]
    {
        let (mut recorder, storage) = recorder(&page_only(language));
        for message in household(75, 1) {
            let second = message.meta.frame_start.seconds() - START;
            if !(33..55).contains(&second) {
                recorder.tick(message.meta.frame_start);
                recorder.record(&message);
            }
        }
        recorder.flush();
        assert_golden(name, &storage.text("/run/lastm.html"));
    }
}

#[test]
fn there_is_a_page_before_the_first_telegram_which_says_so() {
    let (mut recorder, storage) = recorder(&page_only(Language::English));
    recorder.tick(at(START));
    recorder.tick(at(START + 5));
    assert!(text(&storage).contains("No telegram yet, for 5 s (since 06:44)"));
    assert!(!text(&storage).contains("<table>"));
}

#[test]
fn before_the_first_telegram_the_page_is_renewed_each_minute_with_the_time_waited() {
    let (mut recorder, storage) = recorder(&page_only(Language::English));
    recorder.tick(at(START));
    recorder.tick(at(START + 60));
    let writes = storage.writes();
    for after in (65..=660).step_by(5) {
        recorder.tick(at(START + after));
    }
    assert_eq!(storage.writes(), writes + 10);
    assert!(text(&storage).contains("No telegram yet, for 11 min (since 06:44)."));
}

#[test]
fn a_meter_without_electricity_has_a_page_without_power() {
    let (mut recorder, storage) = recorder(&page_only(Language::English));
    for second in 0..120 {
        let objects = [
            ("0-1:24.1.0", "'012"),
            ("0-1:24.2.1.A", "'261122060000W"),
            ("0-1:24.2.1.B", "12345"),
            ("0-2:24.1.0", "'006"),
            ("0-2:24.2.1.A", "'261122060000W"),
            ("0-2:24.2.1.B", "6789"),
            ("0-3:24.1.0", "'010"),
            ("0-3:24.2.1.A", "'261122060000W"),
            ("0-3:24.2.1.B", "98"),
            ("0-4:24.1.0", "'002"),
            ("0-4:24.2.1.A", "'261122060000W"),
            ("0-4:24.2.1.B", "76"),
        ];
        recorder.tick(at(START + second));
        recorder.record(&message(START + second, &objects));
    }
    recorder.flush();
    let text = text(&storage);
    assert!(text.contains("Last telegram 22-11-2026 06:46:49, 0 s ago"), "{text}");
    for (name, value) in [
        ("Heat (inlet)", "12.345 GJ"),
        ("Warm water", "6.789 m³"),
        ("Cooling", "0.098 GJ"),
        ("Submeter", "0.076 kWh"),
    ] {
        assert!(text.contains(&format!("<th scope=\"row\">{name}<td>{value}")), "{name}: {text}");
    }
    assert!(!text.contains("class=\"now\"") && !text.contains("<svg"), "{text}");
}

#[test]
fn every_tariff_that_the_meter_has_is_on_the_page() {
    let (mut recorder, storage) = recorder(&page_only(Language::English));
    let objects = [
        ("1-0:1.8.1", "1000"),
        ("1-0:1.8.2", "2000"),
        ("1-0:1.8.3", "3333000"),
        ("1-0:2.8.0", "50"),
        ("1-0:1.7.0", "1"),
        ("0-0:96.14.0", "'0003"),
    ];
    recorder.record(&message(START, &objects));
    recorder.flush();
    let text = text(&storage);
    let running =
        "<tr class=\"running\"><th scope=\"row\">tariff 3 <small>(now)</small><td>3333.000<td>\n";
    assert!(text.contains(running), "{text}");
    assert!(text.contains("<tr><th scope=\"row\">total<td>3336.000<td>0.050\n"), "{text}");
    assert_eq!(text.matches("<th scope=\"row\">tariff").count(), 3, "{text}");
}

#[test]
fn a_page_whose_telegrams_stop_says_so_and_for_how_long() {
    let (mut recorder, storage) = recorder(&page_only(Language::English));
    let mut writes = 0;
    for (after, expected) in [
        (5, "Last telegram 22-11-2026 06:44:50, 5 s ago"),
        (55, "Last telegram 22-11-2026 06:44:50, 55 s ago"),
        (60, "No telegram for 1 min. The last one came on 22-11-2026 06:44:50."),
        (3599, "No telegram for 59 min. "),
        (7500, "No telegram for 2 h 5 min. "),
        (180_000, "No telegram for 2 d 2 h. "),
    ] {
        if after == 5 {
            recorder.tick(at(START));
            recorder.record(&power(START, 42));
        }
        recorder.tick(at(START + after));
        assert!(text(&storage).contains(expected), "{after}: {}", text(&storage));
        assert_eq!(text(&storage).contains("<b>42 W</b>"), after < 60, "it is not power now");
        let is_same_day = after < 80_000;
        assert_eq!(text(&storage).contains("<h2>today</h2>"), is_same_day, "{after}");
        assert!(text(&storage).contains("<h2>Registers, kWh</h2>"));
        assert!(storage.writes() > writes);
        writes = storage.writes();
    }
    recorder.record(&power(START + 180_001, 7));
    recorder.tick(at(START + 180_005));
    assert!(text(&storage).contains("<b>7 W</b>"));
}

#[test]
fn the_graph_moves_on_when_telegrams_stop() {
    let (mut recorder, storage) = recorder(&page_only(Language::Dutch));
    recorder.tick(at(START));
    recorder.record(&power(START, 42));
    let mut paths = Vec::new();
    for after in [5, 45, 90] {
        recorder.tick(at(START + after));
        let text = text(&storage);
        let (_, path) = text.split_once("<path class=\"in\" d=\"").unwrap();
        paths.push(path.split_once('"').unwrap().0.to_owned());
    }
    assert!(paths[0].starts_with("M5 ") && paths[1].starts_with("M1 "), "{paths:?}");
    assert_eq!(paths[2], "");
}

#[test]
fn the_table_has_the_last_120_telegrams_and_the_graph_all_minutes() {
    for (step, seconds, rows) in [(1, 1190, 13), (10, 1190, 119), (10, 5000, 121)] {
        let mut settings = page_only(Language::English);
        settings.html_report.minutes = 20;
        let (mut recorder, storage) = recorder(&settings);
        for second in (0..seconds).step_by(step) {
            recorder.record(&power(START + second, 42));
        }
        recorder.flush();
        let text = text(&storage);
        assert_eq!(text.matches("<tr><th>").count(), rows, "{step} {seconds}");
        let (_, path) = text.split_once("<path class=\"in\" d=\"").unwrap();
        let path = path.split_once('"').unwrap().0;
        assert_eq!(path.matches("h1").count(), if seconds < 1200 { 119 } else { 120 });
    }
}

#[test]
fn the_day_begins_at_midnight_and_goes_on_after_a_restart() {
    let settings = Config { html_report: page_only(Language::English).html_report, ..settings() };
    let storage = MemoryStorage::default();
    let telegram = |second: i64, import: &str, watts: &str| {
        message(second, &[("1-0:1.8.1", import), ("1-0:1.7.0", watts)])
    };
    let mut recorder = Recorder::new(&settings, storage.clone(), Amsterdam);
    recorder.tick(at(MIDNIGHT - 10));
    recorder.record(&telegram(MIDNIGHT - 10, "1000", "9000"));
    recorder.record(&telegram(MIDNIGHT, "2000", "10"));
    recorder.record(&telegram(MIDNIGHT + 100, "2100", "700"));
    recorder.flush();
    assert!(text(&storage).contains("<dd>0.100 kWh</dd>"), "{}", text(&storage));
    assert!(text(&storage).contains("<dd>700 W <small>at 00:01</small></dd>"));
    recorder.finish();
    let mut recorder = Recorder::new(&settings, storage.clone(), Amsterdam);
    recorder.tick(at(MIDNIGHT + 4000));
    recorder.record(&telegram(MIDNIGHT + 4000, "2600", "50"));
    recorder.flush();
    assert!(text(&storage).contains("<dd>0.600 kWh</dd>"), "{}", text(&storage));
    assert!(text(&storage).contains("<dd>700 W <small>at 00:01</small></dd>"));
}

#[test]
fn what_two_meters_counted_on_the_day_of_the_swap_is_added_up_also_after_a_restart() {
    let settings = Config { html_report: page_only(Language::English).html_report, ..settings() };
    let storage = MemoryStorage::default();
    let mut recorder = Recorder::new(&settings, storage.clone(), Amsterdam);
    for (second, import) in
        [(0, "10000000"), (43_000, "10008000"), (43_300, "0"), (43_500, "400"), (43_600, "500")]
    {
        recorder.tick(at(MIDNIGHT + second));
        recorder.record(&message(MIDNIGHT + second, &[("1-0:1.8.1", import), ("1-0:1.7.0", "1")]));
    }
    recorder.flush();
    assert!(text(&storage).contains("<dt>import</dt><dd>8.500 kWh</dd>"), "{}", text(&storage));
    recorder.finish();
    let mut recorder = Recorder::new(&settings, storage.clone(), Amsterdam);
    recorder.tick(at(MIDNIGHT + 44_000));
    recorder.record(&power(MIDNIGHT + 44_000, 5));
    recorder.flush();
    assert!(text(&storage).contains("<dt>import</dt><dd>9.000 kWh</dd>"), "{}", text(&storage));
}

#[test]
fn gas_of_the_hour_before_midnight_is_yesterdays_also_after_a_restart() {
    let settings = Config { html_report: page_only(Language::English).html_report, ..settings() };
    let storage = MemoryStorage::default();
    let telegram = |second: i64, time: &str, gas: &str| {
        let objects = [
            ("1-0:1.8.1", "1"),
            ("1-0:1.7.0", "1"),
            ("0-1:24.1.0", "'003"),
            ("0-1:24.2.1.A", time),
            ("0-1:24.2.1.B", gas),
        ];
        message(MIDNIGHT + second, &objects)
    };
    let mut recorder = Recorder::new(&settings, storage.clone(), Amsterdam);
    for (second, time, gas) in [
        (-100, "'261122230000W", "5500"),
        (0, "'261122230000W", "5500"),
        (300, "'261123000000W", "6000"),
        (600, "'261123000000W", "6000"),
    ] {
        recorder.tick(at(MIDNIGHT + second));
        recorder.record(&telegram(second, time, gas));
    }
    recorder.flush();
    assert!(text(&storage).contains("<dt>gas</dt><dd>0.000 m³</dd>"), "{}", text(&storage));
    recorder.finish();
    let mut recorder = Recorder::new(&settings, storage.clone(), Amsterdam);
    recorder.tick(at(MIDNIGHT + 36_300));
    recorder.record(&telegram(36_300, "'261123100000W", "7000"));
    recorder.flush();
    assert!(text(&storage).contains("<dt>gas</dt><dd>1.000 m³</dd>"), "{}", text(&storage));
}

#[test]
fn a_telegram_that_comes_late_does_not_bring_yesterday_back() {
    let (mut recorder, storage) = recorder(&page_only(Language::English));
    for (second, import) in [(0, "2000"), (-1, "1000"), (10, "2100")] {
        let objects = [("1-0:1.8.1", import), ("1-0:1.7.0", "5")];
        recorder.record(&message(MIDNIGHT + second, &objects));
    }
    recorder.flush();
    assert!(text(&storage).contains("<dd>0.100 kWh</dd>"), "{}", text(&storage));
}

#[test]
fn everything_in_the_page_is_escaped() {
    let mut settings = page_only(Language::English);
    settings.html_report.filename = "/run/METER.html".into();
    let (mut recorder, storage) = recorder(&settings);
    let id = [("0-0:96.1.1", "'<script>"), ("1-0:1.8.0", "1"), ("1-0:1.7.0", "2")];
    recorder.record(&message(START, &id));
    recorder.finish();
    assert_eq!(storage.paths(), ["/run/_script_.html"]);
    let page = storage.text("/run/_script_.html");
    assert_eq!(page.matches("<script").count(), 1, "that of the page itself");
    assert!(page.contains("&lt;script&gt;"));
}

#[test]
fn the_page_links_to_that_of_the_years_once_it_is_there() {
    let (mut recorder, storage) = recorder(&page_only(Language::English));
    recorder.tick(at(START));
    recorder.tick(at(START + 5));
    assert!(!text(&storage).contains("href"));
    storage.put("/run/report.html", "years");
    recorder.tick(at(START + 10));
    assert!(text(&storage).contains("<a href=\"report.html\">Days, months and years</a>"));
}

#[test]
fn before_the_first_telegram_there_is_a_list_of_what_to_check() {
    let (mut recorder, storage) = recorder(&page_only(Language::Dutch));
    recorder.tick(at(START));
    recorder.tick(at(START + 5));
    assert!(text(&storage).contains("<li>of p1listener draait:  systemctl status p1listener"));
    assert!(!text(&storage).contains("<svg"), "no empty chart");
    recorder.record(&power(START + 6, 1));
    recorder.flush();
    assert!(!text(&storage).contains("<ol>"));
}

#[test]
fn the_quarter_hour_is_there_for_those_who_have_its_peak() {
    let (mut recorder, storage) = recorder(&page_only(Language::English));
    let belgian = [
        ("1-0:1.8.1", "1000"),
        ("1-0:1.7.0", "4000"),
        ("1-0:1.4.0", "1000"),
        ("1-0:1.6.0.A", "'261122061500W"),
        ("1-0:1.6.0.B", "2500"),
    ];
    let begin = START + 900 - START % 900;
    let mut telegram = |second: i64, objects: &[(&str, &str)]| {
        let mut message = message(begin + second, objects);
        message.meta.meter_time = Some(at(begin + second));
        recorder.record(&message);
        recorder.flush();
        text(&storage)
    };
    let page = telegram(450, &belgian);
    assert!(page.contains("<dt>it will end with</dt><dd>3000 W <small>"), "{page}");
    assert!(page.contains("<dt>may be drawn until 07:00</dt><dd>3000 W <small>"), "{page}");
    assert!(page.contains("<dt>month peak</dt><dd>2500 W"), "{page}");
}

#[test]
fn today_has_a_bar_for_each_hour() {
    let (mut recorder, storage) = recorder(&page_only(Language::Dutch));
    for (second, import) in [(0, "0"), (600, "500"), (3600, "2000"), (3601, "2000"), (4200, "3000")]
    {
        let objects = [("1-0:1.8.1", import), ("1-0:1.7.0", "1")];
        recorder.record(&message(MIDNIGHT + second, &objects));
    }
    recorder.flush();
    let text = text(&storage);
    let (_, hours) = text.split_once("<div class=\"graph hours\">").unwrap();
    assert!(hours.contains("<path class=\"in\" d=\"M1 1000V"), "{hours}");
    assert!(hours.contains(">0,5</span>"), "{hours}");
}

#[test]
fn every_word_of_the_templates_is_in_the_table() {
    let words = crate::words::Words::of(Language::English).by_name();
    for template in [include_str!("../lastm.html"), include_str!("../readings.html")] {
        for piece in template.split("t.").skip(1) {
            let name = piece.split(|c: char| !c.is_ascii_lowercase() && c != '_').next().unwrap();
            let before =
                template[..piece.as_ptr() as usize - template.as_ptr() as usize - 2].chars().last();
            if before.is_none_or(|c| !c.is_alphanumeric() && c != '"' && c != '_') {
                assert!(words.contains_key(name), "{name}");
            }
        }
    }
}

#[test]
fn a_page_asks_nothing_of_any_other_host() {
    let (mut recorder, storage) = recorder(&page_only(Language::English));
    recorder.record(&power(START, 1));
    recorder.finish();
    let page = storage.text("/run/lastm.html");
    for word in ["http://", "https://", "//cdn", "src=", "<link", "@import", "url("] {
        assert!(!page.contains(word), "{word}");
    }
}
