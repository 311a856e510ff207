//! Standard output of a program in a pipe: counts what it prints, and ends quietly when the reader
//! of the pipe has gone.

use std::io::{self, BufWriter, ErrorKind, Write};

/// Prints until it has printed enough, or until nobody reads any more.
pub struct Printer<W: Write> {
    out: BufWriter<W>,
    left: Option<u64>,
    closed: bool,
}

impl<W: Write> Printer<W> {
    /// A printer that is content after `count` texts, or never.
    pub fn new(out: W, count: Option<u64>) -> Self {
        Self { out: BufWriter::with_capacity(64 * 1024, out), left: count, closed: false }
    }

    /// Whether there is more to print, and someone to read it.
    pub fn is_open(&self) -> bool {
        !self.closed && self.left != Some(0)
    }

    /// Prints the text as it is, and counts it.
    pub fn print(&mut self, text: &[u8]) -> io::Result<()> {
        if let Some(left) = &mut self.left {
            *left = left.saturating_sub(1);
        }
        let result = self.out.write_all(text);
        self.mind_closed_pipe(result)
    }

    /// Prints the text and a line feed, and counts it.
    pub fn print_line(&mut self, text: &[u8]) -> io::Result<()> {
        self.print(text)?;
        let result = self.out.write_all(b"\n");
        self.mind_closed_pipe(result)
    }

    /// Hands on what was printed.
    pub fn flush(&mut self) -> io::Result<()> {
        let result = self.out.flush();
        self.mind_closed_pipe(result)
    }

    fn mind_closed_pipe(&mut self, result: io::Result<()>) -> io::Result<()> {
        match result {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.closed = true;
                Ok(())
            }
            other => other,
        }
    }
}
