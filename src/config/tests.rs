//! Whole files: what loads, and what is refused in which words.

mod documentation;
mod keys;

use std::path::PathBuf;
use std::time::Duration;

use proptest::prelude::*;

use super::*;

const FILE: &str = "/etc/x.yml";
const OLD_FILE: &str = include_str!("testdata/P1reader.yml");

fn environment(name: &str) -> Option<String> {
    match name {
        "P1_LOGS" => Some("/var/ram/p1".to_owned()),
        "P1_PORT" => Some("1234".to_owned()),
        "P1_OFF" => Some("false".to_owned()),
        _ => None,
    }
}

fn parsed(text: &str) -> Result<Loaded, ConfigError> {
    parse(text, Path::new(FILE), &environment)
}

fn config(text: &str) -> Config {
    let loaded = parsed(text).unwrap_or_else(|error| panic!("{text}\n{error}"));
    assert_eq!(loaded.warnings, [], "{text}");
    loaded.config
}

/// The problems as shown, without the name of the file.
fn problems(text: &str) -> Vec<String> {
    let error = parsed(text).expect_err(text).to_string();
    let prefix = format!("{FILE}:");
    let lines = error.lines();
    lines.map(|line| line.strip_prefix(&prefix).expect(line).to_owned()).collect()
}

fn warnings(text: &str) -> Vec<String> {
    let loaded = parsed(text).unwrap_or_else(|error| panic!("{text}\n{error}"));
    loaded.warnings.iter().map(Problem::to_string).collect()
}

#[test]
fn nothing_in_the_file_is_all_defaults() {
    for text in ["", "# comment\n", "---\n", "multicast:\n", "multicast: {}\nweekly_log: ~\n"] {
        assert_eq!(config(text), Config::default(), "{text:?}");
    }
}

#[test]
fn an_old_file_loads_and_each_repeated_key_is_named_with_its_line() {
    let loaded = parsed(OLD_FILE).unwrap();
    let six = Duration::from_secs(6);
    assert_eq!(loaded.config.multicast.ttl, 2);
    assert_eq!(loaded.config.p1_reader_details.flush_period, six);
    assert_eq!(loaded.config.p1_reader_interval.flush_period, six);
    assert_eq!(loaded.config.p1_reader_day.flush_period, six);
    assert_eq!(loaded.config.html_report.flush_period, six);
    assert_eq!(loaded.config.weekly_log.flush_period, six);
    let weekly = PathBuf::from("/var/ram/p1/p1_reader-YYYY-Www.log");
    assert_eq!(loaded.config.weekly_log.filename, weekly);
    let places: Vec<_> = loaded.warnings.iter().map(|w| (w.line, &*w.key)).collect();
    let expected = [
        (Some(11), "p1_reader_details.flush_period"),
        (Some(16), "p1_reader_interval.flush_period"),
        (Some(21), "p1_reader_day.flush_period"),
        (Some(26), "html_report.flush_period"),
        (Some(32), "weekly_log.flush_period"),
    ];
    assert_eq!(places, expected);
}

#[test]
fn a_repeated_key_takes_the_last_value_and_is_named() {
    let text = "multicast:\n  port: nonsense\n  TTL: 3\n  port: 2\n  port: 1\n";
    assert_eq!(parsed(text).unwrap().config.multicast.port, 1);
    assert_eq!(
        warnings(text),
        [
            "/etc/x.yml:4: multicast.port: repeated, the last one counts: \
             line 4 (2) replaces line 2 (\"nonsense\")",
            "/etc/x.yml:5: multicast.port: repeated, the last one counts: \
             line 5 (1) replaces line 4 (2)",
        ]
    );
}

#[test]
fn a_repeated_section_counts_as_the_last_one_alone() {
    let text = "multicast: {port: 1, TTL: 9}\nweekly_log:\nmulticast:\n  port: 2\n";
    let multicast = parsed(text).unwrap().config.multicast;
    assert_eq!((multicast.port, multicast.ttl), (2, 1));
    let warnings = warnings(text);
    assert_eq!(warnings.len(), 1);
    assert!(warnings[0].starts_with("/etc/x.yml:3: multicast: repeated"), "{warnings:?}");
}

#[test]
fn all_problems_are_reported_at_once_in_the_order_of_the_file() {
    let text = "\
weekly_log:
  measurement_period: 3601
  flush_perod: 5
multicats: {port: 0}
multicast:
  also_to: [nowhere]
  raw_port: 52001
  address: 10.0.0.1
html_report: 5
p1_listener:
  port: ${UNSET}
  baud_rate:
";
    assert_eq!(
        problems(text),
        [
            "2: weekly_log.measurement_period: \
             expected a whole number of seconds from 1 to 3600, found 3601",
            "3: weekly_log.flush_perod: unknown key, did you mean flush_period?",
            "4: multicats: unknown section, did you mean multicast?",
            "6: multicast.also_to: \
             expected HOST:PORT or \"[IPV6]:PORT\" for each item, found \"nowhere\"",
            "7: multicast.raw_port: \
             expected another value than multicast.port has, found 52001 for both",
            "8: multicast.address: expected a multicast address \
             (224.0.0.0 to 239.255.255.255, or from ff01:: on), found \"10.0.0.1\"",
            "9: html_report: expected keys below it, each indented, found 5",
            "11: p1_listener.port: \
             expected the environment variable UNSET to be set, found it unset",
            "12: p1_listener.baud_rate: \
             expected auto or a whole number from 300 to 921600, found nothing",
        ]
    );
}

