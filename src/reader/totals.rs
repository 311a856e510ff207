//! Energy and power of one telegram: what the 5-minute records, the weekly log and the page show.
//!
//! Owns the choice of registers. Exact: numbers are counted in millionths, never in binary floats.

use crate::message::Message;
use crate::telegram::{Obis, TARIFFS};

const POWER_IN: Obis = Obis::literal("1-0:1.7.0");
const POWER_OUT: Obis = Obis::literal("1-0:2.7.0");
/// The registers without tariff; that of a tariff has its number in place of the last 0.
const IMPORT: Obis = Obis::literal("1-0:1.8.0");
const EXPORT: Obis = Obis::literal("1-0:2.8.0");

/// An amount in millionths of a Wh or W; decimals beyond the sixth are cut off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Micro(pub i64);

impl Micro {
    /// Whole Wh or W; what is behind the point is cut off.
    pub fn whole(self) -> i64 {
        self.0 / 1_000_000
    }

    /// Thousandths of a Wh or W, rounded to the nearest.
    pub fn thousandths(self) -> i64 {
        let (cut, rest) = (self.0 / 1000, self.0 % 1000);
        if rest.abs() < 500 { cut } else { cut + rest.signum() }
    }
}

/// The registers of one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Energy {
    untariffed: Option<Micro>,
    tariffs: [Option<Micro>; TARIFFS as usize],
}

impl Energy {
    /// The sum of the tariffs, if the meter sends any, else its register without tariff.
    pub fn total(&self) -> Option<Micro> {
        if self.tariffs.iter().all(Option::is_none) {
            return self.untariffed;
        }
        let sum = |sum: i64, tariff: &Micro| sum.checked_add(tariff.0);
        self.tariffs.iter().flatten().try_fold(0, sum).map(Micro)
    }

    /// Tariffs 1 and 2. A meter without tariffs has all of its energy in tariff 1.
    pub fn first_two(&self) -> [Micro; 2] {
        match self.tariffs {
            [None, None, ..] => [self.untariffed.unwrap_or_default(), Micro(0)],
            [one, two, ..] => [one, two].map(Option::unwrap_or_default),
        }
    }

    /// The place of this register, if it is `untariffed` or that of one of its tariffs.
    fn place(&mut self, register: Obis, untariffed: Obis) -> Option<&mut Option<Micro>> {
        if register == untariffed {
            return Some(&mut self.untariffed);
        }
        let mut tariffs = (1..=TARIFFS).zip(&mut self.tariffs);
        tariffs
            .find_map(|(tariff, place)| (register == untariffed.of_tariff(tariff)).then_some(place))
    }
}

/// Energy and power of one telegram.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Totals {
    /// Energy to the customer, Wh.
    pub import: Energy,
    /// Energy from the customer, Wh. Meters that cannot measure it send none.
    pub export: Energy,
    /// Power to the customer, W.
    pub power_in: Micro,
    /// Power from the customer, W; 0 where the meter sends none.
    pub power_out: Micro,
}

impl Totals {
    /// Takes them out of a telegram; `None` when it has no energy or no power to the customer.
    ///
    /// Codes of `1-1:` count as those of `1-0:`, and group F (`*255`) makes no difference.
    pub fn of(message: &Message) -> Option<Self> {
        let mut import = Energy::default();
        let mut export = Energy::default();
        let mut power_in = None;
        let mut power_out = None;
        for (code, value) in &message.telegram {
            let Some(code) = Obis::parse(code.as_bytes()).map(Obis::main_channel) else {
                continue;
            };
            let place = match code {
                POWER_IN => Some(&mut power_in),
                POWER_OUT => Some(&mut power_out),
                code => import.place(code, IMPORT).or_else(|| export.place(code, EXPORT)),
            };
            if let Some(place) = place {
                *place = place.or_else(|| value.number()?.scaled(6).map(Micro));
            }
        }
        import.total()?;
        Some(Self { import, export, power_in: power_in?, power_out: power_out.unwrap_or_default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reader::tests::message;

    fn totals(objects: &[(&str, &str)]) -> Option<Totals> {
        Totals::of(&message(0, objects))
    }

    fn import(objects: &[(&str, &str)]) -> i64 {
        let power = [("1-0:1.7.0", "1")];
        let found = totals(&[objects, &power].concat()).unwrap();
        found.import.total().unwrap().whole()
    }

    #[test]
    fn tariffs_are_summed_and_go_before_the_register_without_tariff() {
        let both = [("1-0:1.8.0", "99"), ("1-0:1.8.1", "1"), ("1-0:1.8.2", "2")];
        assert_eq!(import(&both), 3);
        assert_eq!(import(&[("1-0:1.8.3", "4"), ("1-0:1.8.4", "8"), ("1-0:1.8.5", "16")]), 28);
        assert_eq!(import(&[("1-0:1.8.0", "99")]), 99);
        assert_eq!(import(&[("1-1:1.8.1", "7")]), 7);
    }

    #[test]
    fn codes_that_are_written_in_full_count() {
        let objects = [("1-0:1.8.1*255", "5"), ("1-0:2.8.0.255", "3"), ("1-0:1.7.0*255", "7")];
        let found = totals(&objects).unwrap();
        assert_eq!(found.import.total().unwrap().whole(), 5);
        assert_eq!(found.export.total().unwrap().whole(), 3);
        assert_eq!(found.power_in.whole(), 7);
        assert_eq!(totals(&[("1-0:1.8.1*1", "5"), ("1-0:1.7.0", "7")]), None, "another period");
    }

    #[test]
    fn sums_are_exact_and_cut_only_once() {
        assert_eq!(import(&[("1-0:1.8.1", "0.6"), ("1-0:1.8.2", "0.5")]), 1);
        assert_eq!(import(&[("1-0:1.8.0", "52185782.5309")]), 52_185_782);
    }

    #[test]
    fn a_meter_without_tariffs_has_all_in_tariff_1() {
        let found = totals(&[("1-0:1.8.0", "99"), ("1-0:1.7.0", "1")]).unwrap();
        assert_eq!(found.import.first_two(), [Micro(99_000_000), Micro(0)]);
        assert_eq!(found.export.first_two(), [Micro(0); 2]);
        assert_eq!(found.power_out, Micro(0));
    }

    #[test]
    fn without_energy_or_power_or_with_text_for_them_there_are_no_totals() {
        assert_eq!(totals(&[("1-0:1.8.0", "99")]), None);
        assert_eq!(totals(&[("1-0:1.7.0", "99")]), None);
        assert_eq!(totals(&[("1-0:1.7.0", "99"), ("1-0:1.8.0", "?")]), None);
        let huge = "999999999999999999";
        assert_eq!(totals(&[("1-0:1.7.0", "9"), ("1-0:1.8.0", huge)]), None);
    }

    #[test]
    fn thousandths_are_rounded_to_the_nearest() {
        let largest = i64::MAX / 1000 + 1;
        for (micro, thousandths) in
            [(1_499, 1), (1_500, 2), (-1_500, -2), (-1_499, -1), (0, 0), (i64::MAX, largest)]
        {
            assert_eq!(Micro(micro).thousandths(), thousandths, "{micro}");
        }
    }
}
