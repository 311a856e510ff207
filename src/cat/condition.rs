//! `--when`: a condition on a field, such as `power_import_w > 9000 for 10s until < 8000`.
//!
//! Owns its grammar, and when it comes true. Pure: the time is that of the telegrams.
//!
//! ```text
//! FIELD (> | >= | < | <= | == | !=) NUMBER [for DURATION] [until (> | …) NUMBER]
//! ```

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::{Field, UnknownField};
use crate::reading::{Kind, Value};
use crate::telegram::{Decimal, Timestamp};

/// The longest `for`.
const MAX_HOLD: Duration = Duration::from_secs(86_400);

/// Nobody knows what happened in a longer time without telegrams: the condition must then hold from the start.
const MAX_GAP: i64 = 60_000_000;

/// A condition that comes true and ends.
#[derive(Clone, Debug)]
pub struct Condition {
    /// What it is about.
    pub field: Field,
    is: Comparison,
    hold: Duration,
    until: Option<Comparison>,
}

/// A comparison with a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Comparison {
    operator: Operator,
    number: Decimal,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Above,
    AtLeast,
    Below,
    AtMost,
    Equal,
    Unequal,
}

/// The longer of two that begin alike comes first.
const OPERATORS: [(&str, Operator); 6] = [
    (">=", Operator::AtLeast),
    ("<=", Operator::AtMost),
    ("==", Operator::Equal),
    ("!=", Operator::Unequal),
    (">", Operator::Above),
    ("<", Operator::Below),
];

/// The units of `for`, in seconds.
const UNITS: [(&str, u64); 3] = [("s", 1), ("min", 60), ("h", 3600)];

/// Why a text is no condition.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConditionError {
    /// It is about nothing that there is.
    #[error(transparent)]
    Field(#[from] UnknownField),
    /// It is about a text or a time.
    #[error("{0} is not a number, and cannot be compared")]
    NoNumber(String),
    /// It has no comparison, or something else is wrong in it.
    #[error(
        "expected {expected} instead of {found:?}, as in 'power_import_w > 9000 for 10s until < 8000'"
    )]
    Syntax {
        /// What should stand there.
        expected: &'static str,
        /// What stands there.
        found: String,
    },
}

impl FromStr for Condition {
    type Err = ConditionError;

    fn from_str(text: &str) -> Result<Self, ConditionError> {
        let text = text.trim();
        let is_end = |c: char| c.is_whitespace() || matches!(c, '<' | '>' | '=' | '!');
        let end = text.find(is_end).unwrap_or(text.len());
        let field: Field = text[..end].parse()?;
        let is_number = !matches!(field.kind(), Some(Kind::Text | Kind::Time));
        if !is_number && !matches!(field, Field::Epoch) {
            return Err(ConditionError::NoNumber(field.name().to_owned()));
        }
        let (is, mut rest) = comparison(&text[end..])?;
        let (mut hold, mut until) = (Duration::ZERO, None);
        if let Some(after) = keyword(rest, "for") {
            (hold, rest) = duration(after)?;
        }
        if let Some(after) = keyword(rest, "until") {
            let (comparison, after) = comparison(after)?;
            (until, rest) = (Some(comparison), after);
        }
        match rest.trim() {
            "" => Ok(Self { field, is, hold, until }),
            found => Err(syntax("'for', 'until' or the end", found)),
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.field.name(), self.is)?;
        if !self.hold.is_zero() {
            write!(f, " for {}s", self.hold.as_secs())?;
        }
        self.until.iter().try_for_each(|until| write!(f, " until {until}"))
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let operator = OPERATORS.iter().find(|(_, operator)| *operator == self.operator);
        write!(f, "{} {}", operator.map_or("", |(text, _)| text), self.number)
    }
}

impl Comparison {
    fn holds(self, value: Decimal) -> bool {
        let Some(difference) = value.checked_sub(self.number) else { return false };
        // Its digits: zero only where it is.
        let order = difference.scaled(difference.decimals()).map(|digits| digits.cmp(&0));
        match self.operator {
            Operator::Above => order == Some(Ordering::Greater),
            Operator::AtLeast => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
            Operator::Below => order == Some(Ordering::Less),
            Operator::AtMost => matches!(order, Some(Ordering::Less | Ordering::Equal)),
            Operator::Equal => order == Some(Ordering::Equal),
            Operator::Unequal => matches!(order, Some(Ordering::Less | Ordering::Greater)),
        }
    }
}

