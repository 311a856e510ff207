//! What a battery would have done with what was imported and exported.
//!
//! Owns the model: in each five minutes it charges with what would be exported and discharges into what would be
//! imported, as far as its capacity and power go. It starts empty. A gap leaves its charge alone, and the energy of
//! the gap as it was. Nothing is known of prices.
//!
//! These are the only binary floats among the numbers of the meter: the result is a model, not a measurement.

/// A battery.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Battery {
    /// kWh.
    pub capacity: f64,
    /// The highest power in and out, kW.
    pub power: f64,
    /// What comes out of what goes in, 0 to 1; half of the loss is in charging, half in discharging.
    pub efficiency: f64,
}

/// A battery in use. Energy is in Wh.
#[derive(Clone, Debug)]
pub(crate) struct WhatIf {
    pub battery: Battery,
    /// What is stored.
    pub stored: f64,
    /// Imported and exported with the battery.
    pub import: f64,
    pub export: f64,
    /// What went into the battery, behind the loss of charging.
    charged: f64,
    /// Seconds full and empty, give or take 2 % of the capacity.
    pub full: i64,
    pub empty: i64,
}

/// Shares of the capacity: from this on a battery counts as full, and up to this as empty. A watt-hour that leaves a full
/// battery does not make it less full.
const FULL: f64 = 0.98;
const EMPTY: f64 = 0.02;

impl WhatIf {
    pub fn new(battery: Battery) -> Self {
        Self { battery, stored: 0.0, import: 0.0, export: 0.0, charged: 0.0, full: 0, empty: 0 }
    }

    /// Takes what was imported and exported in so many seconds, Wh.
    pub fn take(&mut self, import: f64, export: f64, seconds: i32) {
        let Battery { capacity, power, efficiency } = self.battery;
        let (capacity, one_way) = (capacity * 1000.0, efficiency.sqrt());
        let most = power * f64::from(seconds) / 3.6;
        // Both follow from what is stored at the beginning.
        let charge = export.min(most).min((capacity - self.stored) / one_way).max(0.0);
        let discharge = import.min(most).min(self.stored * one_way).max(0.0);
        self.stored += charge * one_way - discharge / one_way;
        self.charged += charge * one_way;
        self.import += import - discharge;
        self.export += export - charge;
        let seconds = i64::from(seconds);
        self.full += if self.stored >= capacity * FULL { seconds } else { 0 };
        self.empty += if self.stored <= capacity * EMPTY { seconds } else { 0 };
    }

    /// Takes energy while the battery was not followed, Wh.
    pub fn pass(&mut self, import: f64, export: f64) {
        self.import += import;
        self.export += export;
    }

    /// How often the whole capacity was charged.
    pub fn cycles(&self) -> f64 {
        self.charged / (self.battery.capacity * 1000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn battery(capacity: f64, power: f64, efficiency: f64) -> WhatIf {
        WhatIf::new(Battery { capacity, power, efficiency })
    }

    #[expect(clippy::float_cmp, reason = "these numbers are exact")]
    #[test]
    fn a_battery_moves_export_into_import_within_its_power_and_capacity() {
        let mut what = battery(1.0, 2.4, 1.0);
        what.take(0.0, 500.0, 300);
        assert_eq!((what.stored, what.export), (200.0, 300.0), "2.4 kW for five minutes");
        for _ in 0..5 {
            what.take(0.0, 200.0, 300);
        }
        assert_eq!((what.stored, what.export, what.full), (1000.0, 500.0, 600));
        what.take(100.0, 0.0, 300);
        assert_eq!((what.stored, what.import), (900.0, 0.0));
        what.pass(50.0, 20.0);
        assert_eq!((what.stored, what.import, what.export), (900.0, 50.0, 520.0));
        assert_eq!(what.cycles(), 1.0);
    }

    #[test]
    fn a_battery_is_full_and_empty_give_or_take_two_per_cent() {
        let mut what = battery(1.0, 12.0, 1.0);
        for (import, export, full, empty) in [
            (0.0, 10.0, 0, 300),
            (0.0, 15.0, 0, 300),
            (0.0, 960.0, 300, 300),
            (10.0, 0.0, 300, 300),
        ] {
            what.take(import, export, 300);
            assert_eq!((what.full, what.empty), (full, empty), "{} Wh", what.stored);
        }
    }

    #[test]
    fn what_is_lost_is_lost_half_in_and_half_out() {
        let mut what = battery(10.0, 100.0, 0.81);
        what.take(0.0, 1000.0, 300);
        assert!((what.stored - 900.0).abs() < 1e-9);
        what.take(2000.0, 0.0, 300);
        assert!((what.import - 1190.0).abs() < 1e-9, "{what:?}");
    }
}
