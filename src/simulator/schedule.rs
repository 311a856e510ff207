//! The schedule of a day: what is switched on where, and when.
//!
//! Owns the list of switchings of a local day, and their sums at any second. What people and appliances do is
//! in `habits`.

/// What a switching adds to or takes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Circuit {
    /// Appliances on phase L1, W.
    L1,
    /// Appliances on phase L2, W.
    L2,
    /// Appliances on phase L3, W.
    L3,
    /// Lamps, which are on only in the dark, W.
    Lamps,
    /// Gas burnt by the hob, ml/s.
    Hob,
    /// Gas burnt for hot water, ml/s.
    HotWater,
    /// How much warmer than at night it should be, tenths of a degree.
    Warmth,
}

const CIRCUITS: usize = 7;

/// The sums of all that is on at one moment.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sums([i64; CIRCUITS]);

impl Sums {
    /// The sum on `circuit`, in its own unit.
    #[must_use]
    pub fn of(&self, circuit: Circuit) -> i64 {
        self.0[circuit as usize]
    }
}

#[derive(Clone, Copy, Debug)]
struct Switching {
    second: i64,
    circuit: Circuit,
    amount: i64,
}

/// The switchings of one local day, by local time.
#[derive(Clone, Debug, Default)]
pub struct Schedule {
    switchings: Vec<Switching>,
    next: usize,
    reached: i64,
    sums: Sums,
}

impl Schedule {
    /// A day on which each of `runs` comes and goes.
    #[must_use]
    pub fn new(runs: &[Run]) -> Self {
        let ends = |run: &Run| {
            let switching = |second, amount| Switching { second, circuit: run.circuit, amount };
            [switching(run.from, run.amount), switching(run.to, -run.amount)]
        };
        let mut switchings: Vec<_> = runs.iter().flat_map(ends).collect();
        switchings.sort_by_key(|switching| switching.second);
        Self { switchings, ..Self::default() }
    }

    /// What is on at `second` of the day. Cheap when seconds come in order.
    pub fn at(&mut self, second: i64) -> Sums {
        if second < self.reached {
            // The end of summer time: the hour is repeated.
            (self.next, self.sums) = (0, Sums::default());
        }
        self.reached = second;
        while let Some(due) = self.switchings.get(self.next).filter(|due| due.second <= second) {
            self.sums.0[due.circuit as usize] += due.amount;
            self.next += 1;
        }
        self.sums
    }
}

/// Something that is on for a while: from second `from` of the local day until before `to`.
#[derive(Clone, Copy, Debug)]
pub struct Run {
    /// The first second.
    pub from: i64,
    /// The second after the last one.
    pub to: i64,
    /// What it adds to.
    pub circuit: Circuit,
    /// How much, in the circuit's unit.
    pub amount: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two_on_one_line() -> Schedule {
        let run = |from, to, amount| Run { from, to, circuit: Circuit::L2, amount };
        Schedule::new(&[run(100, 300, 2000), run(200, 400, 50)])
    }

    #[test]
    fn what_is_on_at_the_same_time_adds_up() {
        let mut day = two_on_one_line();
        let mut watts = |second| day.at(second).of(Circuit::L2);
        assert_eq!([99, 100, 200, 299, 300, 400].map(&mut watts), [0, 2000, 2050, 2050, 50, 0]);
    }

    #[test]
    fn a_clock_that_goes_back_finds_the_day_as_it_was() {
        let mut day = two_on_one_line();
        assert_eq!(day.at(350).of(Circuit::L2), 50);
        assert_eq!(day.at(150).of(Circuit::L2), 2000);
        assert_eq!(day.at(150).of(Circuit::L1), 0);
    }
}
