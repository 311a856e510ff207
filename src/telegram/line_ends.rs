//! Line ends that programs between meter and us have changed, put back where the checksum proves it.
//!
//! Owns what is tried. A checksum of 16 bits fits one wrong telegram in 65,536 by chance, and each
//! attempt is another chance: there are three at most, and only where the line ends differ from the usual.

use super::lines::{self, Lines};
use super::{Checksum, Frame};

/// Where a telegram has blank lines.
#[derive(Clone, Copy, PartialEq, Eq)]
enum BlankLines {
    /// Where they were received: CR or LF alone was lost.
    AsReceived,
    /// Behind the first line, as meters send them: line ends were doubled, or the blank line lost.
    OneBehindHeader,
    /// Nowhere, as few meters do: line ends were doubled.
    None,
}

/// The frame with CR LF at each line end, if that gives a good checksum. `buffer` receives its bytes.
pub(super) fn restore<'b>(
    frame: &Frame<'_>,
    buffer: &'b mut Vec<u8>,
    check: impl Fn(&Frame<'_>) -> Checksum,
) -> Option<(Frame<'b>, Checksum)> {
    let end_mark = rewrite(frame, BlankLines::OneBehindHeader, buffer);
    if buffer[..=end_mark] == *frame.up_to_end_mark() {
        return None;
    }
    let attempts = [BlankLines::AsReceived, BlankLines::OneBehindHeader, BlankLines::None];
    let (end_mark, checksum) = attempts.into_iter().find_map(|blank_lines| {
        let end_mark = rewrite(frame, blank_lines, buffer);
        let checksum = check(&Frame { bytes: buffer, end_mark, ..*frame });
        matches!(checksum, Checksum::Good(_)).then_some((end_mark, checksum))
    })?;
    Some((Frame { bytes: buffer, end_mark, ..*frame }, checksum))
}

/// Writes the frame with CR LF at each line end. Gives the position of its `!`.
fn rewrite(frame: &Frame<'_>, blank_lines: BlankLines, buffer: &mut Vec<u8>) -> usize {
    buffer.clear();
    let body = &frame.bytes[..frame.end_mark];
    for (start, end) in Lines::of(body) {
        if start < end || blank_lines == BlankLines::AsReceived {
            buffer.extend_from_slice(&body[start..end]);
            buffer.extend_from_slice(b"\r\n");
        }
        if start == 0 && blank_lines == BlankLines::OneBehindHeader {
            buffer.extend_from_slice(b"\r\n");
        }
    }
    let end_mark = buffer.len();
    buffer.extend_from_slice(lines::first(&frame.bytes[frame.end_mark..]));
    buffer.extend_from_slice(b"\r\n");
    end_mark
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::telegram::{Framer, Timestamp};

    /// How many ways are tried for a telegram whose checksum never fits.
    fn attempts(telegram: &str) -> usize {
        let mut framer = Framer::default();
        let frame = framer.feed(&mut telegram.as_bytes(), Timestamp::default()).unwrap();
        let count = Cell::new(0);
        let mut buffer = Vec::new();
        let restored = restore(&frame, &mut buffer, |_| {
            count.set(count.get() + 1);
            Checksum::Wrong { computed: 0 }
        });
        assert_eq!(restored, None);
        count.get()
    }

    #[test]
    fn nothing_is_tried_where_line_ends_are_as_usual_and_three_ways_elsewhere() {
        let usual = "/TST5\r\n\r\n1-0:1.7.0(1*kW)\r\n!FFFF\r\n";
        assert_eq!(attempts(usual), 0);
        assert_eq!(
            attempts(&usual.replace("FFFF\r\n", "FFFF\n")),
            0,
            "not covered by the checksum"
        );
        for line_end in ["\n", "\r", "\n\n", "\r\r\n", "\r\n\r\n"] {
            assert_eq!(attempts(&usual.replace("\r\n", line_end)), 3, "{line_end:?}");
        }
        assert_eq!(attempts(&usual.replace("\r\n\r\n", "\r\n")), 3);
    }
}
