//! Energy and power of one telegram: what the 5-minute records, the weekly log and the page show.
//!
//! Owns the form in which they are summed: millionths, never binary floats. Which objects count is
//! known to [`crate::reading`].

use crate::reading::{self, Registers};
use crate::telegram::Decimal;

/// An amount in millionths of a Wh or W; decimals beyond the sixth are cut off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Micro(pub i64);

impl Micro {
    fn of(number: Decimal) -> Option<Self> {
        number.scaled(6).map(Self)
    }

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
    total: Option<Micro>,
    first_two: [Option<Micro>; 2],
}

impl Energy {
    /// `None` when there is a part of it only.
    fn of(energy: &reading::Energy) -> Option<Self> {
        let total = match energy.total {
            Some(total) => Some(Micro::of(total)?),
            None if energy.tariffs.iter().any(Option::is_some) => return None,
            None => None,
        };
        let [one, two, ..] = energy.tariffs;
        Some(Self { total, first_two: [one, two].map(|tariff| Micro::of(tariff?)) })
    }

    /// All of it; `None` where the meter measures none.
    pub fn total(&self) -> Option<Micro> {
        self.total
    }

    /// Tariffs 1 and 2. A meter without tariffs has all of its energy in tariff 1.
    pub fn first_two(&self) -> [Micro; 2] {
        match self.first_two {
            [None, None] => [self.total.unwrap_or_default(), Micro(0)],
            both => both.map(Option::unwrap_or_default),
        }
    }
}

/// Energy and power of one telegram.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Totals {
    /// Energy from the grid, Wh.
    pub import: Energy,
    /// Energy to the grid, Wh. Meters that cannot measure it send none.
    pub export: Energy,
    /// Power from the grid, W.
    pub power_in: Micro,
    /// Power to the grid, W; 0 where no object tells of it.
    pub power_out: Micro,
}

impl Totals {
    /// Takes them out of a telegram; `None` when energy or power is missing or cannot be read.
    pub fn of(registers: &Registers) -> Option<Self> {
        let Registers { import, export, power, .. } = registers;
        let (import, export) = (Energy::of(import)?, Energy::of(export)?);
        import.total?;
        let power_out = match power.export {
            Some(export) => Micro::of(export)?,
            None => power.net.map(|_| Micro(0))?,
        };
        Some(Self { import, export, power_in: Micro::of(power.import?)?, power_out })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reader::tests::message;

    fn totals(objects: &[(&str, &str)]) -> Option<Totals> {
        Totals::of(&Registers::of(&message(0, objects)))
    }

    fn import(objects: &[(&str, &str)]) -> i64 {
        let power = [("1-0:1.7.0", "1")];
        let found = totals(&[objects, &power].concat()).unwrap();
        found.import.total().unwrap().whole()
    }

    #[test]
    fn the_total_goes_before_the_sum_of_the_tariffs() {
        let both = [("1-0:1.8.0", "99"), ("1-0:1.8.1", "1"), ("1-0:1.8.2", "2")];
        assert_eq!(import(&both), 99);
        assert_eq!(import(&[("1-0:1.8.3", "4"), ("1-0:1.8.4", "8"), ("1-0:1.8.5", "16")]), 28);
        assert_eq!(import(&[("1-0:1.8.0", "99")]), 99);
        assert_eq!(import(&[("1-1:1.8.1", "7")]), 7);
    }

    #[test]
    fn a_tariff_that_cannot_be_read_leaves_no_total_rather_than_a_lower_one() {
        let sent = [("1-0:1.7.0", "5"), ("1-0:1.8.1", "1"), ("1-0:2.8.1", "2"), ("1-0:2.8.2", "3")];
        assert!(totals(&sent).is_some());
        for unreadable in [("1-0:1.8.2", "'?"), ("1-0:2.8.3", "'?")] {
            assert_eq!(totals(&[&sent[..], &[unreadable]].concat()), None, "{unreadable:?}");
        }
        let blank =
            [("1-0:1.7.0", "5"), ("1-0:1.8.1", "1"), ("1-0:2.8.1", "'"), ("1-0:2.7.0", "'")];
        let blank = totals(&blank).unwrap();
        assert_eq!((blank.export.total(), blank.power_out), (None, Micro(0)), "not measured");
    }

    #[test]
    fn a_meter_that_sends_signed_power_has_import_and_export() {
        let powers = |objects: &[(&str, &str)]| {
            let found = totals(&[&[("1-0:1.8.0", "99")], objects].concat()).unwrap();
            (found.power_in.whole(), found.power_out.whole())
        };
        assert_eq!(powers(&[("1-0:16.7.0", "-259.20")]), (0, 259));
        assert_eq!(powers(&[("1-0:16.7.0*255", "259.20")]), (259, 0));
        assert_eq!(powers(&[("1-0:1.7.0", "-830.59")]), (0, 830));
        assert_eq!(powers(&[("1-0:1.7.255*255", "209.56")]), (209, 0));
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