#[test]
fn a_variable_is_checked_like_any_other_value() {
    let text = "multicast: {port: ${P1_PORT}}\nhtml_report: {enabled: \"${P1_OFF}\"}";
    // In braces YAML takes `{` and `}` for its own: there the reference needs quotes.
    assert!(parsed(text).is_err());
    let text = "multicast:\n  port: ${P1_PORT}\nhtml_report: {enabled: \"${P1_OFF}\"}";
    let config = config(text);
    assert_eq!(config.multicast.port, 1234);
    assert!(!config.html_report.enabled);
    let found = problems("multicast:\n  port: ${P1_LOGS}\n");
    let expected = "2: multicast.port: expected a whole number from 1 to 65535, \
                    found \"/var/ram/p1\"";
    assert_eq!(found, [expected]);
}

#[test]
fn a_text_that_is_not_a_file_of_sections_is_refused() {
    for (text, start) in [
        ("- a\n", " expected sections such as `multicast:`, found a list"),
        ("5\n", " expected sections such as `multicast:`, found 5"),
        ("a: [\n", "2: expected YAML, found an error: "),
        ("a: *b\n", "1: expected YAML, found an error: unknown anchor"),
        ("a: !tag 5\n", "1: expected YAML, found an error: a: invalid type: enum"),
        ("<<: {port: 1}\n", "1: <<: unknown section, expected one of "),
    ] {
        let found = problems(text);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with(start), "{found:?}");
    }
}

#[test]
fn common_mistakes_are_named_with_their_line() {
    let tab = "expected spaces to indent the line, found a tab";
    let jinja = "expected ${NAME} for an environment variable, found a Jinja2 template";
    let colon = "expected `TTL: 1`, with a colon and a space";
    let indent = "expected the same indentation as the keys beside it";
    let quote = "expected a quote at the end of the text";
    let no_break = "expected visible characters, found a no-break space (U+00A0)";
    let mark = "expected visible characters, found a byte order mark (U+FEFF)";
    let typographic = "expected plain quotes (\") or none, found ";
    let document = "expected one document, found a second one after ---";
    let ini =
        "expected YAML (`multicast:`, and below it, indented, `port: 52001`), found an INI file";
    for (text, line, expected) in [
        ("multicast:\n\tport: 1\n", 2, tab),
        ("multicast:\n  port: 1\n  \tTTL: 1\n", 3, tab),
        ("multicast:\n  also_to:\n\t- \"pi:1\"\n", 3, tab),
        ("multicast:\n  port: 2\n  TTL:1\n", 3, colon),
        ("multicast:\n  port: 2\n  TTL = 1\n", 3, colon),
        ("multicast:\n  port: 2\n  TTL 1 # far\n", 3, colon),
        ("multicast:\n  TTL:1\n  port: 2\n", 2, colon),
        ("multicast\n  port: 2\n", 1, "expected `multicast:`, with a colon and a space"),
        ("multicast:\n  port: 1\n   TTL: 1\n", 3, indent),
        ("multicast:\n  port: 1\n TTL: 1\n", 3, indent),
        ("html_report:\n  filename: \"/x\n  minutes: 1\n", 2, quote),
        ("html_report:\n  filename: \"/x”\n  minutes: 1\n", 2, typographic),
        ("html_report:\n  filename: {{ logs }}/x\n", 2, jinja),
        ("{% set x = 1 %}\nhtml_report:\n", 1, jinja),
        ("multicast:\n \u{a0}port: 1\n  TTL: 1\n", 2, no_break),
        ("multicast:\n  port: 1\n\u{feff}p1_listener:\n", 3, mark),
        ("---\nmulticast:\n---\np1_listener:\n", 3, document),
        ("# x\nmulticast:\n--- # y\np1_listener:\n", 3, document),
        ("; x\n[multicast]\nport = 1\n", 2, ini),
        ("[p1_listener]\nport=/dev/ttyUSB0\n[multicast]\nport=1\n", 1, ini),
    ] {
        let found = problems(text);
        assert_eq!(found.len(), 1, "{text:?} {found:?}");
        assert!(found[0].starts_with(&format!("{line}: {expected}")), "{text:?} {found:?}");
    }
}

#[test]
fn a_key_without_a_space_after_its_colon_is_suggested_with_one() {
    assert_eq!(
        problems("multicast:\n  port:52001\n"),
        ["1: multicast: expected keys below it, each indented, found \"port:52001\"; \
             did you mean `port: 52001`, with a colon and a space?"]
    );
    assert!(problems("port = 1\n")[0].contains("did you mean `port: 1`"));
    assert!(problems("html_report: off\n")[0].ends_with("found \"off\""));
}

