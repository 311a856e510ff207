//! Comma-separated values (RFC 4180): a header with the names of the columns, then a row per telegram.
//!
//! Owns the columns: the requested fields, else those of the table that is continued, else those of the
//! first telegram; and how cells are written for a spreadsheet.

use std::borrow::Cow;

use super::{Context, is_no_text, plain};
use crate::cat::Field;
use crate::reading::Value;
use crate::zone::Zone;

/// How cells are written.
#[derive(Clone, Copy, Debug, Default)]
pub struct CellStyle {
    /// A comma in numbers, and a semicolon between cells.
    pub has_decimal_comma: bool,
    /// Moments as clocks on the wall show them, without an offset: `2026-11-25 22:47:33`.
    pub has_local_time: bool,
}

impl CellStyle {
    fn separator(self) -> u8 {
        if self.has_decimal_comma { b';' } else { b',' }
    }

    fn cell<'v>(self, value: &'v Value<'_>, zone: &impl Zone) -> Cow<'v, str> {
        match value {
            Value::Number(number) if self.has_decimal_comma => {
                Cow::Owned(number.to_string().replace('.', ","))
            }
            Value::Time(time) if self.has_local_time => {
                Cow::Owned(zone.local(*time).format("%Y-%m-%d %H:%M:%S").to_string())
            }
            other => plain(other, zone),
        }
    }
}

/// The table that is being written.
#[derive(Debug)]
pub(super) struct Table {
    /// Empty before there is a header.
    columns: Vec<Field>,
    repeats_header: bool,
    style: CellStyle,
}

impl Table {
    /// With `repeats_header`, each row gets a header of its own.
    pub fn new(repeats_header: bool, style: CellStyle) -> Self {
        Self { columns: Vec::new(), repeats_header, style }
    }

    /// Continues the table with this header, if it has the columns that were `asked` for.
    pub fn resume(&mut self, header: &str, asked: Option<&[Field]>) {
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .delimiter(self.style.separator())
            .from_reader(header.as_bytes());
        let names = reader.records().next().and_then(Result::ok).unwrap_or_default();
        let columns: Result<Vec<Field>, _> = names.iter().map(str::parse).collect();
        let Ok(columns) = columns else { return };
        if asked.is_none_or(|asked| asked.iter().map(Field::name).eq(&names)) {
            self.columns = columns;
        }
    }

    /// Writes a row; before the first one, or before each one, the header.
    ///
    /// The columns are the fields that were `asked` for, else those that this telegram has.
    pub fn write(
        &mut self,
        context: &Context<'_>,
        asked: Option<&[Field]>,
        zone: &impl Zone,
        out: &mut Vec<u8>,
    ) {
        let needs_header = self.repeats_header || self.columns.is_empty();
        if needs_header {
            self.columns = asked.map_or_else(|| present_fields(context), <[Field]>::to_vec);
        }
        let mut writer =
            csv::WriterBuilder::new().delimiter(self.style.separator()).from_writer(&mut *out);
        let header = self.columns.iter().map(Field::name);
        let cell = |field| Some(self.style.cell(&context.value(field)?, zone).into_owned());
        let row = self.columns.iter().map(|field| cell(field).unwrap_or_default());
        let written = if needs_header { writer.write_record(header) } else { Ok(()) };
        let written = written.and_then(|()| writer.write_record(row));
        // A vector takes everything.
        debug_assert!(written.is_ok(), "{written:?}");
    }
}

/// The fields that this telegram has, but for texts: model and identifiers in every row tell nothing.
fn present_fields(context: &Context<'_>) -> Vec<Field> {
    let mut fields = Field::standard(is_no_text);
    fields.retain(|field| context.value(field).is_some());
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(table: &Table) -> Vec<&str> {
        table.columns.iter().map(Field::name).collect()
    }

    #[test]
    fn a_table_is_continued_with_its_own_columns_or_the_requested_ones() {
        let fields: Vec<Field> = ["time", "power_w"].map(|name| name.parse().unwrap()).into();
        for (header, asked, continued) in [
            ("time,power_w", None, &["time", "power_w"][..]),
            ("time,power_w\r", None, &["time", "power_w"]),
            ("time,power_w", Some(&fields[..]), &["time", "power_w"]),
            ("power_w,time", Some(&fields), &[]),
            ("2026-11-22T08:00:00+01:00,5", None, &[]),
            ("Date;Usage", None, &[]),
            ("", None, &[]),
        ] {
            let mut table = Table::new(false, CellStyle::default());
            table.resume(header, asked);
            assert_eq!(names(&table), continued, "{header}");
        }
        let style = CellStyle { has_decimal_comma: true, has_local_time: true };
        let mut table = Table::new(false, style);
        table.resume("time;power_w", None);
        assert_eq!(names(&table), ["time", "power_w"]);
    }
}
