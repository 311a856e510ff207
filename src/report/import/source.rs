//! The bytes of a file as UTF-8 text.
//!
//! Owns what a file may be: plain, compressed with gzip, in UTF-8, Latin-1 or UTF-16, as spreadsheets save "Unicode
//! text", with lines that end with LF, CRLF or CR. Of what is no text at all it knows the usual kinds, and how each
//! becomes a table.

use std::io::{self, BufRead, BufReader, Read};

use crate::gzip::{self, Gzip};

/// The bytes that are read at once.
const BUFFER: usize = 128 * 1024;

/// How a file begins that is no table, in upper case, and what to do with it.
const FOREIGN: [(&[u8], &str); 18] = [
    (b"PK\x03\x04", XLSX),
    (
        b"\xD0\xCF\x11\xE0",
        "an old spreadsheet: convert it with soffice --headless --convert-to csv",
    ),
    (
        b"SQLITE FORMAT 3\0",
        "an SQLite database: read its table with sqlite3 -csv -header FILE 'select * from TABLE'",
    ),
    (b"PGDMP", POSTGRESQL),
    (b"--\n-- POSTGRESQL", POSTGRESQL),
    (b"--", SQL),
    (b"CREATE TABLE", SQL),
    (b"INSERT INTO", SQL),
    (b"REPLACE INTO", SQL),
    (b"BEGIN TRANSACTION", SQL),
    (b"PRAGMA", SQL),
    (b"{", JSON),
    (b"[", JSON),
    (b"<", "HTML or XML: look for an export as CSV"),
    (b"%PDF", "a PDF: look for an export as CSV"),
    (b"BZH", "a file compressed with bzip2: uncompress it"),
    (b"\xFD7ZXZ", "a file compressed with xz: uncompress it"),
    (b"\x28\xB5\x2F\xFD", "a file compressed with zstd: uncompress it"),
];
const XLSX: &str = "a ZIP archive or a spreadsheet (XLSX): unpack it, or convert it with xlsx2csv or soffice --headless --convert-to csv";
const POSTGRESQL: &str =
    "a dump of PostgreSQL: restore it, and read its table with psql --csv -c 'select …'";
const SQL: &str =
    "SQL: make a table of it with sqlite3 -csv -header :memory: '.read FILE' 'select * from TABLE'";
const JSON: &str = "JSON: make a table of it with jq -r '… | @csv'";

/// The text of a source, which may be compressed and encoded.
pub(super) fn text(source: impl Read + 'static) -> io::Result<Box<dyn BufRead>> {
    let mut source = BufReader::with_capacity(BUFFER, source);
    if source.fill_buf()?.starts_with(&gzip::MAGIC) {
        decoded(BufReader::with_capacity(BUFFER, Gzip::new(source)))
    } else {
        decoded(source)
    }
}

fn decoded(mut source: impl BufRead + 'static) -> io::Result<Box<dyn BufRead>> {
    let is_big_endian = match source.fill_buf()? {
        [0xFF, 0xFE, ..] => false,
        [0xFE, 0xFF, ..] => true,
        // Text without the mark, as iconv makes it.
        [first, 0, second, 0, ..] if *first != 0 && *second != 0 => false,
        _ => return with_line_feeds(source),
    };
    let text = Utf16 { source, is_big_endian, text: Vec::new(), at: 0 };
    with_line_feeds(BufReader::with_capacity(BUFFER, text))
}

/// A text whose lines end with CR alone, as Excel for the Mac saves "CSV (Macintosh)", gets LF.
fn with_line_feeds(mut source: impl BufRead + 'static) -> io::Result<Box<dyn BufRead>> {
    let begin = source.fill_buf()?;
    // A CR at the end of what was read may be that of a CRLF.
    let has_cr =
        begin.iter().position(|byte| *byte == b'\r').is_some_and(|at| at + 1 < begin.len());
    if has_cr && !begin.contains(&b'\n') {
        Ok(Box::new(BufReader::with_capacity(BUFFER, LineFeeds(source))))
    } else {
        Ok(Box::new(source))
    }
}

/// What a text that begins like this is, if it is no table, and what to do with it.
pub(super) fn foreign(begin: &[u8]) -> Option<&'static str> {
    let begin = begin.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(begin).trim_ascii_start();
    let is_control = |byte: &u8| matches!(byte, 0..=8 | 14..=25 | 28..=31);
    let has_control = begin.iter().take(512).any(is_control);
    let begin = begin[..begin.len().min(32)].to_ascii_uppercase();
    let known = FOREIGN.iter().find(|(magic, _)| begin.starts_with(magic)).map(|(_, what)| *what);
    known.or(has_control.then_some("binary data: look for an export as CSV"))
}

