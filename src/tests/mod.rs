//! The manual pages and the shells' completions agree with the programs: options, exit statuses, files.
//! (Signals are tried on the built programs: `tests/integration/signals.rs`.)
//! `UPDATE_GOLDEN=1` writes the completions; look at the difference.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use clap::{Command, CommandFactory as _};
use clap_complete::{Shell, generate};

#[cfg(feature = "dashboard")]
use crate::dashboard;
#[cfg(feature = "mqtt")]
use crate::mqtt;
use crate::runtime::Exit;
use crate::{cat, emeter, listener, reader, report, simulator};

mod files;
pub(crate) mod kinds;
mod log_lines;

const PROJECT: &str = env!("CARGO_MANIFEST_DIR");

/// Every program that is built: its command line, and how it can end.
fn all() -> Vec<(Command, &'static [Exit])> {
    vec![
        (cat::Options::command(), cat::EXITS),
        #[cfg(feature = "dashboard")]
        (dashboard::Options::command(), dashboard::EXITS),
        (emeter::Options::command(), emeter::EXITS),
        (listener::Options::command(), listener::EXITS),
        #[cfg(feature = "mqtt")]
        (mqtt::Options::command(), mqtt::EXITS),
        (reader::Options::command(), reader::EXITS),
        (report::Options::command(), report::EXITS),
        (simulator::Options::command(), simulator::EXITS),
    ]
}

fn manual(program: &str) -> String {
    let pages = [1, 8].map(|section| Path::new(PROJECT).join(format!("man/{program}.{section}")));
    pages
        .iter()
        .find_map(|page| fs::read_to_string(page).ok())
        .unwrap_or_else(|| panic!("{program}"))
}

/// The lines of one section of a manual page.
fn section<'a>(page: &'a str, heading: &'a str) -> impl Iterator<Item = &'a str> {
    let is_heading = move |line: &&str| line.strip_prefix(".Sh ") == Some(heading);
    let lines = page.lines().skip_while(move |line| !is_heading(line)).skip(1);
    lines.take_while(|line| !line.starts_with(".Sh "))
}

/// Every program: its name, the long names of its options and those of its commands, its manual page.
fn programs() -> Vec<(String, BTreeSet<String>, String)> {
    let program = |(mut command, _): (Command, _)| {
        command.build();
        let commands = std::iter::once(&command).chain(command.get_subcommands());
        let arguments = commands.flat_map(Command::get_arguments);
        let options = arguments.filter_map(clap::Arg::get_long).map(str::to_owned).collect();
        let name = command.get_name();
        (name.to_owned(), options, manual(name))
    };
    all().into_iter().map(program).collect()
}

#[test]
fn every_manual_page_lists_the_options_of_its_program_and_no_others() {
    for (program, options, page) in programs() {
        assert!(options.contains("help"), "{program}");
        let entries = page.lines().filter_map(|line| line.strip_prefix(".It Fl -"));
        let listed: Vec<&str> = entries.filter_map(|line| line.split(' ').next()).collect();
        let unique: BTreeSet<String> = listed.iter().map(|&name| name.to_owned()).collect();
        assert_eq!(unique, options, "{program}");
        assert_eq!(listed.len(), unique.len(), "{program}: an option is listed twice");
    }
}

#[test]
fn no_manual_page_speaks_of_an_option_that_its_program_does_not_have() {
    for (program, options, page) in programs() {
        for line in page.lines().filter(|line| line.starts_with('.')) {
            for named in line.split("Fl -").skip(1) {
                let name = named.split([' ', '|']).next().unwrap_or_default();
                assert!(options.contains(name), "{program}: {line}");
            }
        }
    }
}

#[test]
fn every_manual_page_lists_the_exit_statuses_of_its_program_and_no_others() {
    for (command, exits) in all() {
        let page = manual(command.get_name());
        let entries = section(&page, "EXIT STATUS").filter_map(|line| line.strip_prefix(".It "));
        let listed: Vec<u8> = entries.map(|number| number.trim().parse().unwrap()).collect();
        let declared: Vec<u8> = exits.iter().map(|exit| exit.code()).collect();
        assert_eq!(listed, declared, "{}", command.get_name());
    }
}

#[test]
fn the_shipped_completions_are_those_of_the_command_lines() {
    for (mut command, _) in all() {
        let program = command.get_name().to_owned();
        for (shell, file) in [
            (Shell::Bash, format!("bash/{program}")),
            (Shell::Zsh, format!("zsh/_{program}")),
            (Shell::Fish, format!("fish/{program}.fish")),
        ] {
            let path = Path::new(PROJECT).join("etc/completions").join(file);
            let mut completion = Vec::new();
            generate(shell, &mut command, &program, &mut completion);
            if std::env::var_os("UPDATE_GOLDEN").is_some() {
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(&path, &completion).unwrap();
            }
            let shipped = fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            assert!(shipped == completion, "{} is not what it should be", path.display());
        }
    }
}
