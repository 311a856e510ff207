//! Lowest, mean and highest of what the telegrams of a row show.
//!
//! Owns the sums, in thousandths, and how they are rounded.

use crate::history::{COLUMNS, Content, Statistic};
use crate::reading::Registers;
use crate::telegram::Decimal;

/// A tally for each column of a statistic, in the order of [`COLUMNS`].
#[derive(Debug, Default)]
pub(super) struct Tallies(Vec<Tally>);

#[derive(Clone, Copy, Debug)]
struct Tally {
    place: usize,
    count: u32,
    /// The lowest or highest number so far, or the sum of all, in thousandths.
    thousandths: i128,
}

impl Tallies {
    /// Counts what a telegram shows.
    pub fn add(&mut self, registers: &Registers) {
        if self.0.is_empty() {
            let is_statistic =
                |place: &usize| matches!(COLUMNS[*place].content, Content::Statistic(..));
            let tally = |place| Tally { place, count: 0, thousandths: 0 };
            self.0 = (0..COLUMNS.len()).filter(is_statistic).map(tally).collect();
        }
        for tally in &mut self.0 {
            let Content::Statistic(of, statistic, _) = COLUMNS[tally.place].content else {
                continue;
            };
            let Some(number) = of(registers).and_then(|number| number.scaled(3)) else { continue };
            let number = i128::from(number);
            tally.thousandths = match statistic {
                Statistic::Mean => tally.thousandths + number,
                _ if tally.count == 0 => number,
                Statistic::Min => tally.thousandths.min(number),
                Statistic::Max => tally.thousandths.max(number),
            };
            tally.count += 1;
        }
    }

    /// What there is for the column at this place, rounded to the nearest number of so many decimals.
    ///
    /// With two decimals, which are those of currents, whole numbers have none, as most meters send them.
    pub fn result(&self, place: usize, statistic: Statistic, decimals: u8) -> Option<Decimal> {
        let tally = self.0.iter().find(|tally| tally.place == place && tally.count > 0)?;
        let count = if statistic == Statistic::Mean { i128::from(tally.count) } else { 1 };
        let scale = 10i128.pow(decimals.into());
        let (number, divisor) = (tally.thousandths * scale, 1000 * count);
        let rounded = i64::try_from((2 * number + divisor).div_euclid(2 * divisor)).ok()?;
        let is_whole = decimals == 2 && rounded % 100 == 0;
        Some(if is_whole { (rounded / 100).into() } else { Decimal::new(rounded, decimals) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::tests::message;

    /// The fields of these columns after telegrams with these values of an object.
    fn results(code: &str, values: &[&str], columns: [&str; 3]) -> [String; 3] {
        let mut tallies = Tallies::default();
        for value in values {
            tallies.add(&Registers::of(&message(0, &[(code, *value)])));
        }
        columns.map(|name| {
            let place = COLUMNS.iter().position(|column| column.name == name).unwrap();
            let Content::Statistic(_, statistic, decimals) = COLUMNS[place].content else {
                panic!()
            };
            let result = tallies.result(place, statistic, decimals);
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
