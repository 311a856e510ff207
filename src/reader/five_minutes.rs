//! The 5-minute records: power over five minutes, and the totals at their end.
//!
//! Owns when a period ends and what it counts. It knows no files.

use chrono::NaiveDateTime;

use super::totals::{Micro, Totals};
use crate::history::PERIOD_SECONDS;
use crate::history::record::Record;
use crate::meter::Order;

/// Lowest, highest and mean power.
#[derive(Clone, Copy, Debug, Default)]
struct Power {
    lowest: Micro,
    highest: Micro,
    sum: i128,
}

impl Power {
    fn add(&mut self, power: Micro, first: bool) {
        self.lowest = if first { power } else { self.lowest.min(power) };
        self.highest = if first { power } else { self.highest.max(power) };
        self.sum += i128::from(power.0);
    }

    /// Lowest, mean and highest in W, cut to whole ones.
    fn watts(&self, count: u32) -> [i64; 3] {
        let mean = self.sum / i128::from(count.max(1)) / 1_000_000;
        // A mean lies between the lowest and the highest, which fit.
        let mean = i64::try_from(mean).unwrap_or_default();
        [self.lowest.whole(), mean, self.highest.whole()]
    }
}

/// What a period has counted so far, up to its last telegram.
#[derive(Clone, Copy, Debug)]
struct Period {
    telegrams: u32,
    power_in: Power,
    power_out: Power,
    last: (NaiveDateTime, Totals),
}

/// The period that is open, of one meter.
///
/// A period ends with, and includes, the first telegram at or after a multiple of 300 s. It is partial
/// where telegrams are missing: after the start, before a gap or a step of the clock, and at the stop.
#[derive(Debug, Default)]
pub(super) struct FiveMinutes {
    open: Option<Period>,
}

impl FiveMinutes {
    /// Counts a telegram of this whole second; gives the record of the period that it ended, if any.
    ///
    /// Where the clock went back, or more than one multiple passed without a telegram, the open period
    /// ends with its own last telegram and the new telegram begins another one.
    pub fn add(
        &mut self,
        order: Order,
        second: i64,
        local: NaiveDateTime,
        totals: &Totals,
    ) -> Option<Record> {
        let multiples_passed = match order {
            Order::Late => return None,
            Order::Reset => None,
            Order::Next(previous) => {
                Some(second.div_euclid(PERIOD_SECONDS) - previous.div_euclid(PERIOD_SECONDS))
            }
        };
        match multiples_passed {
            Some(0) => {
                self.count(local, totals);
                None
            }
            Some(1) => {
                self.count(local, totals);
                self.close()
            }
            _ => {
                let record = self.close();
                // On the multiple, it would be the last of a period without other telegrams.
                if second.rem_euclid(PERIOD_SECONDS) != 0 {
                    self.count(local, totals);
                }
                record
            }
        }
    }

    /// Ends the open period with its last telegram.
    pub fn close(&mut self) -> Option<Record> {
        let period = self.open.take()?;
        let (time, totals) = period.last;
        let record = |total: Option<Micro>, power: Power| {
            let [low, mean, high] = power.watts(period.telegrams);
            [total.unwrap_or_default().whole(), low, mean, high]
        };
        Some(Record {
            time,
            import: record(totals.import.total(), period.power_in),
            export: record(totals.export.total(), period.power_out),
        })
    }

    fn count(&mut self, local: NaiveDateTime, totals: &Totals) {
        let period = self.open.get_or_insert(Period {
            telegrams: 0,
            power_in: Power::default(),
            power_out: Power::default(),
            last: (local, *totals),
        });
        let first = period.telegrams == 0;
        period.power_in.add(totals.power_in, first);
        period.power_out.add(totals.power_out, first);
        period.last = (local, *totals);
        period.telegrams += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meter::Clock;
    use crate::reader::tests::message;
    use crate::reading::Registers;
    use crate::telegram::Timestamp;

    /// Feeds telegrams of (second, power in); gives the records, the last one that of the stop.
    fn records(telegrams: &[(i64, i64)]) -> Vec<String> {
        let mut clock = Clock::default();
        let mut five_minutes = FiveMinutes::default();
        let mut records = Vec::new();
        for &(second, power) in telegrams {
            let (total, power) = (second.to_string(), power.to_string());
            let objects = [("1-0:1.8.1", &*total), ("1-0:1.7.0", &*power)];
            let totals = Totals::of(&Registers::of(&message(second, &objects))).unwrap();
            let order = clock.order(Timestamp::from_seconds(second));
            let local = chrono::DateTime::from_timestamp(second, 0).unwrap();
            records.extend(five_minutes.add(order, second, local.naive_utc(), &totals));
        }
        records.extend(five_minutes.close());
        let line = |record: &Record| {
            let mut out = Vec::new();
            record.write(&mut out);
            let line = String::from_utf8(out).unwrap();
            let start = line.strip_prefix("1970-01-01 00:").expect(&line);
            let end = start.strip_suffix(",    0,    0,    0,    0\n");
            end.expect(start).to_owned()
        };
        records.iter().map(line).collect()
    }

    #[test]
    fn a_period_includes_the_telegram_on_the_multiple_and_the_next_one_does_not() {
        let telegrams = [(299, 10), (300, 20), (301, 100), (600, 200)];
        assert_eq!(
            records(&telegrams),
            ["05:00, 300,   10,   15,   20", "10:00, 600,  100,  150,  200"]
        );
    }

    #[test]
    fn a_meter_that_misses_the_multiple_ends_the_period_with_the_first_telegram_after_it() {
        let telegrams = [(296, 1), (306, 3), (316, 5), (596, 7), (606, 9)];
        assert_eq!(
            records(&telegrams),
            ["05:06, 306,    1,    2,    3", "10:06, 606,    5,    7,    9"]
        );
    }

    #[test]
    fn a_first_telegram_on_the_multiple_makes_no_record() {
        assert_eq!(records(&[(300, 10)]), [""; 0]);
        assert_eq!(records(&[(300, 10), (301, 20), (600, 40)]), ["10:00, 600,   20,   30,   40"]);
    }

    #[test]
    fn a_gap_ends_the_period_before_it_and_is_not_averaged_over() {
        let telegrams = [(301, 10), (302, 20), (1202, 1000), (1203, 2000)];
        assert_eq!(
            records(&telegrams),
            ["05:02, 302,   10,   15,   20", "20:03, 1203, 1000, 1500, 2000"]
        );
        assert_eq!(
            records(&[(301, 10), (1200, 1000), (1201, 50)]),
            ["05:01, 301,   10,   10,   10", "20:01, 1201,   50,   50,   50"]
        );
    }

    #[test]
    fn a_clock_that_goes_back_begins_again() {
        let telegrams = [(1301, 10), (1302, 20), (601, 30), (602, 50)];
        assert_eq!(
            records(&telegrams),
            ["21:42, 1302,   10,   15,   20", "10:02, 602,   30,   40,   50"]
        );
    }

    #[test]
    fn doubled_and_late_telegrams_are_not_counted() {
        let telegrams = [(301, 10), (299, 900), (302, 20), (302, 20), (302, 20)];
        assert_eq!(records(&telegrams), ["05:02, 302,   10,   15,   20"]);
    }

    #[test]
    fn a_mean_is_cut_to_whole_watts() {
        assert_eq!(records(&[(301, 1), (302, 2), (303, 2)]), ["05:03, 303,    1,    1,    2"]);
    }
}
