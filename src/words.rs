//! What the programs say alike, in their logs and statuses.

use std::path::Path;
use std::time::{Duration, Instant};

/// A length of time in its most fitting unit: `42 s`, `17 min`, `5 h`, `3 days`.
#[must_use]
pub fn duration(time: Duration) -> String {
    match time.as_secs() {
        seconds @ ..120 => format!("{seconds} s"),
        seconds @ ..7200 => format!("{} min", seconds / 60),
        seconds @ ..172_800 => format!("{} h", seconds / 3600),
        seconds => format!("{} days", seconds / 86_400),
    }
}

/// How long ago the last one was: `the last 42 s ago`, `none yet`.
#[must_use]
pub fn age(last: Option<Instant>, now: Instant) -> String {
    match last {
        Some(last) => format!("the last {} ago", duration(now.saturating_duration_since(last))),
        None => "none yet".into(),
    }
}

/// A number of things: `1 telegram`, `2 telegrams`.
#[must_use]
pub fn count(number: u64, one: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {one}s") }
}

/// Bytes from the meter as text; what is not printable ASCII is escaped.
#[must_use]
pub fn printable(bytes: &[u8]) -> String {
    let shown = bytes.iter().map(|&byte| match byte {
        b' '..=b'~' => char::from(byte).to_string(),
        _ => byte.escape_ascii().to_string(),
    });
    shown.collect()
}

/// The longest part of a text that [`shown`] repeats, in characters.
const SHOWN_CHARACTERS: usize = 60;

/// A text of the network or of a file as a message can repeat it: not too long, and without control
/// characters.
#[must_use]
pub fn shown(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARACTERS) {
        Some((end, _)) => format!("{}…", text[..end].escape_debug()),
        None => text.escape_debug().to_string(),
    }
}

/// The words for a port that is not there.
#[must_use]
pub fn absence(path: &Path) -> String {
    format!("there is no {}: is the cable plugged in?", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_of_time_is_said_in_its_most_fitting_unit() {
        let said = [0, 119, 120, 7199, 7200, 172_799, 172_800]
            .map(|seconds| duration(Duration::from_secs(seconds)));
        assert_eq!(said, ["0 s", "119 s", "2 min", "119 min", "2 h", "47 h", "2 days"]);
    }

    #[test]
    fn the_age_of_the_last_one_is_told_if_there_was_any() {
        let now = Instant::now();
        assert_eq!(age(None, now), "none yet");
        assert_eq!(age(Some(now), now + Duration::from_secs(180)), "the last 3 min ago");
    }

    #[test]
    fn a_header_is_shown_as_it_is_and_control_characters_are_not_obeyed() {
        assert_eq!(printable(b"/ISK5\\2M\x1B[2J\xFF"), "/ISK5\\2M\\x1b[2J\\xff");
    }

    #[test]
    fn a_text_is_shown_on_one_line_and_not_for_ever() {
        assert_eq!(shown("é\n\"x\""), "é\\n\\\"x\\\"");
        assert_eq!(shown(&"é".repeat(60)), "é".repeat(60));
        assert_eq!(shown(&"é".repeat(65_000)), "é".repeat(60) + "…");
    }

    #[test]
    fn one_thing_is_singular() {
        let said = [0, 1, 2].map(|number| count(number, "telegram"));
        assert_eq!(said, ["0 telegrams", "1 telegram", "2 telegrams"]);
    }
}
