//! Tables as text: lines of fields.
//!
//! Owns what lines and fields look like, and where a problem is. A line is read at a time, and is bounded. Files may
//! begin with a byte order mark, end their lines with CRLF or CR, quote fields, and write them as formulas (`="5410"`).

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, Read};
use std::path::Path;

use super::source;
use crate::runtime::Exit;

/// The longest line, in bytes.
const MAX_LINE: u64 = 64 * 1024;

/// The path that stands for the standard input.
const STANDARD_INPUT: &str = "-";

/// What messages call a file.
pub(super) fn name(path: &Path) -> String {
    if path == Path::new(STANDARD_INPUT) {
        "standard input".to_owned()
    } else {
        path.display().to_string()
    }
}

/// Why a file was not imported.
#[derive(Debug, thiserror::Error)]
pub(in crate::report) enum ImportError {
    /// The content is not what the format has.
    #[error("{place}: {what}")]
    Content { place: Place, what: String },
    /// Reading failed.
    #[error("{name}: {source}")]
    Unreadable { name: String, source: io::Error },
    /// Writing failed.
    #[error("{name}: {source}; nothing was imported")]
    Unwritable { name: String, source: io::Error },
    /// The files tell nothing; `left_out` says what was read for nothing.
    #[error("{names}: expected rows with a number, found none; nothing was imported{left_out}")]
    NoRows { names: String, left_out: String },
    /// Two meters have readings at the same time.
    #[error(
        "expected one meter after the other, found {one} and {other} side by side: choose one with --where COLUMN={one}"
    )]
    Meters { one: String, other: String },
    /// The command line does not fit the file.
    #[error("{0}")]
    Usage(String),
}

impl ImportError {
    /// How the program ends.
    pub(in crate::report) fn exit(&self) -> Exit {
        match self {
            Self::Content { .. } | Self::NoRows { .. } | Self::Meters { .. } => Exit::Data,
            Self::Unreadable { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                Exit::NoInput
            }
            Self::Unreadable { .. } | Self::Unwritable { .. } => Exit::Io,
            Self::Usage(_) => Exit::Usage,
        }
    }
}

/// A line of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::report) struct Place {
    pub name: String,
    /// From 1.
    pub line: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.name, self.line)
    }
}

/// The lines of a file, or of the standard input.
pub(super) struct Lines {
    source: Box<dyn BufRead>,
    pub place: Place,
    line: Vec<u8>,
    /// How long the last two lines are, in bytes with their ends.
    lengths: [usize; 2],
    has_end: bool,
}

impl Lines {
    /// Opens a file; `-` is the standard input.
    pub fn open(path: &Path) -> Result<Self, ImportError> {
        let name = name(path);
        if path == Path::new(STANDARD_INPUT) {
            return Self::of(name, io::stdin());
        }
        match File::open(path) {
            Ok(file) => Self::of(name, file),
            Err(source) => Err(ImportError::Unreadable { name, source }),
        }
    }

    /// The lines of this source.
    pub fn of(name: String, source: impl Read + 'static) -> Result<Self, ImportError> {
        let unreadable = |source| failure(Place { name: name.clone(), line: 1 }, source);
        let mut source = source::text(source).map_err(unreadable)?;
        let foreign = source::foreign(source.fill_buf().map_err(unreadable)?);
        let place = Place { name, line: 0 };
        let lines = Self { source, place, line: Vec::new(), lengths: [0; 2], has_end: true };
        match foreign {
            Some(what) => Err(lines.wrong(format!("expected a table, found {what}"))),
            None => Ok(lines),
        }
    }

