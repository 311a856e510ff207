//! What a telegram looks like when it is printed: one format a module.
//!
//! Owns the names of the formats and which fields stand in each when none are asked for. Where it goes
//! is not known here.
//!
//! | format       | for                                                                     |
//! |--------------|-------------------------------------------------------------------------|
//! | `json`       | programs: the datagram as it is on the wire                             |
//! | `readings`   | programs: named readings as one line of JSON                            |
//! | `csv`        | spreadsheets and data bases                                             |
//! | `influx`     | data bases of time series: line protocol                                |
//! | `prometheus` | text files of Prometheus' `node_exporter`                               |
//! | `obis`       | scripts: code, tabulator, value                                         |
//! | `text`       | people                                                                  |
//! | `template`   | whatever the user writes with `%{field}`                                |

mod csv;
mod influx;
mod obis;
mod prometheus;
mod template;
mod text;

use std::borrow::Cow;
use std::str::FromStr;

use super::Field;
use crate::message::Message;
use crate::reading::{Derived, Kind, Readings, Value, write_json};
use crate::text::one_line;
use crate::zone::Zone;

pub use csv::CellStyle;
pub use template::{Template, TemplateError};

/// What a telegram is printed as.
#[derive(Clone, Debug, Default)]
pub enum Format {
    /// The datagram as it is on the wire.
    #[default]
    Json,
    /// Named readings in JSON.
    Readings,
    /// Comma-separated values (RFC 4180).
    Csv,
    /// The line protocol of `InfluxDB`.
    Influx,
    /// Prometheus text format.
    Prometheus,
    /// One object a line.
    Obis,
    /// Lines for people.
    Text,
    /// A line of the user's own.
    Template(Template),
}

/// Why a text names no format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// No such format.
    #[error("there is no format {name:?}; there are {}, and a text with %{{field}} in it", Format::NAMES.join(", "))]
    Unknown {
        /// The name that was asked for.
        name: String,
    },
    /// A template that is not sound.
    #[error(transparent)]
    Template(#[from] TemplateError),
}

/// Why a format cannot tell the fields that are asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FieldsError {
    /// It has none to choose from.
    #[error("--fields goes with the formats readings, csv, influx, prometheus and text")]
    None,
    /// Only those that are not among the fields of a line.
    #[error("a line of influx has time and source by itself, and needs another field beside them")]
    NoField,
    /// How cells are written, where there are none.
    #[error("--decimal-comma and --local-time go with --format csv")]
    NoCells,
    /// One without a metric.
    #[error("there is no metric of {name:?}; there are those of {}", prometheus::sources().collect::<Vec<_>>().join(", "))]
    NoMetric {
        /// The field that was asked for.
        name: String,
    },
}

impl Format {
    /// The names of the formats that have one.
    pub const NAMES: [&'static str; 7] =
        ["json", "readings", "csv", "influx", "prometheus", "obis", "text"];

    /// Whether it can tell these fields, which were asked for, and write them in this style.
    pub fn check<'f>(
        &self,
        fields: impl IntoIterator<Item = &'f Field>,
        style: CellStyle,
    ) -> Result<(), FieldsError> {
        if (style.has_decimal_comma || style.has_local_time) && !matches!(self, Self::Csv) {
            return Err(FieldsError::NoCells);
        }
        let mut fields = fields.into_iter();
        let wrong = match self {
            Self::Json | Self::Obis | Self::Template(_) => fields.next().map(|_| FieldsError::None),
            Self::Prometheus => fields
                .find(|field| !prometheus::sources().any(|source| source == field.name()))
                .map(|field| FieldsError::NoMetric { name: field.name().to_owned() }),
            Self::Influx => {
                let mut fields = fields.peekable();
                let is_empty = fields.peek().is_some() && !fields.any(influx::is_field);
                is_empty.then_some(FieldsError::NoField)
            }
            Self::Readings | Self::Csv | Self::Text => None,
        };
        wrong.map_or(Ok(()), Err)
    }
}

impl FromStr for Format {
    type Err = FormatError;

