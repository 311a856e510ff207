//! Comma-separated values (RFC 4180): a head with the names of the columns, then a row a telegram.
//!
//! Owns the columns. A table has those of its first telegram, unless fields were asked for.

use super::{Context, is_no_text, plain};
use crate::cat::Field;
use crate::zone::Zone;

/// A table in the making.
#[derive(Debug)]
pub(super) struct Table {
    /// None before the head is written.
    columns: Vec<Field>,
    repeats_head: bool,
}

impl Table {
    pub fn new(repeats_head: bool) -> Self {
        Self { columns: Vec::new(), repeats_head }
    }

    /// Writes a row; before the first one, or before each one, the head.
    ///
    /// The columns are the fields that were `asked` for, else those that this telegram tells.
    pub fn write(
        &mut self,
        context: &Context<'_>,
        asked: Option<&[Field]>,
        zone: &impl Zone,
        out: &mut Vec<u8>,
    ) {
        let needs_head = self.repeats_head || self.columns.is_empty();
        if needs_head {
            self.columns = asked.map_or_else(|| told(context), <[Field]>::to_vec);
        }
        let mut writer = csv::Writer::from_writer(&mut *out);
        let head = self.columns.iter().map(Field::name);
        let cell = |field| context.value(field).map(|value| plain(&value, zone).into_owned());
        let row = self.columns.iter().map(|field| cell(field).unwrap_or_default());
        let written = if needs_head { writer.write_record(head) } else { Ok(()) };
        let written = written.and_then(|()| writer.write_record(row));
        // A vector takes everything.
        debug_assert!(written.is_ok(), "{written:?}");
    }
}

/// The fields that this telegram tells, but for texts: model and identifiers in every row tell nothing.
fn told(context: &Context<'_>) -> Vec<Field> {
    let mut fields = Field::standard(is_no_text);
    fields.retain(|field| context.value(field).is_some());
    fields
}
