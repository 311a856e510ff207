//! Text that all programs format alike, for logs and statuses, for terminals, and for other programs.

use std::borrow::Cow;
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
pub fn ago(last: Option<Instant>, now: Instant) -> String {
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

/// A number of thousandths with so many decimals, rounded to nearest.
#[must_use]
pub fn decimal(thousandths: i64, decimals: u32) -> String {
    let unit = 10i64.pow(3u32.saturating_sub(decimals));
    let half = unit / 2 * thousandths.signum();
    let rounded = (thousandths + half) / unit;
    let scale = 10i64.pow(decimals.min(3));
    let (whole, part) = (rounded.abs() / scale, rounded.abs() % scale);
    let sign = if rounded < 0 { "-" } else { "" };
    if decimals == 0 {
        format!("{sign}{whole}")
    } else {
        format!("{sign}{whole}.{part:0width$}", width = decimals.min(3) as usize)
    }
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

/// The longest text that [`escaped`] keeps, in characters.
const MAX_ESCAPED: usize = 60;

/// A text from the network or from a file for a log message: cut to 60 characters, with control characters
/// escaped.
#[must_use]
pub fn escaped(text: &str) -> String {
    match text.char_indices().nth(MAX_ESCAPED) {
        Some((end, _)) => format!("{}…", text[..end].escape_debug()),
        None => text.escape_debug().to_string(),
    }
}

/// A text with its control characters escaped, for a line that goes to a terminal or a pipe.
#[must_use]
pub fn one_line(text: &str) -> Cow<'_, str> {
    if !text.contains(char::is_control) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if c.is_control() {
            escaped.extend(c.escape_default());
        } else {
            escaped.push(c);
        }
    }
    Cow::Owned(escaped)
}

/// A key of the line protocol of `InfluxDB`, or the value of a tag.
#[must_use]
pub fn line_protocol_key(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in one_line(text).chars() {
        // A backslash at the end would escape what follows.
        if matches!(c, ',' | '=' | ' ' | '\\') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// The message about a device that does not exist.
#[must_use]
pub fn absence(path: &Path) -> String {
    format!("there is no {}: is the cable plugged in?", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_shown_in_its_most_fitting_unit() {
        let shown = [0, 119, 120, 7199, 7200, 172_799, 172_800]
            .map(|seconds| duration(Duration::from_secs(seconds)));
        assert_eq!(shown, ["0 s", "119 s", "2 min", "119 min", "2 h", "47 h", "2 days"]);
    }

    #[test]
    fn the_last_time_is_shown_if_there_was_one() {
        let now = Instant::now();
        assert_eq!(ago(None, now), "none yet");
        assert_eq!(ago(Some(now), now + Duration::from_secs(180)), "the last 3 min ago");
    }

    #[test]
    fn a_header_is_shown_as_it_is_with_control_characters_escaped() {
        assert_eq!(printable(b"/ISK5\\2M\x1B[2J\xFF"), "/ISK5\\2M\\x1b[2J\\xff");
    }

    #[test]
    fn a_text_is_shown_on_one_line_and_cut_when_it_is_long() {
        assert_eq!(escaped("é\n\"x\""), "é\\n\\\"x\\\"");
        assert_eq!(escaped(&"é".repeat(60)), "é".repeat(60));
        assert_eq!(escaped(&"é".repeat(65_000)), "é".repeat(60) + "…");
    }

    #[test]
    fn one_thing_is_singular() {
        let shown = [0, 1, 2].map(|number| count(number, "telegram"));
        assert_eq!(shown, ["0 telegrams", "1 telegram", "2 telegrams"]);
    }
}