    fn from_str(name: &str) -> Result<Self, FormatError> {
        Ok(match name {
            "json" => Self::Json,
            "readings" => Self::Readings,
            "csv" => Self::Csv,
            "influx" => Self::Influx,
            "prometheus" => Self::Prometheus,
            "obis" => Self::Obis,
            "text" => Self::Text,
            template if template.contains('%') => Self::Template(template.parse::<Template>()?),
            other => return Err(FormatError::Unknown { name: other.to_owned() }),
        })
    }
}

/// Writes telegrams in one format.
#[derive(Debug)]
pub(super) struct Formatter<Z> {
    format: Format,
    /// Those that were asked for.
    fields: Option<Vec<Field>>,
    csv: csv::Table,
    zone: Z,
}

impl<Z: Zone> Formatter<Z> {
    /// With `is_whole`, what is written of a telegram stands alone: a table has its head each time.
    pub fn new(
        format: Format,
        fields: Option<Vec<Field>>,
        is_whole: bool,
        style: CellStyle,
        zone: Z,
    ) -> Self {
        let of_template = |template: &Template| template.fields().cloned().collect();
        let fields = match &format {
            Format::Template(template) => Some(of_template(template)),
            _ => fields,
        };
        Self { format, fields, csv: csv::Table::new(is_whole, style), zone }
    }

    /// Continues the table that begins with this line, if the format is one and the columns are the same.
    pub fn resume(&mut self, header: &str) {
        self.csv.resume(header, self.fields.as_deref());
    }

    /// The fields that were asked for.
    pub fn fields(&self) -> Option<&[Field]> {
        self.fields.as_deref()
    }

    /// Whether it tells readings that only several telegrams together give.
    pub fn needs_derived(&self) -> bool {
        match (&self.format, &self.fields) {
            (Format::Json | Format::Obis, _) => false,
            (_, Some(fields)) => fields.iter().any(Field::is_derived),
            (_, None) => true,
        }
    }

    /// Writes a telegram to `out`, behind what is there, line end included. Some formats have nothing
    /// to write of a telegram that tells none of the fields.
    pub fn write(&mut self, message: &Message, derived: &Derived, out: &mut Vec<u8>) {
        let context = Context { message, readings: Readings::with(message, derived) };
        let fields = |wants: fn(Kind) -> bool| match &self.fields {
            Some(fields) => Cow::Borrowed(fields.as_slice()),
            None => Cow::Owned(Field::standard(wants)),
        };
        match &self.format {
            Format::Json => {
                message.write_json(out);
                out.push(b'\n');
            }
            Format::Readings => {
                let fields = fields(|_| true);
                let members = context.values(&fields).collect::<Vec<_>>();
                let members = members.iter().map(|(field, value)| (field.name(), value));
                write_json(members, &self.zone, out);
                out.push(b'\n');
            }
            Format::Csv => self.csv.write(&context, self.fields.as_deref(), &self.zone, out),
            Format::Influx => influx::write(&context, &fields(is_no_text), out),
            Format::Prometheus => prometheus::write(&context, self.fields.as_deref(), out),
            Format::Obis => obis::write(message, out),
            Format::Text => text::write(&context, &fields(|_| true), &self.zone, out),
            Format::Template(template) => template.write(&context, &self.zone, out),
        }
    }
}

fn is_no_text(kind: Kind) -> bool {
    kind != Kind::Text
}

/// A telegram, and what it says by name.
struct Context<'m> {
    message: &'m Message,
    readings: Readings<'m>,
}

impl<'m> Context<'m> {
    fn value(&self, field: &Field) -> Option<Value<'m>> {
        field.value(self.message, &self.readings)
    }

    /// Those of the fields that the telegram tells.
    fn values<'f>(&self, fields: &'f [Field]) -> impl Iterator<Item = (&'f Field, Value<'m>)> {
        fields.iter().filter_map(|field| Some((field, self.value(field)?)))
    }
}

/// A value for people and scripts: digits as they are, a moment as ISO 8601, a text on one line.
fn plain<'v>(value: &'v Value<'_>, zone: &impl Zone) -> Cow<'v, str> {
    match value {
        Value::Number(number) => Cow::Owned(number.to_string()),
        Value::Time(time) => Cow::Owned(zone.iso8601(*time)),
        Value::Text(text) => one_line(text),
    }
}

/// A text on one line between double quotes, as the line protocol and Prometheus want it.
fn quoted(text: &str) -> String {
    format!("\"{}\"", one_line(text).replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests;
