//! Sun, clouds and temperature over the household.
//!
//! Owns the weather: where the sun stands over the middle of the Netherlands, how much of its light
//! comes through, and how warm it is outside. All of it in whole numbers, because the sines of two
//! mathematics libraries may differ in the last digit and the same seed must give the same bytes on
//! every machine.

use super::dice::{self, Dice};

/// A whole turn, in the unit of angles here: a second of the day.
const TURN: i64 = 86_400;
/// 1.0 in sines and cosines.
const ONE: i64 = 10_000;
/// Solar noon at 5° east, in seconds after midnight UTC; the equation of time is left out.
const SOLAR_NOON: i64 = 42_000;
/// Sine and cosine of 52.1° north.
const LATITUDE: (i64, i64) = (7891, 6143);
/// Sine of the tropic's latitude, 23.44°.
const TROPIC: i64 = 3978;
/// The day of the year on which spring begins, counted from 0.
const EQUINOX: i64 = 79;

/// The sine of the sun's height above the horizon, in ten thousandths; negative when it is down.
///
/// `day_of_year` counts from 0, `second` is the second of the UTC day.
#[must_use]
pub fn sun(day_of_year: i64, second: i64) -> i64 {
    let declination = TROPIC * sine((day_of_year - EQUINOX) * TURN / 365) / ONE;
    let across = (ONE * ONE - declination * declination).isqrt();
    let hour = sine(second - SOLAR_NOON + TURN / 4);
    (LATITUDE.0 * declination + LATITUDE.1 * (across * hour / ONE)) / ONE
}

/// How much of the sun's light comes through the clouds at `utc`, in thousandths.
#[must_use]
pub fn clearness(seed: u64, utc: i64) -> i64 {
    let mut day = Dice::new(seed, utc.div_euclid(TURN));
    // The steady loss under an even layer, and the depth of the shadows of single clouds.
    let (grey, shadow) = match day.between(1, 10) {
        1..=3 => (0, 80),
        4..=7 => (80, 850),
        _ => (650, 550),
    };
    let fields = dice::drift(seed ^ 1, utc, 420);
    let edges = dice::drift(seed ^ 2, utc, 35);
    let cover = (7 * fields + 3 * edges) / 10;
    (1000 - grey) * (1000 - shadow * cover / 1000) / 1000
}

/// The temperature outside at `utc`, in tenths of a degree Celsius.
#[must_use]
pub fn temperature(seed: u64, day_of_year: i64, utc: i64) -> i64 {
    // Warmest at the end of July, and at 14:00 UTC.
    let season = 78 * sine((day_of_year - 115) * TURN / 365) / ONE;
    let hour = 32 * sine(utc.rem_euclid(TURN) - 28_800) / ONE;
    let spell = dice::drift(seed ^ 3, utc, 3 * TURN) / 10 - 50;
    105 + season + hour + spell
}

/// The sine of `angle`, by the approximation of Bhaskara I, which is right to 0.002.
fn sine(angle: i64) -> i64 {
    let half = TURN / 2;
    let turned = angle.rem_euclid(TURN);
    let part = turned % half;
    let product = part * (half - part);
    let sine = 16 * ONE * product / (5 * half * half - 4 * product);
    if turned < half { sine } else { -sine }
}

#[cfg(test)]
mod tests {
    use super::*;

    const JUNE: i64 = 171;
    const DECEMBER: i64 = 355;

    #[test]
    fn the_sun_stands_as_high_as_it_does_in_the_netherlands() {
        let near = |got: i64, wanted: i64| (got - wanted).abs() < 100;
        assert!(near(sun(JUNE, SOLAR_NOON), 8770), "61.3 degrees at midsummer");
        assert!(near(sun(DECEMBER, SOLAR_NOON), 2490), "14.4 degrees at midwinter");
        assert!(near(sun(EQUINOX, SOLAR_NOON - TURN / 4), 0), "rises in the east at the equinox");
    }

    #[test]
    fn days_are_long_in_summer_and_short_in_winter() {
        // By geometry 16 h 24 min and 7 h 36 min; the bending of light is left out.
        let length = |day| (0..TURN).filter(|&second| sun(day, second) > 0).count() / 60;
        assert!((970..1000).contains(&length(JUNE)), "{} minutes", length(JUNE));
        assert!((440..475).contains(&length(DECEMBER)), "{} minutes", length(DECEMBER));
    }

    #[test]
    fn clouds_never_add_light_nor_take_all() {
        for utc in (0..40 * TURN).step_by(61) {
            assert!((50..=1000).contains(&clearness(9, utc)));
        }
    }

    #[test]
    fn winter_is_colder_than_summer_and_both_are_mild() {
        let mean = |day: i64| {
            (0..30).map(|d| temperature(4, day, (day + d) * TURN + 3600 * d)).sum::<i64>() / 30
        };
        assert!((-20..80).contains(&mean(15)), "{}", mean(15));
        assert!((130..230).contains(&mean(200)), "{}", mean(200));
    }
}
