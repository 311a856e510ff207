//! A recording, played again.
//!
//! Owns how a file of recorded telegrams is cut into pieces, one per telegram. Nothing is checked: all pieces
//! together are the file, byte for byte, including half a telegram at its beginning.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek};
use std::path::Path;

/// The longest piece, whatever the file is.
const MAX_PIECE: usize = 64 * 1024;

/// A file of telegrams, one after the other.
#[derive(Debug)]
pub struct Replay {
    file: BufReader<File>,
    again: bool,
}

impl Replay {
    /// Opens the recording at `path`, to be repeated if `again`.
    pub fn open(path: &Path, again: bool) -> io::Result<Self> {
        let file = BufReader::new(File::open(path)?);
        Ok(Self { file, again })
    }

    /// Appends the next piece to `out`: everything up to and including a line that begins with `!`. False at
    /// the end of the recording.
    pub fn next_telegram(&mut self, out: &mut Vec<u8>) -> io::Result<bool> {
        if self.read_piece(out)? {
            return Ok(true);
        }
        if self.again {
            self.file.rewind()?;
            return self.read_piece(out);
        }
        Ok(false)
    }

    fn read_piece(&mut self, out: &mut Vec<u8>) -> io::Result<bool> {
        let start = out.len();
        let mut room = MAX_PIECE;
        loop {
            let line = out.len();
            let mut limited = (&mut self.file).take(room as u64);
            let length = limited.read_until(b'\n', out)?;
            room -= length;
            let at_end = length == 0 || room == 0;
            if at_end || out[line..].starts_with(b"!") {
                return Ok(out.len() > start);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(recording: &[u8]) -> Vec<Vec<u8>> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("recording");
        std::fs::write(&path, recording).unwrap();
        let mut replay = Replay::open(&path, false).unwrap();
        let mut pieces = Vec::new();
        loop {
            let mut piece = Vec::new();
            if !replay.next_telegram(&mut piece).unwrap() {
                return pieces;
            }
            pieces.push(piece);
        }
    }

    #[test]
    fn a_recording_is_cut_at_the_ends_of_its_telegrams() {
        let recording = b"5*kW)\r\n!1A2B\r\n/A\r\n\r\n1-0:1.7.0(!)\r\n!CCCC\r\n/B\n!\n/half";
        let parts: [&[u8]; 4] =
            [b"5*kW)\r\n!1A2B\r\n", b"/A\r\n\r\n1-0:1.7.0(!)\r\n!CCCC\r\n", b"/B\n!\n", b"/half"];
        assert_eq!(pieces(recording), parts);
    }

    #[test]
    fn no_byte_is_lost_or_changed_whatever_the_file_is() {
        let noise: Vec<u8> = (0..200_000_u64).map(|n| (n * n % 251) as u8).collect();
        let endless = vec![0; 200_000];
        for recording in [noise, endless, Vec::new()] {
            let pieces = pieces(&recording);
            assert!(pieces.iter().all(|piece| (1..=MAX_PIECE).contains(&piece.len())));
            assert_eq!(pieces.concat(), recording);
        }
    }

    #[test]
    fn a_loop_begins_again_and_ends_when_there_is_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("recording");
        std::fs::write(&path, "/A\r\n!\r\n").unwrap();
        let mut replay = Replay::open(&path, true).unwrap();
        let mut played = Vec::new();
        assert!((0..3).all(|_| replay.next_telegram(&mut played).unwrap()));
        assert_eq!(played, b"/A\r\n!\r\n/A\r\n!\r\n/A\r\n!\r\n");

        std::fs::write(&path, "").unwrap();
        let mut empty = Replay::open(&path, true).unwrap();
        assert!(!empty.next_telegram(&mut played).unwrap());
    }
}
