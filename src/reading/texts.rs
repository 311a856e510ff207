//! What the texts of meters mean: states in words, versions and messages in hexadecimal, filler.
//!
//! Owns the reading of one text. What is ambiguous is no reading.

use std::borrow::Cow;

use crate::message::{decode_identifier, is_blank};
use crate::telegram::Decimal;

/// More tariffs than any meter has.
const MAX_TARIFF: i64 = 99;

/// The number of a tariff: `0002`, `TARIFF 1`, and of one maker `5431`, which is `T1` in hexadecimal.
pub(crate) fn tariff(text: &str) -> Option<Decimal> {
    let text = text.trim();
    let sent = whole(text);
    if sent.is_some_and(|number| number.whole() <= MAX_TARIFF) {
        return sent;
    }
    let words = decode_identifier(text);
    let digits = words.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    let has_word = digits.len() < words.len();
    let is_between = |c: char| has_word && " -_:=.".contains(c);
    let digits = digits.trim_start_matches(is_between);
    whole(digits.trim()).or(sent)
}

/// The state of a breaker as COSEM numbers it: 0 off, 1 on, 2 ready to be switched on.
pub(crate) fn breaker(text: &str) -> Option<Decimal> {
    let text = text.trim();
    let word = |name: &str| decode_identifier(text).trim().eq_ignore_ascii_case(name);
    let named = [("OFF", 0), ("ON", 1), ("DISCONNECTED", 0), ("CONNECTED", 1)];
    let named = named.into_iter().find_map(|(name, state)| word(name).then(|| state.into()));
    named.or_else(|| whole(text))
}

/// A version. `50` is one, not the letter P; longer ones may be digits in hexadecimal. Zeros are none.
pub(crate) fn version(text: &str) -> Option<Cow<'_, str>> {
    let text = text.trim();
    let decoded = decode_identifier(text);
    let is_version = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    match decoded.trim() {
        sent if is_blank(text) || sent.bytes().all(|byte| byte == b'0') => None,
        digits if text.len() >= 4 && is_version(digits) => Some(digits.to_owned().into()),
        _ => Some(text.into()),
    }
}

/// The identifier of a device, decoded where it is hexadecimal.
pub(crate) fn identifier(text: &str) -> Option<Cow<'_, str>> {
    (!is_blank(text)).then(|| decode_identifier(text))
}

/// A text for people, decoded where it is hexadecimal: line breaks inside removed, filler around it,
/// too. Hungarian meters fill the message up with bytes FF, as they are or in hexadecimal.
pub(crate) fn message(text: &str) -> Option<Cow<'_, str>> {
    let is_around = |c: char| matches!(c, '\0' | '\u{ff}') || c.is_whitespace();
    let text = text.trim_matches(is_around);
    let text = if text.contains(['\r', '\n']) {
        Cow::Owned(text.replace(['\r', '\n'], ""))
    } else {
        Cow::Borrowed(text)
    };
    let filled = without_filler(&text);
    let decoded = match decode_identifier(filled) {
        // What is left is hexadecimal: else the pairs were no filler, but part of the text.
        Cow::Owned(decoded) => Cow::Owned(decoded),
        Cow::Borrowed("") => return None,
        Cow::Borrowed(_) => text,
    };
    (!decoded.trim().is_empty()).then_some(decoded)
}

/// The text without the pairs of hexadecimal digits at its ends that stand for FF, NUL and blanks.
fn without_filler(mut text: &str) -> &str {
    if text.len() % 2 != 0 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return text;
    }
    let pairs = ["FF", "ff", "00", "20"];
    while let Some(rest) = pairs.into_iter().find_map(|pair| text.strip_suffix(pair)) {
        text = rest;
    }
    while let Some(rest) = pairs.into_iter().find_map(|pair| text.strip_prefix(pair)) {
        text = rest;
    }
    text
}

/// A number without a point, and not negative.
fn whole(text: &str) -> Option<Decimal> {
    let number = Decimal::parse(text.as_bytes())?;
    (number.decimals() == 0 && !number.is_negative()).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(number: Option<Decimal>) -> Option<i64> {
        number.map(Decimal::whole)
    }

    #[test]
    fn a_tariff_is_a_number_also_in_words_and_in_hexadecimal() {
        for (sent, expected) in [
            ("0002", Some(2)),
            ("02", Some(2)),
            (" 3 ", Some(3)),
            ("31", Some(31)),
            ("TARIFF 1", Some(1)),
            ("Tarif2", Some(2)),
            ("T3", Some(3)),
            ("RATE-2", Some(2)),
            ("Tariff: 4", Some(4)),
            ("TARIFF_1", Some(1)),
            ("T.2", Some(2)),
            ("5431", Some(1)),
            ("5441524946462032", Some(2)),
            ("3032", Some(2)),
            ("0100", Some(100)),
            ("", None),
            ("HIGH", None),
            ("1 of 2", None),
            ("-1", None),
            ("T-", None),
            ("T1-2", None),
        ] {
            assert_eq!(number(tariff(sent)), expected, "{sent}");
        }
    }

    #[test]
    fn a_breaker_is_told_by_number_or_word() {
        for (sent, expected) in [
            ("0", Some(0)),
            ("1", Some(1)),
            ("2", Some(2)),
            ("ON", Some(1)),
            ("off", Some(0)),
            (" On ", Some(1)),
            ("4F4646", Some(0)),
            ("Disconnected", Some(0)),
            ("I", None),
            ("", None),
        ] {
            assert_eq!(number(breaker(sent)), expected, "{sent}");
        }
    }

    #[test]
    fn a_version_in_hexadecimal_is_decoded_and_a_short_one_is_not() {
        for (sent, expected) in [
            ("50", Some("50")),
            ("50221", Some("50221")),
            ("3231313130", Some("21110")),
            ("312E32", Some("1.2")),
            ("P", Some("P")),
            ("", None),
            ("  ", None),
            ("20202020", None),
            ("FFFFFFFF", None),
            ("0000", None),
            ("30303030", None),
        ] {
            assert_eq!(version(sent).as_deref(), expected, "{sent}");
        }
    }

    #[test]
    fn filler_around_a_message_is_none_of_it() {
        for (sent, expected) in [
            ("48656C6C6F", Some("Hello")),
            ("48656C6C6F2020FFFF00", Some("Hello")),
            ("FFFF48656C6C6F", Some("Hello")),
            ("Hello", Some("Hello")),
            ("486", Some("486")),
            ("CAFEFF", Some("CAFEFF")),
            ("FFFFFFFF", None),
            ("00000000", None),
            ("20202020", None),
            ("\u{ff}\u{ff}", None),
            ("\0Hi\0\0", Some("Hi")),
        ] {
            assert_eq!(message(sent).as_deref(), expected, "{sent:?}");
        }
    }

    #[test]
    fn an_identifier_of_filler_is_none() {
        assert_eq!(identifier("4530303437").as_deref(), Some("E0047"));
        assert_eq!(identifier("9900000000").as_deref(), Some("9900000000"));
        for none in ["", "  ", "2020", "FFFFFFFF", "ffff", "\u{ff}\u{ff}"] {
            assert_eq!(identifier(none), None, "{none:?}");
        }
    }
}