/// CR as LF.
struct LineFeeds<R>(R);

impl<R: Read> Read for LineFeeds<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.0.read(buffer)?;
        for byte in buffer[..count].iter_mut().filter(|byte| **byte == b'\r') {
            *byte = b'\n';
        }
        Ok(count)
    }
}

/// UTF-16 as UTF-8.
struct Utf16<R> {
    source: R,
    is_big_endian: bool,
    text: Vec<u8>,
    at: usize,
}

impl<R: BufRead> Utf16<R> {
    /// The next unit; `None` at the end. A half one there is left out.
    fn unit(&mut self) -> io::Result<Option<u16>> {
        let mut pair = [0; 2];
        match self.source.read_exact(&mut pair) {
            Ok(()) if self.is_big_endian => Ok(Some(u16::from_be_bytes(pair))),
            Ok(()) => Ok(Some(u16::from_le_bytes(pair))),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl<R: BufRead> Read for Utf16<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at == self.text.len() {
            let mut units = Vec::with_capacity(4096);
            // A character of two units stays whole.
            while units.len() < 4095
                || units.last().is_some_and(|unit| (0xD800..0xDC00).contains(unit))
            {
                let Some(unit) = self.unit()? else { break };
                units.push(unit);
            }
            (self.text, self.at) = (String::from_utf16_lossy(&units).into_bytes(), 0);
        }
        let count = buffer.len().min(self.text.len() - self.at);
        buffer[..count].copy_from_slice(&self.text[self.at..self.at + count]);
        self.at += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: Vec<u8>) -> String {
        let mut found = String::new();
        text(io::Cursor::new(bytes)).unwrap().read_to_string(&mut found).unwrap();
        found
    }

    #[test]
    fn utf_16_of_both_orders_and_without_a_mark_is_text() {
        // Longer than what is read at once, with characters of two units.
        let expected = "tijd;m³;🔌\r\n".repeat(700);
        let units: Vec<u16> = expected.encode_utf16().collect();
        let little: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
        assert_eq!(read(little.clone()), expected);
        let with_mark = [&[0xFF, 0xFE][..], &little].concat();
        assert_eq!(read(with_mark).trim_start_matches('\u{feff}'), expected);
        let mut big: Vec<u8> = vec![0xFE, 0xFF];
        big.extend(units.iter().flat_map(|unit| unit.to_be_bytes()));
        big.push(0);
        assert_eq!(read(big).trim_start_matches('\u{feff}'), expected, "and half a unit");
        assert_eq!(read(b"a;b\n".to_vec()), "a;b\n");
        assert_eq!(read(Vec::new()), "");
    }

    #[test]
    fn a_text_whose_lines_end_with_cr_alone_gets_line_feeds() {
        assert_eq!(read(b"a;b\r1;2\r".to_vec()), "a;b\n1;2\n");
        assert_eq!(read(b"a;b\r\n1;2\r\n".to_vec()), "a;b\r\n1;2\r\n");
        assert_eq!(read(b"a;b\r".to_vec()), "a;b\r");
        let units: Vec<u8> = "a;b\r1;2\r".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(read(units), "a;b\n1;2\n");
    }

    #[test]
    fn what_is_no_table_is_known_by_its_beginning() {
        for (begin, expected) in [
            (&b"PK\x03\x04xx"[..], Some("XLSX")),
            (b"SQLite format 3\0", Some("SQLite database")),
            (b"\xEF\xBB\xBF {\"a\":1}", Some("jq")),
            (b"create table e_history_uur", Some("sqlite3")),
            (b"--\n-- PostgreSQL database dump", Some("psql")),
            (b"<!DOCTYPE html>", Some("HTML")),
            (b"details.csv\0\0\0\0", Some("binary")),
            (b"time,Import kWh\n", None),
            (b"1540634400,8220605\n", None),
            (b"-5;1\n", None),
            (b"", None),
        ] {
            let found = foreign(begin);
            match expected {
                Some(expected) => assert!(found.unwrap().contains(expected), "{begin:?}"),
                None => assert_eq!(found, None, "{begin:?}"),
            }
        }
    }
}
