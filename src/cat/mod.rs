//! `p1cat`: telegrams as text, from the network or from a file of raw telegrams.
//!
//! Owns what is printed, and when to stop. Standard output is passed in, and so are the source of
//! datagrams and the file.
//!
//! ```text
//! network ─┐                 ┌─▶ pace (interval, change) ──▶ format ─┐
//! file ────┴─▶ the telegram ─┼─▶ explain (in words) ─────────────────┼─▶ printer
//!                            └─▶ raw, anonymous ─────────────────────┘
//! ```

mod anonymous;
mod ending;
mod explain;
mod field;
mod file;
mod format;
mod group;
mod network;
mod outlet;
mod pace;
mod printer;

use std::path::PathBuf;
use std::time::Duration;

pub use anonymous::anonymous;
pub use ending::Ending;
pub use explain::Explanation;
pub use field::{Field, UnknownField};
pub use file::from_file;
pub use format::{FieldsError, Format, FormatError, Template, TemplateError};
pub use group::GroupDatagrams;
pub use network::{Datagrams, from_network};
pub use printer::Printer;

/// What a telegram is printed as.
#[derive(Clone, Debug)]
pub enum Form {
    /// Decoded, in this format.
    Decoded(Format),
    /// The bytes of the meter.
    Raw,
    /// Words for people; only from a file, and rejected telegrams too.
    Explained,
}

impl Default for Form {
    fn default() -> Self {
        Self::Decoded(Format::default())
    }
}

/// What to print, and when to stop.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// What a telegram is printed as.
    pub form: Form,
    /// The fields to print, in formats that have fields; `None` is all.
    pub fields: Option<Vec<Field>>,
    /// Only the last telegram of each interval of this length.
    pub every: Option<Duration>,
    /// Only telegrams in which a field has changed.
    pub on_change: bool,
    /// The file that always has the latest text, instead of standard output.
    pub output: Option<PathBuf>,
    /// Only the meter with this equipment identifier.
    pub meter: Option<String>,
    /// Without identifiers and texts; only from a file.
    pub is_anonymous: bool,
    /// Stop after this many texts.
    pub count: Option<u64>,
    /// Stop when no telegram has come for this long.
    pub timeout: Option<Duration>,
}

impl Options {
    /// The format of what is decoded.
    fn format(&self) -> Format {
        match &self.form {
            Form::Decoded(format) => format.clone(),
            Form::Raw | Form::Explained => Format::default(),
        }
    }

    /// Whether telegrams of two meters would get into each other's way.
    fn needs_one_meter(&self) -> bool {
        self.every.is_some() || self.on_change || self.output.is_some()
    }
}

#[cfg(test)]
mod tests;
