//! What several telegrams of a meter tell together: the running quarter of an hour, and the day so far.
//!
//! Owns the arithmetic of the quarter-hour. [`crate::meter`] gathers what goes into it.

use crate::telegram::Decimal;

/// The length of a quarter of an hour in seconds.
pub(crate) const QUARTER_SECONDS: i64 = 900;

/// The shortest rest of a quarter-hour that [`QuarterHour::room`] counts with, in seconds. In its last seconds a
/// quarter-hour would bear any power, but what is switched on then goes on into the next one.
const MIN_REST: i64 = 60;

/// What a telegram tells only together with those before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Derived {
    /// The running quarter of an hour.
    pub quarter_hour: Option<QuarterHour>,
    /// Energy from the grid since midnight, kWh.
    pub import_today: Option<Decimal>,
    /// Energy to the grid since midnight, kWh.
    pub export_today: Option<Decimal>,
    /// Gas since midnight, m³.
    pub gas_today: Option<Decimal>,
}

/// The running quarter of an hour by the clock of the meter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuarterHour {
    /// What has been imported so far, as its mean over the whole quarter of an hour, W: it rises from 0.
    pub average: i64,
    /// The mean import of the last minute, W.
    pub power: i64,
    /// Seconds until its end, 1 to 900.
    pub left: i64,
}

impl QuarterHour {
    /// The mean of the whole quarter of an hour, W, if the import goes on as in the last minute.
    #[must_use]
    pub fn forecast(&self) -> i64 {
        self.average.saturating_add(self.power.saturating_mul(self.left) / QUARTER_SECONDS)
    }

    /// The mean import, W, that the rest of the quarter of an hour bears without becoming a peak above `peak`, W.
    /// Never negative.
    #[must_use]
    pub fn room(&self, peak: i64) -> i64 {
        let energy = peak.saturating_sub(self.average).max(0).saturating_mul(QUARTER_SECONDS);
        energy / self.left.max(MIN_REST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forecast_goes_on_with_the_power_of_the_last_minute() {
        let quarter = |average, power, left| QuarterHour { average, power, left };
        assert_eq!(quarter(0, 4000, 900).forecast(), 4000);
        assert_eq!(quarter(1000, 4000, 450).forecast(), 3000);
        assert_eq!(quarter(2500, 0, 30).forecast(), 2500);
        assert_eq!(quarter(i64::MAX, i64::MAX, 900).forecast(), i64::MAX);
    }

    #[test]
    fn the_room_is_what_the_rest_bears_until_the_month_has_a_new_peak() {
        let quarter = |average, left| QuarterHour { average, power: 4000, left };
        assert_eq!(quarter(0, 900).room(2500), 2500);
        assert_eq!(quarter(1000, 450).room(2500), 3000);
        assert_eq!(quarter(2600, 450).room(2500), 0, "there is a new peak already");
        assert_eq!(quarter(2000, 1).room(2500), 7500, "of a minute");
    }
}
