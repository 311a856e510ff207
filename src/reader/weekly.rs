//! The weekly log: one condensed line each `measurement_period`.
//!
//! Owns the format of the line. When one is due is known from the telegram before.

use std::io::Write;

use super::totals::{Micro, Totals};
use crate::meter::Order;

/// Whether a telegram of this whole second gets a line: the first one in each period of the clock.
///
/// With a telegram each second those are the multiples of `period` seconds. The first telegram of all
/// gets one only if it is such a multiple, for nobody knows what came before it.
pub(super) fn is_due(order: Order, second: i64, period: i64) -> bool {
    match order {
        Order::Late => false,
        Order::Reset => second.rem_euclid(period) == 0,
        Order::Next(previous) => second.div_euclid(period) != previous.div_euclid(period),
    }
}

/// Adds `epoch:t1_in:t2_in:power_in : t1_out:t2_out:power_out`, Wh and W with three decimals.
///
/// Registers are at least seven wide, powers five. A meter without tariffs has its energy under t1;
/// further tariffs have no place in this format.
pub(super) fn write_line(out: &mut Vec<u8>, second: i64, totals: &Totals) {
    let [t1_in, t2_in] = totals.import.first_two().map(three_decimals);
    let [t1_out, t2_out] = totals.export.first_two().map(three_decimals);
    let [power_in, power_out] = [totals.power_in, totals.power_out].map(three_decimals);
    // Writing to memory does not fail.
    let _ = writeln!(
        out,
        "{second}:{t1_in:>7}:{t2_in:>7}:{power_in:>5} : {t1_out:>7}:{t2_out:>7}:{power_out:>5}"
    );
}

fn three_decimals(amount: Micro) -> String {
    let thousandths = amount.thousandths();
    let sign = if thousandths < 0 { "-" } else { "" };
    let (whole, rest) = (thousandths.abs() / 1000, thousandths.abs() % 1000);
    format!("{sign}{whole}.{rest:03}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reader::tests::message;
    use crate::reading::Registers;

    fn line(objects: &[(&str, &str)]) -> String {
        let totals = Totals::of(&Registers::of(&message(0, objects))).unwrap();
        let mut out = Vec::new();
        write_line(&mut out, 1_795_330_010, &totals);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_line_is_that_of_2021_to_the_byte() {
        let objects = [
            ("1-0:1.8.1", "4000010"),
            ("1-0:1.8.2", "4884452"),
            ("1-0:2.8.1", "8673"),
            ("1-0:2.8.2", "5385"),
            ("1-0:1.7.0", "730"),
            ("1-0:2.7.0", "99"),
        ];
        assert_eq!(
            line(&objects),
            "1795330010:4000010.000:4884452.000:730.000 : 8673.000:5385.000:99.000\n"
        );
    }

    #[test]
    fn small_numbers_are_padded_and_decimals_are_exact() {
        assert_eq!(
            line(&[("1-0:1.8.0", "52185782.5309"), ("1-0:1.7.0", "-0.5")]),
            "1795330010:52185782.531:  0.000:0.000 :   0.000:  0.000:0.500\n"
        );
    }

    #[test]
    fn each_period_has_one_line_also_when_the_multiple_is_missed() {
        let due = |order, second| is_due(order, second, 10);
        assert!(due(Order::Next(9), 10));
        assert!(!due(Order::Next(10), 11));
        assert!(due(Order::Next(6), 16), "a telegram every ten seconds");
        assert!(due(Order::Next(6), 3_601));
        assert!(!due(Order::Late, 10));
        assert!(due(Order::Reset, 10));
        assert!(!due(Order::Reset, 11));
        assert!(due(Order::Next(-1), 0));
    }
}
