//! Conditions for scripts: `import_kwh > 300`, `estimate_gas_m3 >= 90`.
//!
//! Owns their form, and when one is true. A number that is not known makes no condition true.

use std::str::FromStr;

use crate::history::field::thousandths;

/// The names of numbers that a condition can be about, each with the name it has in JSON.
const NAMES: [(&str, &str); 8] = [
    ("import_kwh", "energy_import_kwh"),
    ("export_kwh", "energy_export_kwh"),
    ("net_kwh", "energy_net_kwh"),
    ("gas_m3", "gas_m3"),
    ("water_m3", "water_m3"),
    ("peak_kw", "power_peak_15m_kw"),
    ("base_w", "base_load_w"),
    ("night_w", "night_load_w"),
];

/// Before the name: the number is that of the estimate.
const ESTIMATE: &str = "estimate_";

type Comparison = fn(i64, i64) -> bool;

const OPERATORS: [(&str, Comparison); 4] =
    [(">=", |a, b| a >= b), ("<=", |a, b| a <= b), (">", |a, b| a > b), ("<", |a, b| a < b)];

/// A condition.
#[derive(Clone, Debug)]
pub struct Alert {
    /// The name of the number in JSON.
    pub(super) name: &'static str,
    pub(super) is_estimate: bool,
    compare: Comparison,
    limit: i64,
}

impl Alert {
    /// Whether it is true of this number of thousandths.
    pub(super) fn is_true(&self, number: i64) -> bool {
        (self.compare)(number, self.limit)
    }
}

impl FromStr for Alert {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let names = || NAMES.map(|(name, _)| name).join(", ");
        let found =
            OPERATORS.iter().find_map(|(sign, compare)| Some((text.split_once(sign)?, *compare)));
        let ((name, limit), compare) =
            found.ok_or("expected a condition such as 'import_kwh > 300'")?;
        let (name, limit) = (name.trim(), limit.trim());
        let (is_estimate, short) = match name.strip_prefix(ESTIMATE) {
            Some(short) => (true, short),
            None => (false, name),
        };
        let known = NAMES.iter().find(|(known, full)| *known == short || *full == short);
        let (_, name) = known.ok_or_else(|| {
            format!("there is no number {name:?}; there are {}, each also with {ESTIMATE}", names())
        })?;
        let limit =
            thousandths(limit.as_bytes()).ok_or_else(|| format!("{limit:?} is no number"))?;
        Ok(Self { name, is_estimate, compare, limit })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_compares_a_number_with_a_limit() {
        for (text, number, expected) in [
            ("import_kwh > 300", 300_000, false),
            ("import_kwh>299.999", 300_000, true),
            ("estimate_gas_m3 <= 90", 90_000, true),
            ("net_kwh < -5", -5001, true),
        ] {
            assert_eq!(text.parse::<Alert>().unwrap().is_true(number), expected, "{text}");
        }
        let alert: Alert = "estimate_import_kwh >= 1".parse().unwrap();
        assert_eq!((alert.name, alert.is_estimate), ("energy_import_kwh", true));
    }

    #[test]
    fn what_is_no_condition_is_refused_with_a_reason() {
        for (text, reason) in [
            ("import_kwh", "expected a condition"),
            ("power > 3", "there is no number \"power\""),
            ("import_kwh > much", "\"much\" is no number"),
        ] {
            assert!(text.parse::<Alert>().unwrap_err().starts_with(reason), "{text}");
        }
    }
}
