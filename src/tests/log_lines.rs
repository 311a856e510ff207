//! The messages that manual pages quote are those of the programs.

use std::fs;
use std::path::{Path, PathBuf};

use super::PROJECT;

/// The messages of the log and of statuses that a manual page quotes.
fn quoted(page: &str) -> Vec<&str> {
    let headings = page.lines().filter_map(|line| {
        let says = [".It The log says: ", ".It The status says: "];
        says.iter().find_map(|start| line.strip_prefix(start))
    });
    let pairs = page.lines().zip(page.lines().skip(1));
    let inside = pairs.filter_map(|(before, line)| {
        let is_quote = before.ends_with("the log says") || before.ends_with("a message such as");
        line.strip_prefix(".Dq ").filter(|_| is_quote)
    });
    headings.chain(inside).collect()
}

/// The words of a message that a program writes in one line of its source. What it sends or does with telegrams, and
/// the time, come from elsewhere.
fn fixed_words(message: &str) -> Vec<&str> {
    let is_fixed = |word: &&str| {
        word.len() > 1
            && word.chars().all(|c| c.is_ascii_lowercase())
            && !["telegrams", "recording", "within", "for"].contains(word)
    };
    message.split([' ', ':', ';', ',']).filter(is_fixed).collect()
}

/// The lines of the programs without their tests; a text that goes on in the next line is one.
fn source_lines() -> Vec<String> {
    let mut folders = vec![Path::new(PROJECT).join("src")];
    let mut lines = Vec::new();
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            let is_test = path.file_stem().is_some_and(|name| name == "tests");
            if path.is_dir() && !is_test {
                folders.push(path);
            } else if !is_test {
                lines.extend(lines_of(&path));
            }
        }
    }
    lines
}

fn lines_of(path: &PathBuf) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap();
    let code = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let mut lines = Vec::new();
    let mut is_open = false;
    for line in code.lines().filter(|line| !line.trim_start().starts_with("//")) {
        let (part, goes_on) = line.strip_suffix('\\').map_or((line, false), |part| (part, true));
        match lines.last_mut() {
            Some(last) if is_open => *last += part.trim_start(),
            _ => lines.push(part.to_owned()),
        }
        is_open = goes_on;
    }
    lines
}

/// Whether the line has all these words, in their order.
fn has_words(line: &str, words: &[&str]) -> bool {
    let mut of_line = line.split(|c: char| !c.is_ascii_alphanumeric());
    words.iter().all(|word| of_line.any(|other| other == *word))
}

#[test]
fn every_message_that_a_manual_page_quotes_is_one_of_a_program() {
    let source = source_lines();
    let mut number = 0;
    for page in fs::read_dir(Path::new(PROJECT).join("man")).unwrap() {
        let page = page.unwrap().path();
        let text = fs::read_to_string(&page).unwrap();
        // This one is the kernel's.
        for message in quoted(&text).into_iter().filter(|text| *text != "Operation not permitted") {
            let words = fixed_words(message);
            let is_there = source.iter().any(|line| has_words(line, &words));
            assert!(is_there && !words.is_empty(), "{}: {message}", page.display());
            number += 1;
        }
    }
    assert!(number >= 10, "only {number} are found");
}

#[test]
fn a_message_is_found_by_its_words_in_their_order() {
    let words = fixed_words("cannot join 224.7.2.1:52001 on 6 of 26 interfaces");
    assert_eq!(words, ["cannot", "join", "on", "of", "interfaces"]);
    assert!(has_words("log::warn!(\"cannot join {} on {some} of {all} interfaces\")", &words));
    assert!(!has_words("log::warn!(\"cannot join {} on {all} interfaces\")", &words));
}
