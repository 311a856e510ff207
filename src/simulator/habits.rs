//! What the people of the household do on a day.
//!
//! Owns the habits: when they rise and go to bed, cook, wash and do the laundry, and what that draws.
//! A day depends on the seed and the date alone, so it is the same whenever the simulation was started.

use super::dice::Dice;
use super::schedule::{Circuit, Run, Schedule};

const MINUTE: i64 = 60;
const HOUR: i64 = 3600;
const LAST_SECOND: i64 = 24 * HOUR;

/// The schedule of day number `day`.
#[must_use]
pub fn schedule(seed: u64, day: i64, weekend: bool) -> Schedule {
    let mut day = Day::new(Dice::new(seed, day), weekend);
    day.live();
    day.breakfast_and_lunch();
    day.dinner();
    day.wash_up();
    day.laundry();
    day.bathe();
    day.clean_and_work();
    Schedule::new(&day.runs)
}

struct Day {
    dice: Dice,
    weekend: bool,
    rise: i64,
    bed: i64,
    runs: Vec<Run>,
}

impl Day {
    fn new(mut dice: Dice, weekend: bool) -> Self {
        let rise = if weekend { 8 * HOUR } else { 6 * HOUR + 40 * MINUTE };
        let rise = rise + dice.between(-15, 40) * MINUTE;
        let bed = 22 * HOUR + dice.between(20, 95) * MINUTE;
        Self { dice, weekend, rise, bed, runs: Vec::with_capacity(64) }
    }

    /// Adds a run of `seconds`; what would pass midnight ends there. Returns the second of its end.
    fn run(&mut self, circuit: Circuit, from: i64, seconds: i64, amount: i64) -> i64 {
        let to = (from + seconds).min(LAST_SECOND);
        if from < to {
            self.runs.push(Run { from, to, circuit, amount });
        }
        from + seconds
    }

    /// A heater under a thermostat: on and off in turn until `seconds` are over.
    fn heater(&mut self, circuit: Circuit, from: i64, seconds: i64, watts: i64) {
        let mut start = from;
        while start < from + seconds {
            let on = self.dice.between(50, 110).min(from + seconds - start);
            start = self.run(circuit, start, on, watts) + self.dice.between(40, 130);
        }
    }

    /// Being up: lamps, warmth, an evening in front of a screen.
    fn live(&mut self) {
        let (rise, bed) = (self.rise, self.bed);
        let lamps = self.dice.between(70, 110);
        let home_by = if self.weekend { rise + 2 * HOUR } else { 16 * HOUR };
        self.run(Circuit::Lamps, rise, 2 * HOUR, lamps);
        self.run(Circuit::Lamps, home_by, bed - home_by, 2 * lamps);
        self.run(Circuit::Warmth, rise, bed - HOUR - rise, 40);
        // The rooms have cooled down over night.
        self.run(Circuit::Warmth, rise, HOUR, 45);
        let screen_on = 19 * HOUR + self.dice.between(0, 60) * MINUTE;
        let watts = self.dice.between(95, 140);
        self.run(Circuit::L1, screen_on, bed - screen_on, watts);
    }

    fn breakfast_and_lunch(&mut self) {
        let lunch = 12 * HOUR + self.dice.between(0, 50) * MINUTE;
        self.kettle(self.rise + 12 * MINUTE);
        let coffee = self.run(Circuit::L2, self.rise + 20 * MINUTE, 55, 1380);
        self.run(Circuit::L2, coffee + 70, 40, 1360);
        for tea_time in [10 * HOUR + 30 * MINUTE, 15 * HOUR + 15 * MINUTE, 20 * HOUR + 20 * MINUTE]
        {
            if self.dice.chance(if self.weekend { 85 } else { 55 }) {
                let late = self.dice.between(-25, 25) * MINUTE;
                self.kettle(tea_time + late);
            }
        }
        if self.weekend || self.dice.chance(40) {
            let toast = self.dice.between(110, 200);
            self.run(Circuit::L2, lunch, toast, 870);
        }
    }

    fn kettle(&mut self, from: i64) {
        let seconds = self.dice.between(75, 190);
        self.run(Circuit::L2, from, seconds, 2080);
    }

    /// Gas hob and cooker hood on most days, the oven or a microwave on some.
    fn dinner(&mut self) {
        let start = 17 * HOUR + self.dice.between(20, 100) * MINUTE;
        if self.dice.chance(85) {
            let seconds = self.dice.between(20, 45) * MINUTE;
            let simmer = self.run(Circuit::Hob, start, seconds / 3, 62) - start;
            self.run(Circuit::Hob, start + simmer, seconds - simmer, 27);
            self.run(Circuit::L2, start, seconds + 5 * MINUTE, 115);
        }
        if self.dice.chance(if self.weekend { 55 } else { 25 }) {
            let hot = self.run(Circuit::L1, start, 9 * MINUTE, 2350);
            let seconds = self.dice.between(20, 45) * MINUTE;
            self.heater(Circuit::L1, hot + 30, seconds, 2350);
        } else if self.dice.chance(60) {
            let seconds = self.dice.between(120, 420);
            self.run(Circuit::L2, start, seconds, 1240);
        }
    }

