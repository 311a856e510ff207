//! The graph of the page: power in above the zero line, power out below it.
//!
//! Owns the scale, the marks on the axes and the outlines, as numbers; `lastm.html` owns how they look.
//! The width is counted in steps of time and the height in thousandths: the page stretches the graph to
//! its own size and sets the labels itself, so that they are readable on every screen.

use chrono::{NaiveDateTime, Timelike};

use crate::telegram::{Decimal, Digits};

/// The most steps: more than a screen shows apart.
const MAX_STEPS: i64 = 360;

/// The most marks on the axis of time; five labels fit on a telephone.
const MAX_TIMES: i64 = 5;

/// The most marks above and below zero.
const MAX_LINES: i64 = 5;

/// Minutes between the marks on the axis of time.
const MINUTES: [i64; 11] = [1, 2, 5, 10, 15, 30, 60, 120, 180, 240, 360];

/// The height of the graph.
const HEIGHT: i64 = 1000;

/// Mean power in and out of a slot of time, W.
pub(super) struct Slot {
    /// Seconds since 1970, divided by the length of a slot.
    pub number: i64,
    pub power_in: i64,
    pub power_out: i64,
}

/// What of time the graph shows, in slots of the same length.
#[derive(Clone, Copy)]
pub(super) struct Window {
    /// The last slot.
    pub last: i64,
    /// How many slots, at least one.
    pub slots: i64,
    /// Their length in seconds.
    pub seconds: i64,
}

/// The graph, ready for the page.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Graph {
    /// The width.
    pub steps: i64,
    /// Where the zero line is, from above.
    pub zero: i64,
    /// The outline of power in, as an SVG path; a gap is a gap.
    pub power_in: String,
    /// The outline of power out.
    pub power_out: String,
    pub times: Vec<Mark>,
    pub lines: Vec<Mark>,
}

/// A label at a place on an axis.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mark {
    /// Thousandths of the width from the left, or of the height from above.
    pub at: i64,
    pub label: String,
}

impl Graph {
    /// Draws the slots, which come newest first; `local` tells the local time of a second since 1970.
    pub fn of(
        slots: impl Iterator<Item = Slot>,
        window: Window,
        local: impl Fn(i64) -> NaiveDateTime,
    ) -> Self {
        let width = (window.slots + MAX_STEPS - 1) / MAX_STEPS;
        let steps = steps(slots, window, width);
        let highest = |power: fn(&Step) -> i64| steps.iter().map(power).max().unwrap_or(0).max(0);
        let scale = Scale::of(highest(|step| step.power_in), highest(|step| step.power_out));
        Self {
            steps: (window.slots + width - 1) / width,
            zero: scale.place(0),
            power_in: outline(&steps, &scale, |step| step.power_in),
            power_out: outline(&steps, &scale, |step| -step.power_out),
            times: times(window, local),
            lines: scale.lines(),
        }
    }
}

/// Mean power of one or more slots.
struct Step {
    at: i64,
    power_in: i64,
    power_out: i64,
}

/// Puts `width` slots at a time together, oldest first.
fn steps(slots: impl Iterator<Item = Slot>, window: Window, width: i64) -> Vec<Step> {
    let mut steps: Vec<(Step, i64)> = Vec::new();
    let first = window.last - window.slots + 1;
    for slot in slots.filter(|slot| (first..=window.last).contains(&slot.number)) {
        let at = (slot.number - first) / width;
        if let Some((step, count)) = steps.last_mut().filter(|(step, _)| step.at == at) {
            step.power_in += slot.power_in;
            step.power_out += slot.power_out;
            *count += 1;
        } else {
            let Slot { power_in, power_out, .. } = slot;
            steps.push((Step { at, power_in, power_out }, 1));
        }
    }
    let mean = |(step, count): (Step, i64)| Step {
        power_in: step.power_in / count,
        power_out: step.power_out / count,
        ..step
    };
    steps.into_iter().rev().map(mean).collect()
}

