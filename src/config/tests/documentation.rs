//! The shipped file and the man page agree with the table of keys.

use std::fmt::Write as _;

use super::super::keys::{SECTIONS, Section};
use super::super::model::Config;
use super::super::tree::{self, Node};
use super::config;

const SHIPPED_FILE: &str = include_str!("../../../etc/p1reader.yml");
const MAN_PAGE: &str = include_str!("../../../man/p1reader.yml.5");

#[test]
fn the_shipped_file_is_the_defaults() {
    assert_eq!(config(SHIPPED_FILE), Config::default());
}

#[test]
fn the_shipped_file_has_every_key_once_and_its_examples_load() {
    let mut all_on = String::new();
    for line in SHIPPED_FILE.lines() {
        let line = match line.split_once('#') {
            Some((indent, setting)) if is_setting(setting) => format!("{indent}{setting}"),
            _ => line.to_owned(),
        };
        writeln!(all_on, "{line}").unwrap();
    }
    config(&all_on);
    let Node::Map(sections) = tree::read(&all_on).unwrap() else { panic!("{all_on}") };
    let shipped = sections.iter().map(|section| match &section.value {
        Node::Map(keys) => (&*section.name, keys.iter().map(|key| &*key.name).collect()),
        other => panic!("{}: {other}", section.name),
    });
    assert_same_keys(&shipped.collect::<Vec<_>>());
}

/// Prose has a blank after its `#`.
fn is_setting(comment: &str) -> bool {
    let name = comment.split_once(": ").map(|(name, _)| name);
    name.is_some_and(|name| name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'))
}

#[test]
fn the_shipped_file_fits_a_terminal() {
    assert!(SHIPPED_FILE.lines().all(|line| line.chars().count() <= 90));
}

#[test]
fn the_man_page_has_a_heading_for_every_section_and_an_entry_for_every_key() {
    let mut documented: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in MAN_PAGE.lines() {
        if let Some(section) = line.strip_prefix(".Ss ") {
            documented.push((section, Vec::new()));
        } else if let Some(key) = line.strip_prefix(".It Ic ") {
            documented.last_mut().expect("a heading").1.push(key);
        }
    }
    assert_same_keys(&documented);
}

#[test]
fn the_man_page_names_no_key_that_does_not_exist() {
    let known = |name: &str| {
        let mut sections = SECTIONS.iter();
        sections.any(|s| s.name == name || s.keys.iter().any(|key| key.name == name))
    };
    for line in MAN_PAGE.lines() {
        let mut words = line.split_whitespace();
        while words.by_ref().any(|word| word.trim_start_matches('.') == "Ic") {
            let name = words.next().expect(line);
            assert!(known(name), "{line}");
        }
    }
}

fn assert_same_keys(found: &[(&str, Vec<&str>)]) {
    let keys = |section: &Section| section.keys.iter().map(|key| key.name).collect();
    let table: Vec<(&str, Vec<&str>)> = SECTIONS.iter().map(|s| (s.name, keys(s))).collect();
    assert_eq!(found, table);
}

#[test]
fn the_example_of_the_man_page_loads() {
    let (_, examples) = MAN_PAGE.split_once(".Sh EXAMPLES").expect("examples");
    let (_, example) = examples.split_once("indent\n").expect("a display");
    let (example, _) = example.split_once(".Ed").expect("an end");
    assert_ne!(config(example), Config::default());
}
