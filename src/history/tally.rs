//! What was used in each period, and what was used in a gap between two.
//!
//! Owns the rule that nothing is estimated: use is a difference of readings. A step from one reading to the next
//! belongs to a period when it lies inside it. A step over a boundary belongs to none and is a gap, so that
//! *periods + gaps = the difference of the registers*. The one exception are devices that are read regularly, but
//! not at the boundary itself: their step belongs to the period in which it ends.

use super::calendar::{Calendar, Span};
use super::register::{Register, Step};
use super::row::Row;
use crate::meter::DeviceRegister;
use crate::zone::Zone;

/// Rows of one meter that are further apart than this have a gap between them, in seconds, unless all of them are. A
/// row comes each five minutes, and may be a minute late.
pub(crate) const MAX_STEP: i64 = 360;

/// Days of 23 hours also have room for what a device counts in 24.
const CLOCK_CHANGE: i64 = 3600;
const SHORTEST_DAY: i64 = 23 * 3600;

/// What was used in a period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Period {
    pub span: Span,
    /// In thousandths of the unit, by register.
    pub used: Vec<Option<i64>>,
    /// The same until [`Limits::cut`] within the period, for devices less the lag of their last reading.
    pub part: Vec<Option<i64>>,
    /// From when to when it is known what the first register counted.
    covered: Option<(i64, i64)>,
    has_unknown: bool,
    /// Where `part` ends, in Unix seconds.
    pub cut: i64,
    /// Clock quarters with a known use.
    pub quarters: u32,
    /// The highest import of a clock quarter, W, and when the quarter began.
    pub peak: Option<(i64, i64)>,
}

impl Period {
    fn new(span: Span, registers: usize) -> Self {
        Self {
            span,
            used: vec![None; registers],
            part: vec![None; registers],
            covered: None,
            has_unknown: false,
            cut: span.end,
            quarters: 0,
            peak: None,
        }
    }

    /// Adds what a step that belongs to this period counted.
    fn add(&mut self, register: usize, step: Step, amount: i64, lag: i64) {
        *self.used[register].get_or_insert(0) += amount;
        if step.to <= self.cut - lag {
            *self.part[register].get_or_insert(0) += amount;
        }
        if register == 0 {
            let (from, _) = self.covered.unwrap_or((step.from, step.to));
            self.covered = Some((from, step.to));
        }
    }

    /// Whether the readings tell its whole use.
    pub fn is_complete(&self) -> bool {
        self.is_complete_until(self.span.end)
    }

    /// Whether the readings tell its whole use until this second.
    pub fn is_complete_until(&self, end: i64) -> bool {
        self.covered == Some((self.span.start, end)) && !self.has_unknown
    }
}

/// A time for which there are no rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Gap {
    /// The time of the last row before it.
    pub from: i64,
    /// The time of the first row after it.
    pub to: i64,
    /// What was used meanwhile, by register, where it is known.
    pub used: Vec<Option<i64>>,
    /// What of that is in no period.
    pub outside: Vec<Option<i64>>,
    /// Whether another meter came in the place of the first, or a register fell.
    pub is_exchange: bool,
}

impl Gap {
    /// Whether something of it is in no period.
    pub fn is_outside(&self) -> bool {
        self.outside.iter().any(Option::is_some)
    }
}

/// Which time is looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub from: i64,
    pub to: i64,
    /// A moment of the running period. [`Period::part`] of each period ends at the same place within it.
    pub cut: Option<i64>,
}

/// Adds up steps by period.
#[derive(Debug)]
pub(crate) struct Tally<Z> {
    calendar: Calendar<Z>,
    limits: Limits,
    /// The period of the cut.
    running: Option<Span>,
    /// Whether a register is that of a device with times of its own.
    is_device: Vec<bool>,
    /// How long before the last row each device was read last, in seconds.
    lags: Vec<i64>,
    pub periods: Vec<Period>,
    pub gaps: Vec<Gap>,
}

impl<Z: Zone> Tally<Z> {
    /// A tally of registers with these names.
    pub fn new(calendar: Calendar<Z>, registers: &[String], limits: Limits) -> Self {
        let is_device = |name: &String| DeviceRegister::named(name).is_some();
        Self {
            running: limits.cut.map(|cut| calendar.at(cut - 1)),
            calendar,
            limits,
            is_device: registers.iter().map(is_device).collect(),
            lags: vec![0; registers.len()],
            periods: Vec::new(),
            gaps: Vec::new(),
        }
    }

    /// So long before the cut the last reading of each register was taken: other periods are compared up to the same
    /// place.
    pub fn set_lags(&mut self, lags: Vec<i64>) {
        self.lags = lags;
    }

