//! Lowest, mean and highest of what the telegrams of a row show.
//!
//! Owns the sums, in thousandths, and how they are rounded.

use crate::history::{Quantity, Statistic};
use crate::reading::Registers;
use crate::telegram::Decimal;

/// How many quantities there are.
const QUANTITIES: usize = 9;

/// A tally of each quantity.
#[derive(Debug, Default)]
pub(super) struct Tallies([Tally; QUANTITIES]);

/// Lowest and highest number and the sum of all, in thousandths.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    count: u32,
    min: i64,
    max: i64,
    sum: i128,
}

impl Tallies {
    /// Counts what a telegram shows.
    pub fn add(&mut self, registers: &Registers) {
        let Registers { power, phases, average_power_15m, .. } = registers;
        let mut count = |quantity, number: Option<Decimal>| {
            if let Some(number) = number.and_then(|number| number.scaled(3)) {
                self.0[place(quantity)].add(number);
            }
        };
        count(Quantity::PowerImport, power.import);
        count(Quantity::PowerExport, power.export);
        count(Quantity::AveragePower, *average_power_15m);
        for (at, phase) in phases.iter().enumerate() {
            count(Quantity::Voltage(at), phase.voltage);
            // A few meters send a sign, of which fuses know nothing.
            let current = phase.current.filter(|current| !current.is_negative());
            count(Quantity::Current(at), current.or_else(|| phase.current?.negated()));
        }
    }

    /// What there is of a quantity, rounded to the nearest number of so many decimals.
    ///
    /// With two decimals, which are those of currents, whole numbers have none, as most meters send them.
    pub fn result(
        &self,
        quantity: Quantity,
        statistic: Statistic,
        decimals: u8,
    ) -> Option<Decimal> {
        let tally = Some(self.0[place(quantity)]).filter(|tally| tally.count > 0)?;
        let (sum, count) = match statistic {
            Statistic::Min => (tally.min.into(), 1),
            Statistic::Mean => (tally.sum, tally.count.into()),
            Statistic::Max => (tally.max.into(), 1),
        };
        let (number, divisor) = (sum * 10i128.pow(decimals.into()), 1000 * count);
        let rounded = i64::try_from((2 * number + divisor).div_euclid(2 * divisor)).ok()?;
        let is_whole = decimals == 2 && rounded % 100 == 0;
        Some(if is_whole { (rounded / 100).into() } else { Decimal::new(rounded, decimals) })
    }
}

impl Tally {
    fn add(&mut self, number: i64) {
        let is_first = self.count == 0;
        self.min = if is_first { number } else { self.min.min(number) };
        self.max = if is_first { number } else { self.max.max(number) };
        self.sum += i128::from(number);
        self.count += 1;
    }
}

fn place(quantity: Quantity) -> usize {
    match quantity {
        Quantity::PowerImport => 0,
        Quantity::PowerExport => 1,
        Quantity::AveragePower => 2,
        Quantity::Voltage(phase) => 3 + phase,
        Quantity::Current(phase) => 6 + phase,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{COLUMNS, Content};
    use crate::message::tests::message;

    /// The fields of these columns after telegrams with these values of an object.
    fn results(code: &str, values: &[&str], columns: [&str; 3]) -> [String; 3] {
        let mut tallies = Tallies::default();
        for value in values {
            tallies.add(&Registers::of(&message(0, &[(code, *value)])));
        }
        columns.map(|name| {
            let place = COLUMNS.iter().position(|column| column.name == name).unwrap();
            let Content::Statistic(quantity, statistic, decimals) = COLUMNS[place].content else {
                panic!("{name}")
            };
            let result = tallies.result(quantity, statistic, decimals);
            result.map_or_else(String::new, |number| number.to_string())
        })
    }

    #[test]
    fn power_is_in_whole_watts_rounded_to_the_nearest() {
        let columns = ["power_import_min_w", "power_import_mean_w", "power_import_max_w"];
        assert_eq!(results("1-0:1.7.0", &["0", "3"], columns), ["0", "2", "3"]);
        assert_eq!(results("1-0:1.7.0", &["0.4", "0.4"], columns), ["0", "0", "0"]);
        assert_eq!(results("1-0:1.7.0", &["7.5", "9.49"], columns), ["8", "8", "9"]);
        assert_eq!(results("1-0:1.7.0", &["'?"], columns), [""; 3], "what cannot be read");
    }

    #[test]
    fn voltage_has_one_decimal_and_current_those_that_it_needs() {
        let columns = ["voltage_l1_min_v", "voltage_l1_mean_v", "voltage_l1_max_v"];
        assert_eq!(results("1-0:32.7.0", &["230", "231.2"], columns), ["230.0", "230.6", "231.2"]);
        let columns = ["current_l1_max_a", "current_l2_max_a", "current_l3_max_a"];
        assert_eq!(results("1-0:31.7.0", &["1", "2"], columns)[0], "2");
        assert_eq!(results("1-0:51.7.0", &["1", "1.05"], columns)[1], "1.05");
        assert_eq!(results("1-0:71.7.0", &["-6", "1"], columns)[2], "6", "sent with a sign");
    }
}
