//! The manual pages and the files that the programs touch.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::{PROJECT, all, manual, section};
use crate::config::Config;
use crate::history::IMPORT_FILE;
use crate::runtime::arguments::DEFAULT_CONFIG_FILE;
use crate::{listener, simulator};

const EXAMPLES: &str = "/usr/share/doc/p1-multicast/examples/";
const SCHEMA: &str = "/usr/share/p1-multicast/p1-multicast.schema.json";

/// The files that the recorder writes as installed.
fn outputs() -> [PathBuf; 6] {
    let Config {
        p1_reader_details,
        p1_reader_interval,
        p1_reader_day,
        p1_reader_history,
        html_report,
        weekly_log,
        ..
    } = Config::default();
    [
        p1_reader_details.filename,
        p1_reader_interval.filename,
        p1_reader_day.filename,
        p1_reader_history.filename,
        html_report.filename,
        weekly_log.filename,
    ]
}

/// The files that this unit passes on as credentials.
fn credentials(unit: &str) -> Vec<String> {
    let unit = fs::read_to_string(Path::new(PROJECT).join("systemd").join(unit)).unwrap();
    let credentials = unit.lines().filter_map(|line| line.strip_prefix("LoadCredential="));
    credentials.map(|credential| credential.split_once(':').unwrap().1.to_owned()).collect()
}

/// The days that p1report reads where there is no history yet, its imports, and the page that its unit has written.
fn days_imports_and_page() -> [String; 4] {
    let Config { p1_reader_details, p1_reader_day, .. } = Config::default();
    let days = [p1_reader_details.filename, p1_reader_day.filename];
    let imports = days[0].with_file_name(IMPORT_FILE).display().to_string();
    let [details, day] = days.map(|path| path.display().to_string());
    let unit = fs::read_to_string(Path::new(PROJECT).join("systemd/p1report.service")).unwrap();
    let page =
        unit.lines().find_map(|line| line.strip_prefix("ExecStart=/usr/bin/p1report --html "));
    [details, day, imports, page.unwrap().to_owned()]
}

/// What a program opens of itself, without being given its name.
fn files_of(program: &str) -> BTreeSet<String> {
    let text = |path: PathBuf| path.display().to_string();
    let own: Vec<String> = match program {
        "p1listener" => {
            let lasting_names = Path::new("/dev").join(listener::LASTING_NAMES);
            let port = Config::default().p1_listener.port;
            [vec![port, format!("{}/", lasting_names.display())], credentials("p1listener.service")]
                .concat()
        }
        "p1mqtt" => {
            let ca_file = text(Config::default().p1_mqtt.ca_file);
            [vec![ca_file], credentials("p1mqtt.service")].concat()
        }
        "p1dashboard" | "p1report" => vec![text(Config::default().p1_reader_history.filename)],
        "p1emeter" => credentials("p1emeter.service"),
        "p1reader" => [outputs().map(text).to_vec(), credentials("p1reader.service")].concat(),
        "p1sim" => return BTreeSet::from([simulator::PORTS.to_owned()]),
        _ => Vec::new(),
    };
    let more = (program == "p1report").then(days_imports_and_page).into_iter().flatten();
    own.into_iter().chain(more).chain([DEFAULT_CONFIG_FILE.to_owned()]).collect()
}

/// The folders of the suite, the page that a web server serves, and the schema of a datagram.
fn places() -> BTreeSet<String> {
    let folder = |path: &Path| format!("{}/", path.parent().unwrap().display());
    let [details, .., page, _] = outputs();
    let page_folder = folder(&page);
    let page = page.display().to_string();
    let shipped = [EXAMPLES, SCHEMA].map(str::to_owned);
    [folder(&details), page_folder, page].into_iter().chain(shipped).collect()
}

/// The entries of the section FILES.
fn listed(page: &str) -> BTreeSet<String> {
    let entries = section(page, "FILES").filter_map(|line| line.strip_prefix(".It Pa "));
    entries.map(str::to_owned).collect()
}

#[test]
fn every_manual_page_lists_the_files_of_its_program_and_no_others() {
    for (command, _) in all() {
        let program = command.get_name();
        assert_eq!(listed(&manual(program)), files_of(program), "{program}");
    }
}

#[test]
fn the_other_pages_list_the_configuration_and_the_places_of_the_suite() {
    let page = |name| fs::read_to_string(Path::new(PROJECT).join("man").join(name)).unwrap();
    let config = DEFAULT_CONFIG_FILE.to_owned();
    assert_eq!(listed(&page("p1reader.yml.5")), BTreeSet::from([config.clone()]));
    let mut of_all = listed(&page("p1-multicast.7"));
    assert!(of_all.remove(&config));
    assert!(of_all.is_subset(&places()) && of_all.contains(EXAMPLES), "{of_all:?}");
    assert_eq!(of_all.len(), 4, "records, page, examples and schema: {of_all:?}");
}

/// What the configuration of a further meter is called, if the meter is called so.
fn instance(name: &str) -> String {
    let script = fs::read_to_string(Path::new(PROJECT).join("systemd/make-instances")).unwrap();
    let pattern = script.split([' ', '|']).find(|word| word.ends_with("%i.yml"));
    pattern.unwrap().replace("%i", name)
}

#[test]
fn the_examples_are_listed_each_in_their_table() {
    let folder = Path::new(PROJECT).join("etc/examples");
    let readme = fs::read_to_string(folder.join("README.md")).unwrap();
    let rows: Vec<&str> = readme.lines().filter(|line| line.starts_with("| `")).collect();
    for entry in fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let is_listed = rows.iter().any(|row| row.contains(&format!("`{name}`")));
        assert!(is_listed || name == "README.md", "{name}");
    }
}

#[test]
fn no_manual_page_names_a_file_of_the_suite_that_is_not_there() {
    let examples = fs::read_dir(Path::new(PROJECT).join("etc/examples")).unwrap();
    let examples = examples
        .map(|entry| format!("{EXAMPLES}{}", entry.unwrap().file_name().into_string().unwrap()));
    let programs = all().into_iter().flat_map(|(command, _)| files_of(command.get_name()));
    let known: BTreeSet<String> =
        programs.chain(places()).chain(examples).chain([instance("attic")]).collect();
    let ours = [
        "/etc/p1-multicast",
        "/var/lib/p1-multicast",
        "/run/p1-multicast",
        "/usr/share/p1-multicast",
        EXAMPLES,
    ];
    for page in fs::read_dir(Path::new(PROJECT).join("man")).unwrap() {
        let page = page.unwrap().path();
        let text = fs::read_to_string(&page).unwrap();
        for word in text.split(|c: char| c.is_whitespace() || "\"'(),;".contains(c)) {
            if ours.iter().any(|folder| word.starts_with(folder)) {
                let is_known = known.contains(word) || known.contains(&format!("{word}/"));
                assert!(is_known, "{}: {word}", page.display());
            }
        }
    }
}
