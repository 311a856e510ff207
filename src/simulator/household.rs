//! The household behind the meter: what flows through each phase and the gas pipe at any second.
//!
//! Owns the house: base load, refrigerators, boiler, lamps, solar panels and the grid's voltage. The
//! people are in `habits`, the weather in `sky`. It is pure: seed and time in, flows out; no clock,
//! no I/O, nothing carried over from one second to the next but a cache of the day's schedule.

use super::calendar::LocalTime;
use super::dice::{self, Dice};
use super::habits;
use super::schedule::{Circuit, Schedule, Sums};
use super::sky;

/// The power of the panels with the sun in the zenith of a clear sky, W.
const PANEL_POWER: i64 = 3400;
/// Below this the inverter stays off, W.
const MIN_INVERTER_POWER: i64 = 12;
/// Base load of the phases: modem, chargers, ventilation and forgotten things, W.
const BASE_LOAD: [i64; 3] = [64, 38, 22];
/// The smallest flame that the boiler can keep, ml of gas a second.
const MIN_FLAME: i64 = 80;
/// The largest flame for heating, ml of gas a second.
const MAX_FLAME: i64 = 330;

/// What flows at one second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flows {
    /// Power on L1, L2 and L3 in W: positive is import, negative export.
    pub power: [i64; 3],
    /// Voltage of L1, L2 and L3 in tenths of a volt.
    pub voltage: [i64; 3],
    /// Gas in ml/s.
    pub gas: i64,
}

/// A family with a gas boiler and solar panels, in the middle of the Netherlands.
#[derive(Clone, Debug)]
pub struct Household {
    seed: u64,
    day: Option<i64>,
    schedule: Schedule,
}

impl Household {
    /// The household that belongs to `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            // Seeds 1, 2, 3 … would be one another's neighbours in the streams made by `seed ^ n`.
            seed: dice::hash(seed, 0),
            day: None,
            schedule: Schedule::default(),
        }
    }

    /// What flows at the Unix second `utc`. Cheap when seconds come in order.
    pub fn flows(&mut self, utc: i64, local: LocalTime) -> Flows {
        let on = self.schedule_of(local).at(local.second_of_day());
        let sun = sky::sun(local.day_of_year(), utc.rem_euclid(86_400));
        let outside = sky::temperature(self.seed, local.day_of_year(), utc);
        let heating = heating(on.of(Circuit::Warmth), outside, utc);
        // The boiler has one burner, and hot water takes precedence.
        let hot_water = on.of(Circuit::HotWater);
        let burner = if hot_water > 0 { hot_water } else { heating };

        let mut loads = self.loads(&on, sun, utc);
        loads[0] += if burner > 0 { 62 } else { 0 };
        let mut noise = Dice::new(self.seed ^ 4, utc);
        // No real load is the same for two seconds.
        let mut power =
            loads.map(|load| load + load * noise.between(-12, 12) / 1000 + noise.between(-2, 2));
        power[2] -= self.panels(sun, utc);
        let voltage = self.voltage(power, utc, &mut noise);
        Flows { power, voltage, gas: burner + on.of(Circuit::Hob) }
    }

    fn schedule_of(&mut self, local: LocalTime) -> &mut Schedule {
        if self.day != Some(local.day()) {
            self.day = Some(local.day());
            self.schedule = habits::schedule(self.seed, local.day(), local.is_weekend());
        }
        &mut self.schedule
    }

    fn loads(&self, on: &Sums, sun: i64, utc: i64) -> [i64; 3] {
        let dark = sun < 900;
        let lamps = if dark { on.of(Circuit::Lamps) } else { 0 };
        [
            BASE_LOAD[0] + on.of(Circuit::L1) + lamps,
            BASE_LOAD[1] + on.of(Circuit::L2) + compressor(self.seed ^ 5, utc, 2700, 88),
            BASE_LOAD[2] + on.of(Circuit::L3) + compressor(self.seed ^ 6, utc, 3480, 71),
        ]
    }

    fn panels(&self, sun: i64, utc: i64) -> i64 {
        let clear = PANEL_POWER * sun / 10_000;
        if clear < MIN_INVERTER_POWER {
            return 0;
        }
        clear * sky::clearness(self.seed, utc) / 1000
    }

    /// The voltage in the street drifts. The cable to the house has a third of an ohm.
    fn voltage(&self, power: [i64; 3], utc: i64, noise: &mut Dice) -> [i64; 3] {
        let street = 2285 + dice::drift(self.seed ^ 7, utc, 900) / 25;
        power.map(|watts| street + noise.between(-4, 4) - watts / 70)
    }
}