    /// The next line without its end; `None` at the end of the file. A last line without an end is a line.
    pub fn next(&mut self) -> Result<Option<&str>, ImportError> {
        self.line.clear();
        let mut source = (&mut self.source).take(MAX_LINE);
        match source.read_until(b'\n', &mut self.line) {
            Ok(0) => return Ok(None),
            Ok(_) => {}
            Err(source) => {
                self.place.line += 1;
                return Err(failure(self.place.clone(), source));
            }
        }
        self.place.line += 1;
        self.lengths = [self.lengths[1], self.line.len()];
        self.has_end = self.line.ends_with(b"\n");
        if self.line.len() as u64 == MAX_LINE {
            return Err(self.wrong(format!("longer than {MAX_LINE} bytes: this is no table")));
        }
        if self.place.line == 1 && self.line.starts_with(b"\xEF\xBB\xBF") {
            self.line.drain(..3);
        }
        while self.line.ends_with(b"\n") || self.line.ends_with(b"\r") {
            self.line.pop();
        }
        if std::str::from_utf8(&self.line).is_err() {
            // Some programs write m³ in Latin-1.
            let text: String = self.line.iter().map(|&byte| char::from(byte)).collect();
            self.line = text.into_bytes();
        }
        Ok(Some(std::str::from_utf8(&self.line).unwrap_or_default()))
    }

    /// Whether the line that was read last may be the begin of a longer one: it has no end, and the one before it is
    /// longer.
    pub fn may_be_cut(&self) -> bool {
        let [before, last] = self.lengths;
        !self.has_end && last + 1 < before
    }

    /// A problem with the line that was read last, or with the first one.
    pub fn wrong(&self, what: String) -> ImportError {
        let place = Place { name: self.place.name.clone(), line: self.place.line.max(1) };
        ImportError::Content { place, what }
    }
}

/// Reading failed in this line: it is the compressed file that is at fault, or the disk.
fn failure(place: Place, source: io::Error) -> ImportError {
    match source.kind() {
        io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData => {
            ImportError::Content { place, what: format!("{source} here: copy it again") }
        }
        _ => ImportError::Unreadable { name: place.name, source },
    }
}

/// The fields of a line.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields {
    text: String,
    ends: Vec<usize>,
}

impl Fields {
    /// Splits a line; false when a quote is not closed.
    pub fn split(&mut self, line: &str, separator: char) -> bool {
        self.text.clear();
        self.ends.clear();
        let mut rest = line;
        loop {
            let trimmed = rest.trim_start_matches(' ');
            let quoted = trimmed.strip_prefix("=\"").or_else(|| trimmed.strip_prefix('"'));
            let after = if let Some(quoted) = quoted {
                let Some(after) = self.unquote(quoted) else { return false };
                after
            } else {
                let end = rest.find(separator).unwrap_or(rest.len());
                self.text.push_str(rest[..end].trim());
                &rest[end..]
            };
            self.ends.push(self.text.len());
            // What stands between a closing quote and the separator does not count.
            match after.find(separator) {
                Some(end) => rest = &after[end + separator.len_utf8()..],
                None => return true,
            }
        }
    }

    /// Takes a text up to its closing quote, and gives what follows.
    fn unquote<'t>(&mut self, text: &'t str) -> Option<&'t str> {
        let mut rest = text;
        loop {
            let end = rest.find('"')?;
            self.text.push_str(&rest[..end]);
            rest = &rest[end + 1..];
            match rest.strip_prefix('"') {
                Some(more) => {
                    self.text.push('"');
                    rest = more;
                }
                None => return Some(rest),
            }
        }
    }

    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// The field at this place; empty where there is none.
    pub fn get(&self, at: usize) -> &str {
        let start = at.checked_sub(1).map_or(Some(0), |before| self.ends.get(before).copied());
        match (start, self.ends.get(at)) {
            (Some(start), Some(end)) => &self.text[start..*end],
            _ => "",
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|at| self.get(at))
    }
}

