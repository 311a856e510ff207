//! The manual pages and the shells' completions agree with the command lines.
//! `UPDATE_GOLDEN=1` writes the completions; look at the difference.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use clap_complete::{Shell, generate};

use super::all;
use crate::daemon::Exit;

const PROJECT: &str = env!("CARGO_MANIFEST_DIR");

fn manual(program: &str) -> String {
    let section = if matches!(program, "p1listener" | "p1mqtt" | "p1reader") { 8 } else { 1 };
    fs::read_to_string(Path::new(PROJECT).join(format!("man/{program}.{section}"))).unwrap()
}

/// The lines of one section of a manual page.
fn section<'a>(page: &'a str, heading: &'a str) -> impl Iterator<Item = &'a str> {
    let is_heading = move |line: &&str| line.strip_prefix(".Sh ") == Some(heading);
    let lines = page.lines().skip_while(move |line| !is_heading(line)).skip(1);
    lines.take_while(|line| !line.starts_with(".Sh "))
}

/// Every program: its name, the long names of its options, its manual page.
fn programs() -> Vec<(String, BTreeSet<String>, String)> {
    let program = |mut command: clap::Command| {
        command.build();
        let options = command.get_arguments().filter_map(clap::Arg::get_long);
        let name = command.get_name();
        (name.to_owned(), options.map(str::to_owned).collect(), manual(name))
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
fn every_manual_page_has_the_exit_statuses_that_all_programs_share() {
    for command in all() {
        let page = manual(command.get_name());
        let listed: BTreeSet<u8> = section(&page, "EXIT STATUS")
            .filter_map(|line| line.strip_prefix(".It "))
            .map(|number| number.trim().parse().unwrap())
            .collect();
        let of_all = [Exit::Done, Exit::Usage, Exit::Io].map(Exit::code);
        let own = [Exit::Rejected, Exit::Unavailable, Exit::Bug, Exit::Config].map(Exit::code);
        assert!(of_all.iter().all(|code| listed.contains(code)), "{}", command.get_name());
        let is_known = |code| of_all.contains(code) || own.contains(code);
        assert!(listed.iter().all(is_known), "{}: {listed:?}", command.get_name());
    }
}

#[test]
fn the_daemons_manual_pages_list_the_signals_that_they_mind() {
    for daemon in ["p1listener", "p1mqtt", "p1reader"] {
        let page = manual(daemon);
        let listed: BTreeSet<&str> = section(&page, "SIGNALS")
            .filter_map(|line| line.strip_prefix(".It Dv "))
            .flat_map(|names| names.split(" , "))
            .collect();
        assert_eq!(listed, BTreeSet::from(["SIGHUP", "SIGINT", "SIGTERM", "SIGUSR1"]), "{daemon}");
    }
}

#[test]
fn the_shipped_completions_are_those_of_the_command_lines() {
    for mut command in all() {
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