/// Reads an operator and a number; gives what follows.
fn comparison(text: &str) -> Result<(Comparison, &str), ConditionError> {
    let text = text.trim_start();
    let operator = OPERATORS
        .iter()
        .find_map(|(sign, operator)| Some((*operator, text.strip_prefix(sign)?.trim_start())));
    let (operator, rest) =
        operator.ok_or_else(|| syntax("a comparison (> >= < <= == !=)", text))?;
    let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
    let number = Decimal::parse(&rest.as_bytes()[..end]);
    let number = number.ok_or_else(|| syntax("a number", &rest[..end]))?;
    Ok((Comparison { operator, number }, &rest[end..]))
}

/// What follows this word, if the text begins with it.
fn keyword<'t>(text: &'t str, word: &str) -> Option<&'t str> {
    let rest = text.trim_start().strip_prefix(word)?;
    rest.starts_with(char::is_whitespace).then_some(rest)
}

/// Reads `10s`, `5 min`, `1h`; gives what follows.
fn duration(text: &str) -> Result<(Duration, &str), ConditionError> {
    let text = text.trim_start();
    let wrong = || syntax("a duration such as 10s, 5min or 1h, up to 24h,", text);
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let rest = text[end..].trim_start();
    let unit_end = rest.find(char::is_whitespace).unwrap_or(rest.len());
    let unit = UNITS.iter().find(|(unit, _)| *unit == &rest[..unit_end]);
    let seconds =
        text[..end].parse::<u64>().ok().zip(unit).and_then(|(n, (_, unit))| n.checked_mul(*unit));
    let time = seconds.map(Duration::from_secs).filter(|time| *time <= MAX_HOLD);
    Ok((time.ok_or_else(wrong)?, &rest[unit_end..]))
}

fn syntax(expected: &'static str, found: &str) -> ConditionError {
    ConditionError::Syntax { expected, found: found.to_owned() }
}

/// Watches a condition from telegram to telegram.
#[derive(Debug)]
pub(super) struct Watch {
    condition: Condition,
    /// Since when the comparison has held.
    since: Option<Timestamp>,
    /// The time of the last telegram.
    last: Option<Timestamp>,
    /// It came true and has not ended.
    is_on: bool,
}

/// What a telegram means for a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// It comes true.
    Begin,
    /// It ends.
    End,
    /// Nothing new.
    None,
}

impl Watch {
    pub fn new(condition: Condition) -> Self {
        Self { condition, since: None, last: None, is_on: false }
    }

    pub fn condition(&self) -> &Condition {
        &self.condition
    }

