//! Reports for programs: one JSON object, or a table as CSV.
//!
//! Owns how records are written. What is not known is absent, never null. In CSV the first list of a document is the
//! table: a line each record, a column each name.

use crate::text::decimal;
use std::fmt::Write as _;

/// The version of the JSON. It changes only when something that is there changes.
const VERSION: u32 = 1;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    /// Written as it is.
    Number(String),
    Text(String),
    Bool(bool),
    Object(Record),
}

/// Names with their values, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Record(Vec<(String, Value)>);

impl Record {
    /// Adds a number of thousandths, exact.
    pub fn thousandths(&mut self, name: &str, number: Option<i64>) {
        self.decimals(name, number, 3);
    }

    /// Adds a number of thousandths, rounded to so many decimals.
    pub fn decimals(&mut self, name: &str, number: Option<i64>, decimals: u32) {
        self.0.extend(
            number.map(|number| (name.to_owned(), Value::Number(decimal(number, decimals)))),
        );
    }

    pub fn integer(&mut self, name: &str, number: impl std::fmt::Display) {
        self.0.push((name.to_owned(), Value::Number(number.to_string())));
    }

    pub fn text(&mut self, name: &str, text: impl Into<String>) {
        self.0.push((name.to_owned(), Value::Text(text.into())));
    }

    pub fn bool(&mut self, name: &str, value: bool) {
        self.0.push((name.to_owned(), Value::Bool(value)));
    }

    pub fn object(&mut self, name: &str, record: Option<Record>) {
        self.0.extend(record.map(|record| (name.to_owned(), Value::Object(record))));
    }

    /// Adds all of another record.
    pub fn append(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    fn write_json(&self, out: &mut String) {
        out.push('{');
        for (at, (name, value)) in self.0.iter().enumerate() {
            let comma = if at > 0 { "," } else { "" };
            // Writing to memory does not fail.
            let _ = write!(out, "{comma}{}:", quoted(name));
            match value {
                Value::Number(number) => out.push_str(number),
                Value::Text(text) => out.push_str(&quoted(text)),
                Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
                Value::Object(record) => record.write_json(out),
            }
        }
        out.push('}');
    }

    /// Names and values, those of an object with its name before theirs.
    fn flat(&self) -> Vec<(String, &Value)> {
        let mut all = Vec::new();
        for (name, value) in &self.0 {
            match value {
                Value::Object(record) => {
                    all.extend(
                        record
                            .flat()
                            .into_iter()
                            .map(|(inner, value)| (format!("{name}_{inner}"), value)),
                    );
                }
                _ => all.push((name.clone(), value)),
            }
        }
        all
    }
}

fn quoted(text: &str) -> String {
    // A text can always be written.
    serde_json::to_string(text).unwrap_or_default()
}

/// When a report was made, and in which time zone.
#[derive(Clone, Debug)]
pub(super) struct Made {
    /// ISO 8601.
    pub time: String,
    pub zone: Option<String>,
}

/// A report.
#[derive(Clone, Debug, Default)]
pub(super) struct Document {
    pub head: Record,
    /// Lists with their names; a table in CSV is the first one.
    pub lists: Vec<(&'static str, Vec<Record>)>,
    pub tail: Record,
}

impl Document {
    /// One line of JSON.
    pub fn json(&self, made: &Made) -> String {
        let mut head = self.head.clone();
        head.text("made", made.time.clone());
        if let Some(zone) = &made.zone {
            head.text("time_zone", zone.clone());
        }
        let mut all = String::from("{");
        let _ = write!(all, "\"p1report\":{VERSION}");
        let mut add = |record: &Record| {
            let mut inner = String::new();
            record.write_json(&mut inner);
            let inner = &inner[1..inner.len() - 1];
            if !inner.is_empty() {
                all.push(',');
                all.push_str(inner);
            }
        };
        add(&head);
        add(&self.tail);
        for (name, records) in &self.lists {
            let _ = write!(all, ",{}:[", quoted(name));
            for (at, record) in records.iter().enumerate() {
                all.push_str(if at > 0 { "," } else { "" });
                record.write_json(&mut all);
            }
            all.push(']');
        }
        all.push_str("}\n");
        all
    }

    /// A header and a line each record. With a decimal comma the separator is a semicolon.
    pub fn csv(&self, has_decimal_comma: bool) -> String {
        let Some((_, records)) = self.lists.first() else { return String::new() };
        let rows: Vec<_> = records.iter().map(Record::flat).collect();
        let mut names: Vec<&String> = Vec::new();
        for row in &rows {
            // A name comes behind the one that it follows in its record.
            let mut place = 0;
            for (name, _) in row {
                let known = names.iter().position(|known| *known == name);
                if known.is_none() {
                    names.insert(place, name);
                }
                place = known.unwrap_or(place) + 1;
            }
        }
        let separator = if has_decimal_comma { ";" } else { "," };
        let mut out =
            names.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(separator) + "\n";
        for row in &rows {
            let cell = |name: &&String| {
                let value =
                    row.iter().find_map(|(known, value)| (known == *name).then_some(*value));
                match value {
                    Some(Value::Number(number)) if has_decimal_comma => number.replace('.', ","),
                    Some(Value::Number(number)) => number.clone(),
                    Some(Value::Text(text)) => field(text, separator),
                    Some(Value::Bool(value)) => value.to_string(),
                    Some(Value::Object(_)) | None => String::new(),
                }
            };
            out += &names.iter().map(cell).collect::<Vec<_>>().join(separator);
            out.push('\n');
        }
        out
    }
}

/// A text as a field of CSV, RFC 4180.
fn field(text: &str, separator: &str) -> String {
    if text.contains(['"', '\n', '\r']) || text.contains(separator) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document() -> Document {
        let mut first = Record::default();
        first.text("label", "a;b");
        first.thousandths("gas_m3", Some(1500));
        let mut second = Record::default();
        second.text("label", "c");
        second.thousandths("energy_import_kwh", Some(-1));
        second.thousandths("gas_m3", None);
        let mut other = Record::default();
        other.bool("whole", true);
        second.object("compare", Some(other));
        let mut head = Record::default();
        head.text("kind", "days");
        Document { head, lists: vec![("periods", vec![first, second])], tail: Record::default() }
    }

    #[test]
    fn json_is_one_object_without_null() {
        let made = Made { time: "2026-11-25T14:17:00+01:00".into(), zone: None };
        let json = document().json(&made);
        assert_eq!(
            json,
            "{\"p1report\":1,\"kind\":\"days\",\"made\":\"2026-11-25T14:17:00+01:00\",\"periods\":[{\"label\":\"a;b\",\"gas_m3\":1.500},\
             {\"label\":\"c\",\"energy_import_kwh\":-0.001,\"compare\":{\"whole\":true}}]}\n"
        );
        assert!(serde_json::from_str::<serde_json::Value>(&json).is_ok());
    }

    #[test]
    fn csv_has_a_column_for_each_name() {
        assert_eq!(
            document().csv(false),
            "label,energy_import_kwh,compare_whole,gas_m3\na;b,,,1.500\nc,-0.001,true,\n"
        );
        assert_eq!(
            document().csv(true),
            "label;energy_import_kwh;compare_whole;gas_m3\n\"a;b\";;;1,500\nc;-0,001;true;\n"
        );
    }
}