/// The outline between the zero line and these powers, in one piece for each run without a gap.
fn outline(steps: &[Step], scale: &Scale, power: fn(&Step) -> i64) -> String {
    let mut path = String::with_capacity(steps.len() * 8);
    let draw = |path: &mut String, command: &str, to: i64| {
        path.push_str(command);
        path.push_str(Decimal::new(to, 0).digits(&mut Digits::default()));
    };
    let zero = scale.place(0);
    let mut end = None;
    let mut height = zero;
    for step in steps {
        if end != Some(step.at) {
            if end.is_some() {
                draw(&mut path, "V", zero);
            }
            draw(&mut path, "M", step.at);
            draw(&mut path, " ", zero);
            height = zero;
        }
        let place = scale.place(power(step));
        if place != height {
            draw(&mut path, "V", place);
            height = place;
        }
        path.push_str("h1");
        end = Some(step.at + 1);
    }
    if end.is_some() {
        draw(&mut path, "V", zero);
    }
    path
}

/// The scale of power, W.
struct Scale {
    top: i64,
    bottom: i64,
    /// From one line to the next.
    line: i64,
}

impl Scale {
    /// A scale with room for these, and lines at round numbers.
    fn of(power_in: i64, power_out: i64) -> Self {
        let up = |power: i64, line: i64| (power + line - 1) / line;
        let mut line = 10;
        // 10, 20, 50, 100, 200 …
        let mut next = [20, 25, 20].into_iter().cycle();
        while up(power_in, line) + up(power_out, line) > MAX_LINES {
            line = line * next.next().unwrap_or(20) / 10;
        }
        // With power out alone the zero line is on top.
        let least = i64::from(power_out == 0);
        Self {
            top: up(power_in, line).max(least) * line,
            bottom: -up(power_out, line) * line,
            line,
        }
    }

    /// How far below the top this power is, in thousandths of the height.
    fn place(&self, power: i64) -> i64 {
        (self.top - power) * HEIGHT / (self.top - self.bottom)
    }

    fn lines(&self) -> Vec<Mark> {
        let numbers = self.bottom / self.line..=self.top / self.line;
        let powers = numbers.map(|number| number * self.line);
        let mark = |power: i64| Mark { at: self.place(power), label: power.abs().to_string() };
        powers.map(mark).collect()
    }
}