#[test]
fn invisible_characters_are_named_wherever_they_stand() {
    for (text, key) in [
        ("p1_listener: {port: /dev/ttyUSB0\u{200b}}", "p1_listener.port"),
        ("p1_listener: {name: \"a\u{200b}b\"}", "p1_listener.name"),
        ("multicast: {also_to: [\"pi\u{200b}:1\"]}", "multicast.also_to"),
        ("multicast: {po\u{200b}rt: 1}", "multicast.po\\u{200b}rt"),
        ("multi\u{200b}cast: {port: 1}", "multi\\u{200b}cast"),
    ] {
        let found = "expected visible characters, found a zero-width space (U+200B)";
        assert_eq!(problems(text), [format!("1: {key}: {found}")]);
    }
    let expected = "1: p1_listener.port: expected plain quotes (\") or none, found “/dev/ttyUSB0”";
    assert_eq!(problems("p1_listener: {port: “/dev/ttyUSB0”}"), [expected]);
    config("# “quotes” and\u{a0}blanks of a comment\np1_listener: {name: Piet’s meter} # ‘so’\n");
}

#[test]
fn a_byte_order_mark_and_dos_line_ends_are_harmless() {
    let text = "\u{feff}multicast: {port: 1}\r\np1_listener:\r\n  baud_rate: 9600\r\n";
    let config = config(text);
    assert_eq!(config.multicast.port, 1);
    assert_eq!(config.p1_listener.baud_rate, Some(9600));
}

#[test]
fn names_from_the_file_cannot_forge_lines_of_a_log() {
    let found = problems("\"a\\nb\": 1\nmulticast:\n  \"c\\rd\": 2\n");
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found.iter().all(|line| !line.contains(char::is_control)));
}

#[test]
fn a_huge_file_is_refused_without_being_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("huge.yml");
    // A hole of 100 MB.
    File::create(&path).unwrap().set_len(100_000_000).unwrap();
    let error = load(&path, &environment).unwrap_err().to_string();
    let expected = format!("{}: expected at most {MAX_FILE_SIZE}", path.display());
    assert!(error.starts_with(&expected), "{error}");
    assert_eq!(read(&path, READ_TIMEOUT).unwrap().len(), MAX_FILE_SIZE + 1);
    assert_eq!(read(Path::new("/dev/zero"), READ_TIMEOUT).unwrap().len(), MAX_FILE_SIZE + 1);
}

#[test]
fn a_file_that_cannot_be_read_is_named_with_the_cause() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing.yml");
    for (path, cause) in [(missing.as_path(), "No such file"), (folder.path(), "directory")] {
        let error = load(path, &environment).unwrap_err();
        assert!(matches!(error, ConfigError::Unreadable { .. }));
        let shown = error.to_string();
        let start = format!("{}: cannot be read: ", path.display());
        assert!(shown.starts_with(&start) && shown.contains(cause), "{shown}");
    }
}

#[test]
fn a_pipe_is_read_to_its_end_and_one_that_nobody_writes_to_is_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fifo");
    let mode = Mode::RUSR | Mode::WUSR;
    rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    let error = read(&path, Duration::ZERO).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    let text = format!("# {}\nmulticast: {{port: 7}}\n", "x".repeat(5000));
    let writer = std::thread::spawn({
        let (path, text) = (path.clone(), text.clone());
        move || std::fs::write(path, text)
    });
    assert_eq!(read(&path, READ_TIMEOUT).unwrap(), text.as_bytes());
    writer.join().unwrap().unwrap();
}

#[test]
fn a_file_that_is_not_utf8_is_refused_with_the_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("latin1.yml");
    std::fs::write(&path, b"# one\n# caf\xe9\n").unwrap();
    let error = load(&path, &environment).unwrap_err().to_string();
    let expected = format!("{}:2: expected text in UTF-8", path.display());
    assert!(error.starts_with(&expected), "{error}");
}

#[test]
fn a_file_loads_as_its_text_does() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("p1reader.yml");
    std::fs::write(&path, OLD_FILE).unwrap();
    let loaded = load(&path, &environment).unwrap();
    assert_eq!(loaded, parse(OLD_FILE, &path, &environment).unwrap());
}

proptest! {
    #[test]
    fn any_text_gives_settings_or_problems_of_bounded_length(
        text in "([a-z0-9_:{}\\[\\],&*!#\"' \n\t\r=|>%@$-]|multicast|port: |also_to: |\n  |“|\u{a0}|---\n|\\$\\{){0,60}",
        long in prop::bool::ANY,
    ) {
        let text = if long { text.replace('x', &"x\u{10ffff}".repeat(2000)) } else { text };
        if let Err(error) = parsed(&text) {
            for line in error.to_string().lines() {
                prop_assert!(line.starts_with(FILE), "{line}");
                prop_assert!(line.len() < 4096, "{line}");
            }
        }
    }
}
