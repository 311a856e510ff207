//! The manual pages and the exit statuses of the programs.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::{PROJECT, all, manual, section};
use crate::runtime::Exit;

const EXITS: [(&str, Exit); 7] = [
    ("Exit::Done", Exit::Done),
    ("Exit::Rejected", Exit::Rejected),
    ("Exit::Usage", Exit::Usage),
    ("Exit::Unavailable", Exit::Unavailable),
    ("Exit::Bug", Exit::Bug),
    ("Exit::Io", Exit::Io),
    ("Exit::Config", Exit::Config),
];

/// The code of a file, or of all files in a folder, without tests and comments.
fn code(path: &Path) -> String {
    if path.is_dir() {
        let mut entries: Vec<PathBuf> =
            fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
        entries.retain(|entry| entry.file_stem().is_some_and(|name| name != "tests"));
        return entries.iter().map(|entry| code(entry)).collect();
    }
    let text = fs::read_to_string(path).unwrap_or_default();
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let is_code = |line: &&str| !line.trim_start().starts_with("//");
    code.lines().filter(is_code).flat_map(|line| [line, "\n"]).collect()
}

/// The code of a program, with that of what it uses of the parts that end a process.
fn program_code(program: &str) -> String {
    let source = Path::new(PROJECT).join("src");
    let folder = program.strip_prefix("p1").unwrap();
    let folder = if folder == "sim" { "simulator" } else { folder };
    let own = code(&source.join(format!("bin/{program}.rs"))) + &code(&source.join(folder));
    let used = |word: &str, file: &str| {
        if own.contains(word) { code(&source.join(file)) } else { String::new() }
    };
    [
        used("arguments::parse", "runtime/arguments.rs"),
        used("Program::start", "runtime/start.rs"),
        used("Program::start", "runtime/panic.rs"),
        used("signals::termination_flag", "runtime/signals.rs"),
        used("Signals::install", "runtime/signals.rs"),
    ]
    .concat()
        + &own
}

#[test]
fn every_manual_page_lists_the_exit_statuses_of_its_program_and_no_others() {
    for command in all() {
        let program = command.get_name();
        let code = program_code(program);
        let used = EXITS.iter().filter(|(name, _)| code.contains(name));
        let used: BTreeSet<u8> = used.map(|(_, exit)| exit.code()).collect();
        let page = manual(program);
        let listed: BTreeSet<u8> = section(&page, "EXIT STATUS")
            .filter_map(|line| line.strip_prefix(".It "))
            .map(|number| number.trim().parse().unwrap())
            .collect();
        assert_eq!(listed, used, "{program}");
    }
}
