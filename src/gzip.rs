//! Files that gzip compressed: years of the history, and what other programs exported.
//!
//! Owns the decoder. Its errors tell a file that is cut off or damaged from a disk that fails.

use std::io::{self, BufRead, ErrorKind, Read};

use flate2::bufread::MultiGzDecoder;

/// How a compressed file begins.
pub const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// The content of a compressed source.
///
/// # Errors
///
/// [`ErrorKind::UnexpectedEof`] where the source is cut off, [`ErrorKind::InvalidData`] where it is damaged.
#[derive(Debug)]
pub struct Gzip<R>(MultiGzDecoder<R>);

impl<R: BufRead> Gzip<R> {
    pub fn new(source: R) -> Self {
        Self(MultiGzDecoder::new(source))
    }
}

impl<R: BufRead> Read for Gzip<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).map_err(|error| match error.kind() {
            ErrorKind::UnexpectedEof => {
                io::Error::new(ErrorKind::UnexpectedEof, "the compressed file is cut off")
            }
            ErrorKind::InvalidInput | ErrorKind::InvalidData => {
                io::Error::new(ErrorKind::InvalidData, "the compressed file is damaged")
            }
            _ => error,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn a_file_that_is_cut_off_or_damaged_says_so() {
        let mut zip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        for number in 0..5000 {
            writeln!(zip, "{number};{}", number * 7919 % 10_007).unwrap();
        }
        let zip = zip.finish().unwrap();
        assert!(zip.starts_with(&MAGIC));
        let read = |bytes: &[u8]| {
            let failure = Gzip::new(bytes).read_to_end(&mut Vec::new()).err();
            failure.map_or(String::new(), |error| error.to_string())
        };
        assert_eq!(read(&zip), "");
        assert_eq!(read(&[&zip[..], &zip].concat()), "", "two files, one behind the other");
        for length in [2, 5, 12, zip.len() / 2, zip.len() - 4] {
            assert_eq!(read(&zip[..length]), "the compressed file is cut off", "{length}");
        }
        let mut damaged = zip;
        let checksum = damaged.len() - 8;
        damaged[checksum] ^= 1;
        assert_eq!(read(&damaged), "the compressed file is damaged");
    }
}
