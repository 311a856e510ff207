//! Lists without codes: what stands where, by the grid operator's document.
//!
//! A list is recognised by the kinds of its values: `o` octets or text, `n` number.

use super::axdr::Value;

/// The units of the tables: IEC 62056-6-2, table 4.
const W: u8 = 27;
const VAR: u8 = 29;
const WH: u8 = 30;
const VARH: u8 = 32;
const AMPERE: u8 = 33;
const VOLT: u8 = 35;
const NONE: u8 = 255;

/// A list of one operator.
struct Table {
    /// The kinds of all values.
    kinds: &'static str,
    /// What they are.
    parts: &'static [&'static [Row]],
}

impl Table {
    fn rows(&self) -> impl Iterator<Item = &'static Row> {
        self.parts.iter().copied().flatten()
    }
}

/// What a value is: OBIS code, scaler and unit.
pub type Row = ([u8; 6], i8, u8);

/// What the document does not tell, or what is no reading.
const UNKNOWN: Row = ([0; 6], 0, NONE);
/// The version of a Norwegian list, which begins with the maker.
const LIST_ID: Row = ([1, 1, 0, 2, 129, 255], 0, NONE);
const TIME: Row = ([0, 0, 1, 0, 0, 255], 0, NONE);
const DEVICE_ID: Row = ([0, 0, 96, 1, 0, 255], 0, NONE);
const MODEL: Row = ([0, 0, 96, 1, 7, 255], 0, NONE);

const fn energy(c: u8, unit: u8) -> Row {
    ([1, 0, c, 8, 0, 255], 0, unit)
}

const fn power(c: u8, unit: u8) -> Row {
    ([1, 0, c, 7, 0, 255], 0, unit)
}

const fn phase(c: u8, scaler: i8, unit: u8) -> Row {
    ([1, 0, c, 7, 0, 255], scaler, unit)
}

const POWERS: &[Row] = &[power(1, W), power(2, W), power(3, VAR), power(4, VAR)];
const REGISTERS: &[Row] = &[energy(1, WH), energy(2, WH), energy(3, VARH), energy(4, VARH)];

/// How lists of Kaifa meters in Norway begin.
const KAIFA: &[Row] = &[LIST_ID, DEVICE_ID, MODEL];
const KAIFA_ONE_PHASE: &[Row] = &[phase(31, -3, AMPERE), phase(32, -1, VOLT)];
const KAIFA_THREE_PHASES: &[Row] = &[
    phase(31, -3, AMPERE),
    phase(51, -3, AMPERE),
    phase(71, -3, AMPERE),
    phase(32, -1, VOLT),
    phase(52, -1, VOLT),
    phase(72, -1, VOLT),
];

const TABLES: &[Table] = &[
    // Wiener Netze.
    Table { kinds: "onnnnnnnn", parts: &[&[TIME], REGISTERS, POWERS] },
    // Kärnten Netz, Wels Strom: the push setup, the meter, time and date, and two texts at the end.
    Table {
        kinds: "oooonnnnnnoo",
        parts: &[
            &[UNKNOWN, DEVICE_ID, UNKNOWN, UNKNOWN],
            REGISTERS,
            &[power(1, W), power(2, W), UNKNOWN, UNKNOWN],
        ],
    },
    // Netz Burgenland: three values before the meter are of unknown meaning.
    Table {
        kinds: "nnnnnnnnnnnnno",
        parts: &[
            &[phase(32, 0, VOLT), phase(52, 0, VOLT), phase(72, 0, VOLT)],
            &[phase(31, -2, AMPERE), phase(51, -2, AMPERE), phase(71, -2, AMPERE)],
            &[power(1, W), power(2, W), energy(1, WH), energy(2, WH)],
            &[UNKNOWN, UNKNOWN, UNKNOWN, DEVICE_ID],
        ],
    },
    // Kaifa in Norway: list 1, lists 2 and 3 of one phase, lists 2 and 3 of three phases.
    Table { kinds: "n", parts: &[&[power(1, W)]] },
    Table { kinds: "ooonnnnnn", parts: &[KAIFA, POWERS, KAIFA_ONE_PHASE] },
    Table { kinds: "ooonnnnnnonnnn", parts: &[KAIFA, POWERS, KAIFA_ONE_PHASE, &[TIME], REGISTERS] },
    Table { kinds: "ooonnnnnnnnnn", parts: &[KAIFA, POWERS, KAIFA_THREE_PHASES] },
    Table {
        kinds: "ooonnnnnnnnnnonnnn",
        parts: &[KAIFA, POWERS, KAIFA_THREE_PHASES, &[TIME], REGISTERS],
    },
];

/// The values of a list that is in a table, as far as it is known what they are; `None` if the list is in none.
pub fn by_position<'v, 'a>(
    items: &'v [Value<'a>],
) -> Option<impl Iterator<Item = (&'v Value<'a>, Row)>> {
    let is_of = |table: &&Table| {
        table.kinds.len() == items.len() && items.iter().zip(table.kinds.bytes()).all(is_kind)
    };
    let table = TABLES.iter().find(is_of)?;
    let rows = table.rows().copied();
    Some(items.iter().zip(rows).filter(|(_, row)| *row != UNKNOWN))
}

fn is_kind((value, kind): (&Value<'_>, u8)) -> bool {
    match value {
        Value::Octets(_) => kind == b'o',
        Value::Number(_) => kind == b'n',
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_table_says_of_each_value_what_it_is_and_no_two_are_alike() {
        for (at, table) in TABLES.iter().enumerate() {
            assert_eq!(table.kinds.len(), table.rows().count(), "{}", table.kinds);
            assert!(TABLES[at + 1..].iter().all(|other| other.kinds != table.kinds));
            let codes: Vec<_> =
                table.rows().filter(|row| **row != UNKNOWN).map(|row| row.0).collect();
            let mut unique = codes.clone();
            unique.sort_unstable();
            unique.dedup();
            assert_eq!(unique.len(), codes.len());
        }
    }
}
