//! One file: its header, its ends, and its lines from the one that is asked for.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek as _, SeekFrom};
use std::path::Path;

use memchr::{memchr, memchr_iter, memrchr};

use crate::gzip::Gzip;
use crate::history::row::{FIRST_SECOND, RowReader, Selection, row_time};

/// What is read at once. The longest row and header fit by far.
const PIECE: usize = 128 * 1024;

/// The longest header.
const MAX_HEADER: usize = 16 * 1024;

/// How far from the row that is asked for reading may begin, in bytes.
const NEAR: u64 = 32 * 1024;

/// What is searched for the last row.
const TAIL: u64 = 8 * 1024;

/// What the ends of a file tell.
pub(super) enum Ends {
    Rows { first: i64, last: Option<i64> },
    Empty,
    Early,
    Foreign,
}

pub(super) fn ends(path: &Path, is_compressed: bool) -> io::Result<Ends> {
    let (header, mut source) = open(path, is_compressed, i64::MIN)?;
    if header.is_empty() {
        return Ok(Ends::Empty);
    }
    if RowReader::new(&header, &Selection::default()).is_none() {
        return Ok(Ends::Foreign);
    }
    let (mut first, mut is_early) = (None, false);
    lines(&mut source, |line| {
        let time = row_time(line);
        is_early |= time.is_some_and(|time| time < FIRST_SECOND);
        first = time.filter(|time| *time >= FIRST_SECOND);
        first.is_none()
    })?;
    let Some(first) = first else {
        return Ok(if is_early { Ends::Early } else { Ends::Empty });
    };
    let last =
        if is_compressed { None } else { Some(last_time(path)?.unwrap_or(first).max(first)) };
    Ok(Ends::Rows { first, last })
}

/// The time of the last row of a plain file.
fn last_time(path: &Path) -> io::Result<Option<i64>> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
    let mut tail = Vec::new();
    file.take(TAIL).read_to_end(&mut tail)?;
    let whole = memrchr(b'\n', &tail).map_or(0, |end| end);
    Ok(tail[..whole].rsplit(|&byte| byte == b'\n').find_map(row_time))
}

/// The header of a file, and its lines from shortly before the row of `from`.
pub(super) fn open(
    path: &Path,
    is_compressed: bool,
    from: i64,
) -> io::Result<(Vec<u8>, Box<dyn Read>)> {
    let mut file = File::open(path)?;
    if is_compressed {
        let mut source = Gzip::new(BufReader::new(file));
        let (header, rest, _) = header(&mut source)?;
        return Ok((header, Box::new(io::Cursor::new(rest).chain(source))));
    }
    let (header, rest, start) = header(&mut file)?;
    let length = file.metadata()?.len();
    if from == i64::MIN || rest.is_empty() {
        return Ok((header, Box::new(io::Cursor::new(rest).chain(file))));
    }
    let (mut low, mut high) = (start, length.max(start));
    while high - low > NEAR {
        let middle = low + (high - low) / 2;
        file.seek(SeekFrom::Start(middle))?;
        let mut piece = [0; 2048];
        let read = file.read(&mut piece)?;
        let mut rows = piece[..read].split(|&byte| byte == b'\n').skip(1);
        // Where no row is to be found, reading begins before.
        match rows.find_map(row_time) {
            Some(time) if time < from => low = middle,
            _ => high = middle,
        }
    }
    file.seek(SeekFrom::Start(low))?;
    let source: Box<dyn Read> = Box::new(file);
    if low == start {
        return Ok((header, source));
    }
    // It is in the middle of a row. The rest of it is no row that counts: it is older than `from`.
    let mut source = source;
    let mut piece = vec![0; 4096];
    let read = source.read(&mut piece)?;
    let next = memchr(b'\n', &piece[..read]).map_or(read, |end| end + 1);
    let rest = piece[next..read].to_vec();
    Ok((header, Box::new(io::Cursor::new(rest).chain(source))))
}

/// The first line without its end, what was read behind it, and where that begins. Empty when the file has no whole
/// line.
fn header(source: &mut impl Read) -> io::Result<(Vec<u8>, Vec<u8>, u64)> {
    let mut text = Vec::new();
    source.take(MAX_HEADER as u64).read_to_end(&mut text)?;
    let Some(end) = memchr(b'\n', &text) else { return Ok((Vec::new(), Vec::new(), 0)) };
    let rest = text.split_off(end + 1);
    let start = text.len() as u64;
    text.truncate(text.trim_ascii_end().len());
    Ok((text, rest, start))
}

/// Gives each whole line without its end, until `each` returns false. A last line without an end is torn: it is
/// left out.
pub(super) fn lines(source: &mut impl Read, mut each: impl FnMut(&[u8]) -> bool) -> io::Result<()> {
    let mut piece = vec![0; PIECE];
    let mut filled = 0;
    let mut is_too_long = false;
    loop {
        let read = match source.read(&mut piece[filled..]) {
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if read == 0 {
            return Ok(());
        }
        let scanned = filled;
        filled += read;
        let mut start = 0;
        for end in memchr_iter(b'\n', &piece[scanned..filled]) {
            let end = scanned + end;
            let is_cut = std::mem::take(&mut is_too_long);
            if !each(if is_cut { b"" } else { &piece[start..end] }) {
                return Ok(());
            }
            start = end + 1;
        }
        piece.copy_within(start..filled, 0);
        filled -= start;
        if filled == piece.len() {
            // Longer than any row: what is left of it counts as one line that is no row.
            is_too_long = true;
            filled = 0;
        }
    }
}
