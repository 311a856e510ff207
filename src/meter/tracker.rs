//! What the telegrams of one meter tell together, for the programs that show and send readings.

use chrono::{NaiveDateTime, TimeDelta};

use super::{Day, Power, QuarterHours};
use crate::message::Message;
use crate::reading::{Derived, Readings, Registers, clock};
use crate::telegram::Timestamp;

/// Devices are read each few minutes, and to read all that a telegram says takes longer.
const DEVICES_INTERVAL: TimeDelta = TimeDelta::seconds(10);

/// Follows one meter.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tracker {
    /// The day so far.
    pub day: Day,
    quarter_hours: QuarterHours,
    /// When devices were counted last.
    counted: NaiveDateTime,
}

impl Tracker {
    /// Follows a meter whose day is known so far.
    pub fn continuing(day: Day) -> Self {
        Self { day, ..Self::default() }
    }

    /// Takes a telegram; what it tells together with those before it.
    pub fn take(
        &mut self,
        message: &Message,
        local: impl Fn(Timestamp) -> NaiveDateTime,
    ) -> Derived {
        let registers = Registers::of(message);
        let now = local(message.meta.frame_start);
        if self.day.begin(now) {
            let Power { import, export } = Power::of(&registers.power);
            let power = [import, export];
            self.day.count(message.equipment_id().as_deref(), registers.energy(), power, now);
            if (now - self.counted).abs() >= DEVICES_INTERVAL {
                self.counted = now;
                self.day.count_devices(&Readings::of(message), now, local);
            }
        }
        if let Some(time) = clock(message) {
            self.quarter_hours.take(time.seconds(), &registers);
        }
        let whole_day = |name| self.day.used(name).filter(|used| used.since.is_none());
        let today = |name| whole_day(name).map(|used| used.amount);
        Derived {
            quarter_hour: self.quarter_hours.running(),
            import_today: today("energy_import_kwh"),
            export_today: today("energy_export_kwh"),
            gas_today: today("gas_m3"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::tests::message;

    fn utc(time: Timestamp) -> NaiveDateTime {
        chrono::DateTime::from_timestamp(time.seconds(), 0).unwrap_or_default().naive_utc()
    }

    /// The readings of the last of these telegrams: seconds after a midnight, and objects.
    fn readings(telegrams: &[(i64, &[(&str, &str)])]) -> Vec<(&'static str, String)> {
        const MIDNIGHT: i64 = 1_795_305_600;
        let mut tracker = Tracker::default();
        let mut last = None;
        for (second, objects) in telegrams {
            let mut message = message(MIDNIGHT + second, objects);
            message.meta.meter_time = Some(Timestamp::from_seconds(MIDNIGHT + second));
            let derived = tracker.take(&message, utc);
            last = Some((message, derived));
        }
        let (message, derived) = last.unwrap();
        let readings = Readings::with(&message, &derived);
        let names = ["today", "forecast", "room"];
        let derived = readings.iter().filter(|(it, _)| names.iter().any(|n| it.name.contains(n)));
        derived.map(|(reading, value)| (reading.name, value.to_string())).collect()
    }

    #[test]
    fn a_day_and_a_quarter_hour_that_were_seen_from_their_beginning_have_readings() {
        let morning = [("1-0:1.8.1", "1000"), ("1-0:2.8.1", "50"), ("1-0:1.7.0", "2000")];
        let later = [("1-0:1.8.1", "1250"), ("1-0:2.8.1", "53"), ("1-0:1.7.0", "2000")];
        assert_eq!(
            readings(&[(0, &morning), (450, &later)]),
            [
                ("energy_import_today_kwh", "0.250".to_owned()),
                ("energy_export_today_kwh", "0.003".to_owned()),
                ("average_power_15m_forecast_w", "2000".to_owned()),
            ]
        );
    }

    #[test]
    fn a_part_of_a_day_is_no_reading() {
        let telegram = [("1-0:1.8.1", "1000"), ("1-0:1.7.0", "2000")];
        assert_eq!(
            readings(&[(36_000, &telegram)]),
            [("average_power_15m_forecast_w", "2000".into())]
        );
        assert_eq!(readings(&[(36_100, &telegram), (36_200, &telegram)]), []);
    }

    #[test]
    fn a_belgian_meter_has_room_below_the_peak_of_the_month() {
        let telegram = [("1-0:1.4.0", "1000"), ("1-0:1.6.0", "2500"), ("1-0:1.7.0", "4000")];
        let found = readings(&[(36_450, &telegram)]);
        let expected =
            [("average_power_15m_forecast_w", "3000"), ("average_power_15m_room_w", "3000")];
        assert_eq!(found, expected.map(|(name, value)| (name, value.to_owned())));
    }
}
