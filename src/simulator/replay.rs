//! A recording, played again.
//!
//! Owns how a file of recorded telegrams is cut into pieces, one per telegram. Nothing is checked: all pieces
//! together are the file, byte for byte, including half a telegram at its beginning.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::Path;

use memchr::memchr;

use crate::dlms;

/// The longest piece, whatever the file is.
const MAX_PIECE: usize = 64 * 1024;

/// A file of telegrams, one after the other.
#[derive(Debug)]
pub struct Replay {
    file: File,
    again: bool,
    /// What was read of the file and not played yet, [`MAX_PIECE`] at most.
    ahead: Vec<u8>,
}

impl Replay {
    /// Opens the recording at `path`, to be repeated if `again`.
    pub fn open(path: &Path, again: bool) -> io::Result<Self> {
        Ok(Self { file: File::open(path)?, again, ahead: Vec::new() })
    }

    /// Appends the next piece to `out`: everything up to and including a line that begins with `!`, or an encrypted
    /// or binary frame. False at the end of the recording.
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
        let room = MAX_PIECE - self.ahead.len();
        (&mut self.file).take(room as u64).read_to_end(&mut self.ahead)?;
        let end = end_of_telegram(&self.ahead);
        out.extend(self.ahead.drain(..end));
        Ok(end > 0)
    }
}

/// Where the first telegram in these bytes ends; without one, all belong together.
fn end_of_telegram(bytes: &[u8]) -> usize {
    let mut line = 0;
    let end = loop {
        let length = memchr(b'\n', &bytes[line..]).map_or(bytes.len() - line, |at| at + 1);
        let is_end_line = bytes[line..].starts_with(b"!");
        line += length;
        if is_end_line || line == bytes.len() {
            break line;
        }
    };
    match dlms::first_frame(bytes) {
        Some(frame) if frame.start < end => frame.end,
        _ => end,
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
    fn a_recording_of_frames_is_cut_behind_each_of_them() {
        let key = dlms::Key::new([7; 16]);
        let title = Some(*b"TST\0\0\0\0\x01");
        let meter = dlms::Sealer { title, control: 0x30, decryption: key, authentication: key };
        let frame = |text: &[u8]| {
            let mut frame = Vec::new();
            meter.seal(text, 1, &mut frame);
            frame
        };
        let parts = [
            [b"noise", &frame(b"/A\r\n!\r\n")[..]].concat(),
            b"/B\r\n1-0:1.8.0(1*kWh)\r\n!\r\n".to_vec(),
            frame(&[b'x'; 1000]),
            b"half".to_vec(),
        ];
        assert_eq!(pieces(&parts.concat()), parts);
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