/// A refrigerator: cools for a good third of each period, with a jerk when it starts. W.
fn compressor(seed: u64, utc: i64, period: i64, watts: i64) -> i64 {
    let mut cycle = Dice::new(seed, utc.div_euclid(period));
    let begin = cycle.between(0, period / 5);
    let cooling = cycle.between(period * 3 / 10, period * 5 / 10);
    match utc.rem_euclid(period) - begin {
        0 => 7 * watts,
        past if (1..cooling).contains(&past) => watts,
        _ => 0,
    }
}

/// The gas for heating, ml/s. `warmth` is how much warmer than at night it should be, `outside` the temperature
/// there, both in tenths of a degree.
fn heating(warmth: i64, outside: i64, utc: i64) -> i64 {
    // At night 15 degrees are enough, and people and sun give 3: heat is lost below 12. A house that loses
    // 150 W per degree burns 4.5 ml of gas a second per degree.
    let need = (120 + warmth - outside).max(0) * 45 / 100;
    let flame = need.clamp(MIN_FLAME, MAX_FLAME);
    // Less than the smallest flame is that flame for a part of each quarter of an hour.
    let burns = utc.rem_euclid(900) * flame < need * 900;
    if burns { flame } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::super::calendar::parse_local;
    use super::*;

    fn flows_from(start: &str, seconds: i64) -> impl Iterator<Item = Flows> {
        let start = parse_local(start).unwrap();
        let mut household = Household::new(1);
        (start..start + seconds).map(move |utc| household.flows(utc, LocalTime::at(utc)))
    }

    fn exported_days(month: &str, from_hour: &str, seconds: i64) -> usize {
        let sunny = |day: &i64| {
            let start = format!("2026-{month}-{day:02} {from_hour}:00:00");
            flows_from(&start, seconds).any(|flows| flows.power[2] < 0)
        };
        (1..=28).filter(sunny).count()
    }

    #[test]
    fn the_sun_shines_in_daylight_only() {
        assert_eq!(exported_days("06", "00", 4 * 3600), 0);
        assert_eq!(exported_days("12", "18", 6 * 3600), 0);
        assert!(exported_days("06", "12", 3600) > 20);
    }

    #[test]
    fn panels_give_nothing_at_night_and_never_take() {
        let household = Household::new(1);
        let start = parse_local("2026-01-01 00:00:00").unwrap();
        for utc in (start..start + 365 * 86_400).step_by(601) {
            let sun = sky::sun(LocalTime::at(utc).day_of_year(), utc.rem_euclid(86_400));
            let most = if sun > 0 { PANEL_POWER } else { 0 };
            assert!((0..=most).contains(&household.panels(sun, utc)), "{utc}");
        }
    }

    #[test]
    fn power_changes_from_second_to_second() {
        let flows: Vec<Flows> = flows_from("2026-11-22 03:00:00", 600).collect();
        let same = flows.windows(2).filter(|pair| pair[0].power == pair[1].power).count();
        assert!(same < 60, "{same} of 600 seconds repeat the one before");
    }

    #[test]
    fn a_moment_is_the_same_wherever_one_comes_from() {
        let late = flows_from("2026-10-25 01:00:00", 4 * 3600).last();
        assert_eq!(late, flows_from("2026-10-25 03:59:59", 1).last());
    }

    #[test]
    fn voltages_stay_within_what_the_grid_promises() {
        for flows in flows_from("2026-06-15 00:00:00", 86_400) {
            assert!(flows.voltage.iter().all(|volts| (2070..=2530).contains(volts)), "{flows:?}");
        }
    }

    #[test]
    fn the_house_is_heated_in_winter_and_not_in_summer() {
        let day = |start| flows_from(start, 86_400).map(|flows| flows.gas).sum::<i64>() / 1000;
        let (winter, summer) = (day("2026-01-20 00:00:00"), day("2026-07-20 00:00:00"));
        assert!((2_000..12_000).contains(&winter), "{winter} litres");
        assert!((100..2_000).contains(&summer), "{summer} litres");
    }

    #[test]
    fn need_below_the_smallest_flame_is_met_on_average() {
        let burnt: i64 = (0..900).map(|utc| heating(40, 100, utc)).sum();
        assert!((burnt / 900 - 27).abs() <= 1, "{burnt}");
        assert_eq!(heating(0, 200, 0), 0);
    }
}