    /// Takes the value of the field in a telegram of this time; `None` where the telegram lacks it, which is neither
    /// true nor the end.
    pub fn take(&mut self, value: Option<&Value<'_>>, time: Timestamp) -> Change {
        let gap = self.last.replace(time).map(|last| time.micros_since(last));
        if gap.is_some_and(|gap| !(0..=MAX_GAP).contains(&gap)) {
            self.since = None;
        }
        let Some(Value::Number(value)) = value else {
            self.since = None;
            return Change::None;
        };
        let Condition { is, until, hold, .. } = self.condition;
        let holds = is.holds(*value);
        if self.is_on {
            let has_ended = until.map_or(!holds, |until| until.holds(*value));
            self.is_on = !has_ended;
            self.since = None;
            return if has_ended { Change::End } else { Change::None };
        }
        if !holds {
            self.since = None;
            return Change::None;
        }
        let since = *self.since.get_or_insert(time);
        let hold = i64::try_from(hold.as_micros()).unwrap_or(i64::MAX);
        self.is_on = time.micros_since(since) >= hold;
        if self.is_on { Change::Begin } else { Change::None }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn condition(text: &str) -> Condition {
        text.parse().unwrap()
    }

    fn error(text: &str) -> String {
        text.parse::<Condition>().unwrap_err().to_string()
    }

    /// The seconds at which the condition comes true, and with a minus those at which it ends.
    fn changes(text: &str, values: &[(i64, &str)]) -> Vec<i64> {
        let mut watch = Watch::new(condition(text));
        let mut changes = Vec::new();
        for (second, value) in values {
            let number = Decimal::parse(value.as_bytes()).map(Value::Number);
            match watch.take(number.as_ref(), Timestamp::from_seconds(*second)) {
                Change::Begin => changes.push(*second),
                Change::End => changes.push(-*second),
                Change::None => {}
            }
        }
        changes
    }

    #[test]
    fn blanks_may_be_left_out_and_units_be_written_apart() {
        for (text, expected) in [
            ("power_w>9000", "power_w > 9000"),
            ("  power_w  >=  -9.5  ", "power_w >= -9.5"),
            ("power_w < 0 for 5 min", "power_w < 0 for 300s"),
            ("1-0:1.7.0 != 1 for 1h until <= 0", "1-0:1.7.0 != 1 for 3600s until <= 0"),
            ("tariff==2 until == 1", "tariff == 2 until == 1"),
        ] {
            assert_eq!(condition(text).to_string(), expected);
        }
    }

    #[test]
    fn a_text_that_is_no_condition_is_refused_with_what_was_expected() {
        for (text, expected) in [
            ("", "there is no field \"\""),
            ("power > 5", "there is no field \"power\""),
            ("power_w", "expected a comparison"),
            ("power_w = 5", "expected a comparison"),
            ("power_w > much", "expected a number instead of \"much\""),
            ("power_w > 5 for ever", "expected a duration"),
            ("power_w > 5 for 25h", "expected a duration"),
            ("power_w > 5 for 99999999999999999999s", "expected a duration"),
            (
                "power_w > 5 and tariff == 1",
                "expected 'for', 'until' or the end instead of \"and tariff == 1\"",
            ),
            ("text_message == 5", "text_message is not a number"),
            ("time > 5", "time is not a number"),
            ("gas_timestamp > 5", "gas_timestamp is not a number"),
        ] {
            let error = error(text);
            assert!(error.starts_with(expected), "{text}: {error}");
        }
    }

    #[test]
    fn comparisons_are_exact_whatever_the_decimals() {
        let holds = |text: &str, value: &str| !changes(text, &[(0, value)]).is_empty();
        assert!(holds("voltage_l1_v > 253", "253.1") && !holds("voltage_l1_v > 253", "253.0"));
        assert!(holds("voltage_l1_v == 253", "253.0") && holds("power_w < 0", "-1"));
        assert!(holds("power_w != 0", "-1") && !holds("power_w >= 0", "-0.001"));
        assert!(holds("power_w <= 0", "0"));
    }

    #[test]
    fn it_must_hold_for_its_time_without_a_break() {
        let text = "power_w > 5 for 10s";
        let at = |seconds: std::ops::RangeInclusive<i64>| seconds.map(|second| (second, "6"));
        assert_eq!(changes(text, &at(0..=20).collect::<Vec<_>>()), [10]);
        let broken: Vec<_> = at(0..=9).chain([(10, "5")]).chain(at(11..=20)).collect();
        assert!(changes(text, &broken).is_empty());
        let absent: Vec<_> = at(0..=9).chain([(10, "")]).chain(at(11..=20)).collect();
        assert!(changes(text, &absent).is_empty());
        assert_eq!(changes(text, &[(0, "6"), (61, "6"), (70, "6"), (71, "6")]), [71], "a gap");
        assert_eq!(changes(text, &[(100, "6"), (50, "6"), (59, "6"), (60, "6")]), [60]);
    }

    #[test]
    fn it_comes_true_once_until_it_has_ended() {
        let values = [(0, "6"), (1, "7"), (2, "5"), (3, "6")];
        assert_eq!(changes("power_w > 5", &values), [0, -2, 3]);
        let values = [(0, "6"), (1, "5"), (2, "6"), (3, "3"), (4, "6")];
        assert_eq!(changes("power_w > 5 until < 4", &values), [0, -3, 4], "hysteresis");
        assert_eq!(changes("power_w > 5", &[(0, "6"), (1, ""), (2, "6")]), [0], "absent is no end");
    }

    proptest! {
        #[test]
        fn a_condition_survives_being_written_and_read(
            field in prop::sample::select(vec!["power_w", "gas_m3", "1-0:1.7.0", "epoch"]),
            operators in prop::array::uniform2(0usize..6),
            number in -999_999_999i64..999_999_999,
            decimals in 0u8..=6,
            seconds in 0u64..=86_400,
            has_until in any::<bool>(),
        ) {
            let number = Decimal::new(number, decimals);
            let [is, until] = operators.map(|at| OPERATORS[at].0);
            let until = if has_until { format!(" until {until} {number}") } else { String::new() };
            let text = format!("{field}{is}{number} for {seconds} s{until}");
            let read: Condition = text.parse().unwrap();
            prop_assert_eq!(read.hold.as_secs(), seconds);
            let again: Condition = read.to_string().parse().unwrap();
            prop_assert_eq!(read.to_string(), again.to_string());
        }

        #[test]
        fn no_text_makes_reading_panic(text in "\\PC{0,40}", tail in "[ <>=!a-z0-9.-]{0,40}") {
            let _ = text.parse::<Condition>();
            let _ = format!("power_w{tail}").parse::<Condition>();
            let _ = format!("power_w > 5 {tail}{text}").parse::<Condition>();
        }
    }
}