    /// The dishwasher, most evenings: heat, wash, rinse hot, dry.
    fn wash_up(&mut self) {
        if self.dice.chance(70) {
            let start = 19 * HOUR + self.dice.between(30, 110) * MINUTE;
            let washing = self.run(Circuit::L2, start + 4 * MINUTE, 14 * MINUTE, 1930);
            let rinsing = self.run(Circuit::L2, washing + 33 * MINUTE, 11 * MINUTE, 1930);
            self.run(Circuit::L2, start, rinsing - start + 25 * MINUTE, 65);
        }
    }

    /// The washing machine, about three days a week, rather at the weekend.
    fn laundry(&mut self) {
        if self.dice.chance(if self.weekend { 70 } else { 30 }) {
            let start = 9 * HOUR + self.dice.between(0, 180) * MINUTE;
            let warm = self.run(Circuit::L3, start + 2 * MINUTE, 16 * MINUTE, 2010);
            let mut turn = start;
            while turn < warm + 50 * MINUTE {
                let watts = self.dice.between(120, 260);
                turn = self.run(Circuit::L3, turn, 14, watts) + self.dice.between(4, 9);
            }
            self.run(Circuit::L3, turn, 8 * MINUTE, 480);
        }
    }

    /// Showers in the morning and sometimes at night, and the tap in the kitchen.
    fn bathe(&mut self) {
        let mut free = self.rise + 8 * MINUTE;
        for _ in 0..self.dice.between(1, 3) {
            let seconds = self.dice.between(5 * MINUTE, 9 * MINUTE);
            free = self.run(Circuit::HotWater, free, seconds, 650) + 6 * MINUTE;
        }
        if self.dice.chance(35) {
            let seconds = self.dice.between(4 * MINUTE, 10 * MINUTE);
            self.run(Circuit::HotWater, self.bed - 50 * MINUTE, seconds, 650);
        }
        for _ in 0..self.dice.between(2, 6) {
            let tap = self.dice.between(self.rise + HOUR, self.bed - 2 * HOUR);
            let seconds = self.dice.between(15, 80);
            self.run(Circuit::HotWater, tap, seconds, 420);
        }
    }

    /// Vacuum cleaning at the weekend, some working days at home.
    fn clean_and_work(&mut self) {
        let minutes = self.dice.between(15, 35);
        if self.weekend && self.dice.chance(60) {
            self.run(Circuit::L1, 10 * HOUR + minutes * MINUTE, minutes * MINUTE, 840);
        }
        if !self.weekend && self.dice.chance(40) {
            let start = self.rise + 90 * MINUTE;
            self.run(Circuit::L1, start, 8 * HOUR + minutes * MINUTE, 88);
            self.run(Circuit::Lamps, start, 8 * HOUR, 30);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn energy(day: &mut Schedule, circuit: Circuit, from: i64, to: i64) -> i64 {
        (from..to).map(|second| day.at(second).of(circuit)).sum()
    }

    #[test]
    fn every_day_ends_with_all_switched_off() {
        for day in 0..366 {
            let mut schedule = schedule(5, day, day % 7 > 4);
            let left = schedule.at(LAST_SECOND);
            let circuits = [Circuit::L1, Circuit::L2, Circuit::L3, Circuit::Lamps];
            let others = [Circuit::Hob, Circuit::HotWater, Circuit::Warmth];
            for circuit in circuits.into_iter().chain(others) {
                assert_eq!(left.of(circuit), 0, "{circuit:?} on day {day}");
            }
        }
    }

    #[test]
    fn people_use_little_at_night_and_most_in_the_evening() {
        let (mut night, mut evening) = (0, 0);
        for day in 0..100 {
            let mut schedule = schedule(1, day, day % 7 > 4);
            for circuit in [Circuit::L1, Circuit::L2, Circuit::L3] {
                night += energy(&mut schedule, circuit, HOUR, 5 * HOUR);
                evening += energy(&mut schedule, circuit, 18 * HOUR, 22 * HOUR);
            }
        }
        assert_eq!(night, 0);
        assert!(evening / 3_600_000 > 100, "a kWh an evening at the least");
    }

    #[test]
    fn days_differ_and_repeat_by_seed_and_date() {
        let used = |seed, day| energy(&mut schedule(seed, day, false), Circuit::L2, 0, LAST_SECOND);
        assert_eq!(used(1, 7), used(1, 7));
        assert_ne!(used(1, 7), used(1, 8));
        assert_ne!(used(1, 7), used(2, 7));
    }
}