/// Marks at round times of the local clock.
fn times(window: Window, local: impl Fn(i64) -> NaiveDateTime) -> Vec<Mark> {
    let seconds = window.slots * window.seconds;
    let apart = MINUTES.into_iter().find(|minutes| seconds / (minutes * 60) <= MAX_TIMES);
    let apart = apart.unwrap_or(720);
    // Local time differs from UTC by a multiple of a quarter of an hour: what divides both is looked at.
    let stride = [15, 5, 1].into_iter().find(|minutes| apart % minutes == 0).unwrap_or(1) * 60;
    let start = (window.last - window.slots + 1) * window.seconds;
    let mut times = Vec::new();
    let mut second = start.div_euclid(stride) * stride + stride;
    while second < start + seconds {
        let time = local(second);
        if i64::from(time.num_seconds_from_midnight()) % (apart * 60) == 0 {
            let at = (second - start) * 1000 / seconds;
            times.push(Mark { at, label: time.format("%H:%M").to_string() });
        }
        second += stride;
    }
    times
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two minutes of ten seconds that end with slot 29.
    const WINDOW: Window = Window { last: 29, slots: 12, seconds: 10 };

    fn graph(slots: &[(i64, i64, i64)], window: Window) -> Graph {
        let slots = slots.iter().rev();
        let slots =
            slots.map(|&(number, power_in, power_out)| Slot { number, power_in, power_out });
        Graph::of(slots, window, |second| {
            chrono::DateTime::from_timestamp(second, 0).unwrap().naive_utc()
        })
    }

    fn labels(marks: &[Mark]) -> Vec<(i64, &str)> {
        marks.iter().map(|mark| (mark.at, &*mark.label)).collect()
    }

    #[test]
    fn power_in_is_above_the_zero_line_and_power_out_below() {
        let graph = graph(&[(18, 30, 0), (19, 0, 10)], WINDOW);
        assert_eq!(
            labels(&graph.lines),
            [(1000, "10"), (750, "0"), (500, "10"), (250, "20"), (0, "30")]
        );
        assert_eq!(graph.zero, 750);
        assert_eq!(graph.power_in, "M0 750V0h1V750h1V750");
        assert_eq!(graph.power_out, "M0 750h1V1000h1V750");
        assert_eq!(graph.steps, 12);
    }

    #[test]
    fn a_gap_is_a_gap_and_what_is_outside_the_window_is_left_out() {
        let graph =
            graph(&[(17, 900, 0), (20, 10, 0), (28, 5, 0), (29, 10, 0), (30, 900, 0)], WINDOW);
        assert_eq!(graph.power_in, "M2 1000V0h1V1000M10 1000V500h1V0h1V1000");
    }

    #[test]
    fn without_telegrams_there_are_axes_only() {
        let graph = graph(&[], WINDOW);
        assert_eq!((&*graph.power_in, &*graph.power_out), ("", ""));
        assert_eq!(labels(&graph.lines), [(1000, "0"), (0, "10")]);
    }

    #[test]
    fn with_power_out_alone_the_zero_line_is_on_top() {
        let graph = graph(&[(29, 0, 3400)], WINDOW);
        assert_eq!(graph.zero, 0);
        assert_eq!(labels(&graph.lines).last(), Some(&(0, "0")));
        assert_eq!(labels(&graph.lines)[0], (1000, "4000"));
    }

    #[test]
    fn there_are_few_lines_at_round_numbers_whatever_the_power() {
        for (power_in, power_out) in
            [(1, 0), (49, 51), (999, 0), (3000, 2999), (17_250, 1), (0, i64::MAX >> 16)]
        {
            let graph = graph(&[(29, power_in, power_out)], WINDOW);
            assert!((2..=6).contains(&graph.lines.len()), "{graph:?}");
            let digits = graph.lines.iter().map(|mark| mark.label.trim_end_matches('0').len());
            assert!(digits.max() <= Some(2), "{graph:?}");
        }
    }

    #[test]
    fn a_day_has_no_more_steps_than_a_screen_shows_and_each_is_a_mean() {
        let slots: Vec<_> = (0..8640).map(|number| (number, number % 24, 0)).collect();
        let graph = graph(&slots, Window { last: 8639, slots: 8640, seconds: 10 });
        assert_eq!(graph.steps, 360);
        // 24 slots make a step, and their mean is 11.5.
        assert_eq!(graph.power_in, format!("M0 1000V450{}V1000", "h1".repeat(360)));
    }

    #[test]
    fn marks_of_time_are_at_round_times_of_the_local_clock() {
        let graph = graph(&[], Window { last: 1089, slots: 120, seconds: 10 });
        assert_eq!(
            labels(&graph.times),
            [(166, "02:45"), (416, "02:50"), (666, "02:55"), (916, "03:00")]
        );
    }

    #[test]
    fn a_zone_with_quarters_of_an_hour_has_its_marks_as_well() {
        for (minutes, expected) in [(10, "05:46"), (30, "05:50"), (60, "06:00")] {
            let window = Window { last: minutes * 6 - 1, slots: minutes * 6, seconds: 10 };
            let local =
                |second| chrono::DateTime::from_timestamp(second + 20_700, 0).unwrap().naive_utc();
            let times = Graph::of(std::iter::empty(), window, local).times;
            assert_eq!(times[0].label, expected, "{minutes}");
        }
    }

    #[test]
    fn around_a_clock_change_marks_have_the_time_that_the_clock_showed() {
        let change = 1_774_746_000 / 10;
        let window = Window { last: change + 179, slots: 360, seconds: 10 };
        let local = |second: i64| {
            let hours = if second < change * 10 { 1 } else { 2 };
            chrono::DateTime::from_timestamp(second + hours * 3600, 0).unwrap().naive_utc()
        };
        let graph = Graph::of(std::iter::empty(), window, local);
        assert_eq!(labels(&graph.times), [(250, "01:45"), (500, "03:00"), (750, "03:15")]);
    }
}
