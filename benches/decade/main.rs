//! Ten years through the recorder: a telegram each ten seconds, with everything that happens to a computer in a
//! meter cupboard. `make bench-decade` runs it.
//!
//! Clock changes, leap years and week 53 come by themselves; meters are replaced, the disk fills up, telegrams
//! are missing, the clock jumps and begins in 1970, the program is stopped, reloads and flushes, and some 1,700
//! times the power is cut, half of them in the middle of a write. Every row that was on the disk then must be there
//! once, in its file, in order, held against rows that [`expected`] works out by itself. It prints memory and time
//! as they grow, and fails at the first row that is wrong. In the end `p1report` must tell of each month what other
//! sums of the same rows tell.

mod calendar;
mod disk;
mod expected;
mod random;
mod report;
mod world;

use calendar::{DAY, Local, days, last_sunday};
use expected::Telegram;
use random::Random;
use world::World;

/// The first simulated year.
const FIRST_YEAR: i64 = 2026;

fn main() {
    assert_eq!(std::env::var("TZ").as_deref(), Ok("Europe/Amsterdam"), "make bench-decade sets TZ");
    let arguments: Vec<String> = std::env::args().skip(1).filter(|it| it != "--bench").collect();
    let number = |at: usize, default: i64| {
        arguments.get(at).map_or(default, |text| text.parse().expect("a number"))
    };
    let (years, step, seed) = (number(0, 10), number(1, 10), number(2, 1));
    let memory = std::path::Path::new("/dev/shm");
    let folder = tempfile::tempdir_in(memory).expect("a folder in memory");
    let mut simulation = Simulation::new(World::new(folder.path(), seed.unsigned_abs()), seed);
    println!("year     telegrams   power cuts   memory   processor time");
    let begin = days(FIRST_YEAR, 1, 1) * DAY - 3600;
    simulation.time = begin;
    for year in FIRST_YEAR..FIRST_YEAR + years {
        // To the tenth of January, when nothing is written to the files of the year before any more.
        let end = days(year + 1, 1, 10) * DAY;
        while simulation.time < end {
            simulation.step(step);
        }
        simulation.world.verify_before(Local::at(end).day - 8);
        let (memory, seconds) = (memory_kib(), processor_seconds());
        println!(
            "{year} {:>13} {:>12} {memory:>5} KiB {seconds:>14.0} s",
            simulation.world.telegrams, simulation.world.cuts
        );
    }
    simulation.world.finish(simulation.time);
    simulation.world.report();
    let months = report::compare(&simulation.world.past());
    println!("{months} months of p1report are equal to sums of the rows");
}

/// The house, its meter and its computer.
struct Simulation {
    world: World,
    random: Random,
    /// The true time.
    time: i64,
    /// How far the clock of the computer is ahead, and until when.
    skew: (i64, i64),
    full_until: i64,
    silent_until: i64,
    next_cut: i64,
    day: i64,
    /// Whether this is a day with a telegram each second.
    is_fine: bool,
    meter: u64,
    energy: [i64; 3],
}

impl Simulation {
    fn new(world: World, seed: i64) -> Self {
        Self {
            world,
            random: Random::new(seed.unsigned_abs() + 77),
            time: 0,
            skew: (0, 0),
            full_until: 0,
            silent_until: 0,
            next_cut: 0,
            day: 0,
            is_fine: false,
            meter: 1,
            energy: [1_000_000, 2_000_000, 10_000],
        }
    }

    fn step(&mut self, step: i64) {
        let local = Local::at(self.time);
        if std::mem::replace(&mut self.day, local.day) != local.day {
            self.begin_day(local);
        }
        self.incidents();
        let now = self.time + self.skew.0;
        if self.time < self.silent_until {
            self.world.tick(now);
            self.time += 60;
            return;
        }
        if self.world.tick(now) {
            let telegram = self.telegram(now);
            self.world.record(&telegram);
        }
        self.time += if self.is_fine { 1 } else { step };
    }

    fn begin_day(&mut self, local: Local) {
        let Local { day, year, month, date, .. } = local;
        let changes_clock = [3, 10].map(|month| last_sunday(year, month)).contains(&day);
        let is_turn = (month == 12 && date == 31) || (month == 1 && date == 1);
        self.is_fine = changes_clock || is_turn || (month == 2 && date == 29);
        match self.random.below(12) {
            0..=2 => self.world.reload(),
            3..=5 => self.world.flush(),
            6..=8 => self.world.restart(),
            _ => {}
        }
        if date == 1 {
            self.world.verify_before(day - 12);
        }
    }

    /// What happens at random.
    fn incidents(&mut self) {
        let random = &mut self.random;
        if self.time >= self.next_cut {
            if self.next_cut > 0 {
                let in_write = random.below(2) == 0;
                let after = if in_write { random.below(40) } else { 0 };
                self.world.cut_power(in_write.then_some(after));
                let down = random.seconds_below(3600);
                if !in_write {
                    self.time += down;
                    // A computer without a clock goes on where it was, or begins in 1970.
                    match random.below(30) {
                        0..=9 => self.skew = (-down, self.time + 30 + random.seconds_below(300)),
                        10 => {
                            self.skew = (5 - self.time, self.time + 30 + random.seconds_below(900));
                        }
                        _ => {}
                    }
                }
            }
            self.next_cut = self.time + 600 + random.seconds_below(4 * DAY);
        }
        if self.time >= self.skew.1 {
            self.skew.0 = 0;
            if random.is_one_in(150_000) {
                let jumps = [-3600, 3600, -3 * DAY, 3 * DAY, -90, 90];
                let by = jumps[random.index_below(6)];
                self.skew = (by, self.time + 60 + random.seconds_below(7200));
            }
        }
        if random.is_one_in(300_000) {
            self.full_until = self.time + 600 + random.seconds_below(40_000);
        }
        self.world.set_full(self.time < self.full_until);
        if random.is_one_in(60_000) {
            let longest = [100, 2000, 300_000][random.index_below(3)];
            self.silent_until = self.time + 20 + random.seconds_below(longest);
        }
        if random.is_one_in(5_000_000) {
            self.meter += 1;
            self.energy = [random.seconds_below(1000), 0, 0];
        }
    }

    fn telegram(&mut self, now: i64) -> Telegram {
        let random = &mut self.random;
        let tariff = usize::from((self.time / 3600) % 24 >= 7);
        self.energy[tariff] += 1 + random.seconds_below(3);
        self.energy[2] += random.seconds_below(2);
        let is_export = random.is_one_in(3);
        let power = random.seconds_below(9000);
        Telegram {
            time: if random.is_one_in(50_000) { now - 30 } else { now },
            meter: format!("E{:016}", self.meter),
            energy: self.energy,
            power: if is_export { [0, power] } else { [power, 0] },
        }
    }
}

fn memory_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("a status");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("VmRSS");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

fn processor_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/self/schedstat").expect("schedstat");
    let nanoseconds: f64 = text.split(' ').next().expect("a field").parse().expect("a number");
    nanoseconds / 1e9
}
