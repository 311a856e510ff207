//! The lines of a telegram.
//!
//! Owns what ends a line: CR LF as in the standard, or LF or CR alone, which some meters send and
//! programs between meter and us leave over.

use memchr::memchr2;

/// The lines of a text as (start, end), line ends not included.
pub(crate) struct Lines<'a> {
    text: &'a [u8],
    next: usize,
}

impl<'a> Lines<'a> {
    /// The lines of this text.
    pub(crate) fn of(text: &'a [u8]) -> Self {
        Self { text, next: 0 }
    }

    /// Where the next line starts: behind the line end of the last one.
    pub(crate) fn position(&self) -> usize {
        self.next
    }
}

impl Iterator for Lines<'_> {
    type Item = (usize, usize);

    fn next(&mut self) -> Option<(usize, usize)> {
        let start = self.next;
        let rest = self.text.get(start..).filter(|rest| !rest.is_empty())?;
        let length = memchr2(b'\r', b'\n', rest).unwrap_or(rest.len());
        let line_end = match &rest[length..] {
            [b'\r', b'\n', ..] => 2,
            [_, ..] => 1,
            [] => 0,
        };
        self.next = start + length + line_end;
        Some((start, start + length))
    }
}

/// The first line of a text, line end not included.
pub(super) fn first(text: &[u8]) -> &[u8] {
    &text[..memchr2(b'\r', b'\n', text).unwrap_or(text.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cr_lf_lf_and_cr_each_end_one_line() {
        let text = b"a\r\nb\nc\rd\r\r\ne\n\nf";
        let lines: Vec<&[u8]> = Lines::of(text).map(|(start, end)| &text[start..end]).collect();
        assert_eq!(lines, [&b"a"[..], b"b", b"c", b"d", b"", b"e", b"", b"f"]);
        assert_eq!(Lines::of(b"").next(), None);
        assert_eq!((first(text), first(b"\n"), first(b"x")), (&b"a"[..], &b""[..], &b"x"[..]));
    }

    #[test]
    fn the_position_is_behind_the_line_end() {
        let mut lines = Lines::of(b"a\r\nb\rc");
        let ends: Vec<usize> =
            std::iter::from_fn(|| lines.next().map(|_| lines.position())).collect();
        assert_eq!(ends, [3, 5, 6]);
    }
}