    /// Takes the step of a register.
    pub fn add(&mut self, register: usize, step: Step) {
        // Nearly all steps are regular ones within the last period.
        if let (Some(period), Some(amount), true) =
            (self.periods.last_mut(), step.amount, step.is_regular)
        {
            if step.from >= period.span.start && step.to <= period.span.end {
                period.add(register, step, amount, self.lags[register]);
                return;
            }
        }
        self.add_any(register, step);
    }

    fn add_any(&mut self, register: usize, step: Step) {
        if step.to <= self.limits.from || step.from >= self.limits.to {
            return;
        }
        let is_device = self.is_device[register];
        let at = self.place(step.to.min(self.limits.to));
        let period = &mut self.periods[at];
        let Span { start, end, .. } = period.span;
        let room = end - start + if end - start >= SHORTEST_DAY { CLOCK_CHANGE } else { 0 };
        let is_inside = step.from >= start && step.to <= end;
        let is_near = is_device && step.is_regular && step.to - step.from <= room && step.to <= end;
        let is_in_period = is_inside || is_near;
        if let (Some(amount), true) = (step.amount, is_in_period) {
            period.add(register, step, amount, self.lags[register]);
        }
        period.has_unknown |= register == 0 && step.amount.is_none();
        let is_gap = !is_device && !step.is_regular && step.to - step.from > MAX_STEP;
        if !is_in_period || step.amount.is_none() || is_gap || is_device && !step.is_regular {
            self.add_gap(register, step, !is_in_period, is_gap);
        }
    }

    fn add_gap(&mut self, register: usize, step: Step, is_outside: bool, is_gap: bool) {
        let overlaps = |gap: &&mut Gap| gap.from < step.to && step.from < gap.to;
        let known = self.gaps.iter_mut().rev().take(4).find(overlaps);
        let gap = match known {
            Some(gap) => gap,
            None if is_outside || is_gap || step.amount.is_none() => {
                let none = vec![None; self.is_device.len()];
                let (used, outside) = (none.clone(), none);
                let Step { from, to, .. } = step;
                self.gaps.push(Gap { from, to, used, outside, is_exchange: false });
                // Just pushed.
                self.gaps.last_mut().expect("a gap was added")
            }
            None => return,
        };
        gap.is_exchange |= step.amount.is_none();
        if let Some(amount) = step.amount {
            *gap.used[register].get_or_insert(0) += amount;
            if is_outside {
                *gap.outside[register].get_or_insert(0) += amount;
            }
        }
    }

    /// Takes a clock quarter: when it ended, and what was imported in it, Wh.
    pub fn add_quarter(&mut self, end: i64, import: i64) {
        if end <= self.limits.from || end > self.limits.to {
            return;
        }
        let at = self.place(end);
        let period = &mut self.periods[at];
        period.quarters += 1;
        // A mean power over a quarter of an hour.
        let power = import * 4;
        if period.peak.is_none_or(|(highest, _)| power > highest) {
            period.peak = Some((power, end - 900));
        }
    }

    /// The index of the period that this second ends in or lies in.
    fn place(&mut self, second: i64) -> usize {
        let is_here = |period: &Period| period.span.start < second && second <= period.span.end;
        if let Some(last) = self.periods.len().checked_sub(1) {
            if is_here(&self.periods[last]) {
                return last;
            }
        }
        let at = self.periods.partition_point(|period| period.span.end < second);
        if self.periods.get(at).is_none_or(|period| !is_here(period)) {
            let mut span = self.calendar.at(second - 1);
            span.start = span.start.max(self.limits.from);
            span.end = span.end.min(self.limits.to);
            let mut period = Period::new(span, self.is_device.len());
            if let Some((running, cut)) = self.running.zip(self.limits.cut) {
                period.cut = self.calendar.same_place(span, running, cut);
            }
            self.periods.insert(at, period);
        }
        at
    }
}

/// The registers of a meter and its devices, followed from row to row.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger {
    registers: Vec<Register>,
    is_device: Vec<bool>,
}

impl Ledger {
    pub fn new(registers: &[String]) -> Self {
        let is_device = |name: &String| DeviceRegister::named(name).is_some();
        Self {
            registers: vec![Register::default(); registers.len()],
            is_device: registers.iter().map(is_device).collect(),
        }
    }

    /// Takes a row, and tells the step of each register that has a new reading.
    pub fn take(&mut self, row: &Row, mut each: impl FnMut(usize, Step)) {
        let registers = self.registers.iter_mut().zip(&self.is_device);
        for (at, (reading, (register, is_device))) in
            row.registers.iter().zip(registers).enumerate()
        {
            let Some(mut reading) = *reading else { continue };
            if !is_device {
                reading.device = row.device;
            }
            if let Some(step) = register.take(reading) {
                each(at, step);
            }
        }
    }
}
