//! Numbers and words of the page: the decimal sign and the capitals of its language.

use crate::text::decimal;
use crate::words::Words;

pub(super) fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

/// A number with the decimal sign of the language, and thin blanks between thousands.
pub(super) fn number(thousandths: i64, decimals: u32, words: &Words) -> String {
    let text = decimal(thousandths, decimals);
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    let digits = whole.trim_start_matches('-');
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            grouped.push('\u{202f}');
        }
        grouped.push(digit);
    }
    let sign = if whole.starts_with('-') { "−" } else { "" };
    let point = if part.is_empty() { "" } else { words.point };
    format!("{sign}{grouped}{point}{part}")
}

/// A number of an axis, with as many decimals as it needs.
pub(super) fn short(thousandths: i64, words: &Words) -> String {
    let decimals = if thousandths % 1000 == 0 {
        0
    } else if thousandths % 100 == 0 {
        1
    } else {
        2
    };
    number(thousandths, decimals, words)
}

/// A sentence with the decimal sign of the language.
pub(super) fn comma(text: &str, words: &Words) -> String {
    let bytes = text.as_bytes();
    let is_decimal = |at: usize| {
        let is_digit =
            |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_digit);
        is_digit(at.checked_sub(1)) && is_digit(Some(at + 1))
    };
    text.char_indices()
        .map(|(at, letter)| {
            if letter == '.' && is_decimal(at) {
                words.point.to_owned()
            } else {
                letter.to_string()
            }
        })
        .collect()
}