/// The separator of a table with this header: the most frequent of semicolon, tab, comma and bar.
pub(super) fn separator(header: &str) -> char {
    let count = |separator: char| header.chars().filter(|c| *c == separator).count();
    // Of equals the last one counts.
    ['|', ',', '\t', ';'].into_iter().max_by_key(|separator| count(*separator)).unwrap_or(',')
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use proptest::prelude::*;

    use super::*;

    fn fields(line: &str, separator: char) -> Vec<String> {
        let mut fields = Fields::default();
        assert!(fields.split(line, separator), "{line}");
        fields.iter().map(str::to_owned).collect()
    }

    fn lines(text: &[u8]) -> Result<Vec<String>, String> {
        let mut lines = Lines::of("f".into(), io::Cursor::new(text.to_vec())).unwrap();
        let mut found = Vec::new();
        while let Some(line) = lines.next().map_err(|error| error.to_string())? {
            found.push(line.to_owned());
        }
        Ok(found)
    }

    #[test]
    fn fields_may_be_quoted_padded_or_formulas() {
        assert_eq!(fields("a, b ,,\"c,\"\"d\"", ','), ["a", "b", "", "c,\"d"]);
        assert_eq!(fields("1;=\"5410\";\"0,10\" ;", ';'), ["1", "5410", "0,10", ""]);
        assert_eq!(fields("", ','), [""]);
        assert!(!Fields::default().split("a,\"b", ','));
        assert_eq!(Fields::default().get(3), "");
    }

    #[test]
    fn lines_are_without_their_ends_and_the_mark_of_the_first() {
        assert_eq!(lines(b"\xEF\xBB\xBFa;b\r\nc\n\nd").unwrap(), ["a;b", "c", "", "d"]);
        assert_eq!(lines(b"m\xB3\n").unwrap(), ["m³"]);
        let long = "x".repeat(70_000);
        assert_eq!(
            lines(format!("a\n{long}").as_bytes()).unwrap_err(),
            "f:2: longer than 65536 bytes: this is no table"
        );
    }

    #[test]
    fn a_last_line_without_an_end_that_is_shorter_than_the_one_before_may_be_cut() {
        for (text, expected) in [
            ("time,kWh\n1,10.25\n2,10.2", true),
            ("time,kWh\n1,10.25\n2,10.28", false),
            ("time,kWh\n1,10.25\n2,10.2\n", false),
            ("", false),
        ] {
            let mut lines = Lines::of("f".into(), io::Cursor::new(text.to_owned())).unwrap();
            while lines.next().unwrap().is_some() {}
            assert_eq!(lines.may_be_cut(), expected, "{text}");
        }
    }

    #[test]
    fn a_compressed_file_is_read_as_it_was() {
        let mut zip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        zip.write_all(b"a\nb\n").unwrap();
        assert_eq!(lines(&zip.finish().unwrap()).unwrap(), ["a", "b"]);
    }

    #[test]
    fn a_compressed_file_that_is_cut_off_says_so_with_the_line() {
        let mut zip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        for number in 0..50_000 {
            writeln!(zip, "{number};{}", number * 7919 % 10_007).unwrap();
        }
        let zip = zip.finish().unwrap();
        let failure = |bytes: &[u8]| {
            let mut lines = Lines::of("f".into(), io::Cursor::new(bytes.to_vec()))?;
            while lines.next()?.is_some() {}
            Ok::<(), ImportError>(())
        };
        for (length, line) in
            [(12, 1..2), (zip.len() / 2, 1000..50_000), (zip.len() - 4, 50_000..50_002)]
        {
            let error = failure(&zip[..length]).unwrap_err();
            assert_eq!(error.exit(), Exit::Data, "{error}");
            let text = error.to_string();
            let (place, what) = text.split_once(": ").unwrap();
            assert_eq!(what, "the compressed file is cut off here: copy it again");
            let found: usize = place.strip_prefix("f:").unwrap().parse().unwrap();
            assert!(line.contains(&found), "{length}: {text}");
        }
    }

    #[test]
    fn the_separator_is_the_most_frequent_one() {
        for (header, expected) in [
            ("a,b", ','),
            ("a;b;c,d", ';'),
            ("a\tb", '\t'),
            ("a", ';'),
            ("a,b;c", ';'),
            ("a|b|c", '|'),
        ] {
            assert_eq!(separator(header), expected, "{header}");
        }
    }

    proptest! {
        #[test]
        fn any_line_can_be_split(line in "[a-z,;\"= ]{0,40}|\\PC{0,20}") {
            let mut fields = Fields::default();
            if fields.split(&line, ',') {
                prop_assert!(fields.iter().count() == fields.len() && fields.len() > 0);
            }
        }
    }
}
