//! The graph of the page: power in above the zero line, power out below it.
//!
//! Owns the scale, the marks on the axes and the outlines, as numbers; `lastm.html` owns how they look.
//! The width is counted in steps of time and the height in thousandths: the page stretches the graph to
//! its own size and sets the labels itself, so that they are readable on every screen.

use chrono::{NaiveDateTime, Timelike};

use super::page::ROW_SECONDS;
use crate::meter::{Power, Scale};
use crate::telegram::{Decimal, Digits};

/// The most steps: more than a screen shows apart.
const MAX_STEPS: i64 = 360;

/// The most marks on the axis of time; five labels fit on a telephone.
const MAX_TIMES: i64 = 5;

/// Minutes between the marks on the axis of time.
const MINUTES: [i64; 11] = [1, 2, 5, 10, 15, 30, 60, 120, 180, 240, 360];

/// What of time the graph shows: steps of the same length, which begin at multiples of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    /// Where it begins, in Unix seconds.
    start: i64,
    /// The length of a step in seconds.
    pub step: i64,
    /// The number of steps.
    pub steps: usize,
}

impl Window {
    /// The minutes that end with the step of this second.
    pub fn ending(end: i64, minutes: u32) -> Self {
        let rows = i64::from(minutes) * 60 / ROW_SECONDS;
        let step = (rows + MAX_STEPS - 1) / MAX_STEPS * ROW_SECONDS;
        let steps = (rows * ROW_SECONDS + step - 1) / step;
        let start = (end.div_euclid(step) + 1 - steps) * step;
        Self { start, step, steps: usize::try_from(steps).unwrap_or(1) }
    }

    fn seconds(&self) -> i64 {
        self.step * i64::try_from(self.steps).unwrap_or(1)
    }
}

/// The graph, ready for the page.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Graph {
    /// The width.
    pub steps: usize,
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
    /// Draws the power of each step; `local` gives the local time of a Unix second.
    pub fn of(
        series: &[Option<Power>],
        window: Window,
        local: impl Fn(i64) -> NaiveDateTime,
    ) -> Self {
        let highest = |power: fn(&Power) -> i64| series.iter().flatten().map(power).max();
        let highest = |power| highest(power).unwrap_or(0).max(0);
        let scale = Scale::of(highest(|power| power.import), highest(|power| power.export));
        Self {
            steps: window.steps,
            zero: scale.place(0),
            power_in: outline(series, &scale, |power| power.import),
            power_out: outline(series, &scale, |power| -power.export),
            times: times(window, local),
            lines: lines(&scale),
        }
    }
}

/// The outline between the zero line and these powers, in one piece for each run without a gap.
fn outline(series: &[Option<Power>], scale: &Scale, power: fn(&Power) -> i64) -> String {
    let mut path = String::with_capacity(series.len() * 8);
    let draw = |path: &mut String, command: &str, to: i64| {
        path.push_str(command);
        path.push_str(Decimal::new(to, 0).digits(&mut Digits::default()));
    };
    let zero = scale.place(0);
    // Where the line is, inside a run.
    let mut height = None;
    for (at, step) in (0..).zip(series) {
        let Some(step) = step else {
            if height.take().is_some() {
                draw(&mut path, "V", zero);
            }
            continue;
        };
        if height.is_none() {
            draw(&mut path, "M", at);
            draw(&mut path, " ", zero);
        }
        let place = scale.place(power(step));
        if place != height.unwrap_or(zero) {
            draw(&mut path, "V", place);
        }
        height = Some(place);
        path.push_str("h1");
    }
    if height.is_some() {
        draw(&mut path, "V", zero);
    }
    path
}

/// Marks at the lines of the scale, W.
fn lines(scale: &Scale) -> Vec<Mark> {
    let mark = |(at, power): (i64, i64)| Mark { at, label: signed(&power.to_string()) };
    scale.lines().map(mark).collect()
}

/// A number with the minus sign of print.
pub(super) fn signed(number: &str) -> String {
    number.replace('-', "\u{2212}")
}

/// Bars of energy by hour: import above the zero line, export below it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct HourBars {
    /// Where the zero line is, from above.
    pub zero: i64,
    /// The bars as SVG paths, ten across for an hour.
    pub power_in: String,
    pub power_out: String,
    pub lines: Vec<Mark>,
}

impl HourBars {
    /// Bars for Wh from and to the grid, and labels in kWh with this decimal point; `None` without any energy.
    pub fn of(hours: &[[Option<i64>; 2]; 24], point: &str) -> Option<Self> {
        let highest = |at: usize| hours.iter().filter_map(|hour| hour[at]).max();
        let (import, export) = (highest(0), highest(1));
        import.or(export)?;
        let scale = Scale::of(import.unwrap_or(0), export.unwrap_or(0));
        let zero = scale.place(0);
        let bars = |at: usize, sign: i64| {
            let bar = |(hour, used): (usize, &[Option<i64>; 2])| {
                let place = scale.place(sign * used[at]?);
                (place != zero).then(|| format!("M{} {zero}V{place}h8V{zero}", hour * 10 + 1))
            };
            hours.iter().enumerate().filter_map(bar).collect()
        };
        let label = |wh: i64| signed(&kilo(wh)).replace('.', point);
        let lines = scale.lines().map(|(at, wh)| Mark { at, label: label(wh) }).collect();
        Some(Self { zero, power_in: bars(0, 1), power_out: bars(1, -1), lines })
    }
}

/// A thousandth without zeros at its end.
fn kilo(number: i64) -> String {
    let text = Decimal::new(number, 3).to_string();
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Marks at round times of the local clock.
fn times(window: Window, local: impl Fn(i64) -> NaiveDateTime) -> Vec<Mark> {
    let (start, seconds) = (window.start, window.seconds());
    let apart = MINUTES.into_iter().find(|minutes| seconds / (minutes * 60) <= MAX_TIMES);
    let apart = apart.unwrap_or(720);
    // Local time differs from UTC by a multiple of a quarter of an hour: what divides both is looked at.
    let stride = [15, 5, 1].into_iter().find(|minutes| apart % minutes == 0).unwrap_or(1) * 60;
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

    fn utc(second: i64) -> NaiveDateTime {
        chrono::DateTime::from_timestamp(second, 0).unwrap().naive_utc()
    }

    /// Two minutes with import and export in these steps of ten seconds.
    fn graph(steps: &[(usize, i64, i64)]) -> Graph {
        let mut series = [None; 12];
        for &(at, import, export) in steps {
            series[at] = Some(Power { import, export });
        }
        Graph::of(&series, Window::ending(299, 2), utc)
    }

    /// The marks of time of the minutes that end then.
    fn marks(end: i64, minutes: u32, local: impl Fn(i64) -> NaiveDateTime) -> Vec<Mark> {
        Graph::of(&[], Window::ending(end, minutes), local).times
    }

    fn labels(marks: &[Mark]) -> Vec<(i64, &str)> {
        marks.iter().map(|mark| (mark.at, &*mark.label)).collect()
    }

    #[test]
    fn power_in_is_above_the_zero_line_and_power_out_below() {
        let graph = graph(&[(0, 30, 0), (1, 0, 10)]);
        assert_eq!(
            labels(&graph.lines),
            [(1000, "−10"), (750, "0"), (500, "10"), (250, "20"), (0, "30")]
        );
        assert_eq!(graph.zero, 750);
        assert_eq!(graph.power_in, "M0 750V0h1V750h1V750");
        assert_eq!(graph.power_out, "M0 750h1V1000h1V750");
        assert_eq!(graph.steps, 12);
    }

    #[test]
    fn a_gap_is_a_gap() {
        let graph = graph(&[(2, 10, 0), (10, 5, 0), (11, 10, 0)]);
        assert_eq!(graph.power_in, "M2 1000V0h1V1000M10 1000V500h1V0h1V1000");
    }

    #[test]
    fn without_telegrams_there_are_axes_only() {
        let graph = graph(&[]);
        assert_eq!((&*graph.power_in, &*graph.power_out), ("", ""));
        assert_eq!(labels(&graph.lines), [(1000, "0"), (0, "10")]);
    }

    #[test]
    fn with_power_out_alone_the_zero_line_is_on_top() {
        let graph = graph(&[(11, 0, 3400)]);
        assert_eq!(graph.zero, 0);
        assert_eq!(labels(&graph.lines).last(), Some(&(0, "0")));
        assert_eq!(labels(&graph.lines)[0], (1000, "−4000"));
    }

    #[test]
    fn a_little_on_one_side_takes_no_whole_line_there() {
        let graph = graph(&[(0, 17, 0), (1, 0, 3400)]);
        let labels = labels(&graph.lines);
        assert_eq!((labels[0], labels.last().unwrap().1), ((1000, "−4000"), "0"));
        assert!((1..10).contains(&graph.zero), "{}", graph.zero);
    }

    #[test]
    fn each_hour_has_its_bars() {
        let mut hours = [[None; 2]; 24];
        hours[7] = [Some(1500), Some(0)];
        hours[13] = [Some(0), Some(500)];
        let bars = HourBars::of(&hours, ",").unwrap();
        assert_eq!(bars.power_in, "M71 750V0h8V750");
        assert_eq!(bars.power_out, "M131 750V1000h8V750");
        let labels = labels(&bars.lines);
        assert_eq!(labels[..2], [(1000, "−0,5"), (750, "0")]);
        assert_eq!(HourBars::of(&[[None; 2]; 24], ","), None);
    }

    #[test]
    fn there_are_few_lines_at_round_numbers_whatever_the_power() {
        for (power_in, power_out) in
            [(1, 0), (49, 51), (999, 0), (3000, 2999), (17_250, 1), (0, i64::MAX >> 16)]
        {
            let graph = graph(&[(11, power_in, power_out)]);
            assert!((2..=6).contains(&graph.lines.len()), "{graph:?}");
            let digits = graph
                .lines
                .iter()
                .map(|mark| mark.label.trim_start_matches('−').trim_end_matches('0').len());
            assert!(digits.max() <= Some(2), "{graph:?}");
        }
    }

    #[test]
    fn a_day_has_no_more_steps_than_a_screen_shows_and_each_is_a_mean() {
        use crate::meter::{PowerHistory, Span};
        let mut history = PowerHistory::new(&[Span { slot: 10, slots: 8640 }]);
        for second in 0..86_400 {
            history.add(second, Power { import: second / 10 % 24, export: 0 });
        }
        let window = Window::ending(86_399, 1440);
        let series = history.series(0, window.step * 1000, 86_399, window.steps);
        let graph = Graph::of(&series, window, utc);
        assert_eq!((graph.steps, window.start), (360, 0));
        // 24 slots make a step, and their mean is 11.5.
        assert_eq!(graph.power_in, format!("M0 1000V450{}V1000", "h1".repeat(360)));
    }

    #[test]
    fn a_window_that_is_no_multiple_of_its_steps_is_a_little_longer() {
        for (minutes, step, steps) in
            [(1, 10, 6), (60, 10, 360), (61, 20, 183), (121, 30, 242), (1440, 240, 360)]
        {
            let window = Window::ending(86_399, minutes);
            assert_eq!((window.step, window.steps), (step, steps), "{minutes}");
            assert!(window.start + window.seconds() >= 86_399);
        }
    }

    #[test]
    fn marks_of_time_are_at_round_times_of_the_local_clock() {
        assert_eq!(
            labels(&marks(10_899, 20, utc)),
            [(166, "02:45"), (416, "02:50"), (666, "02:55"), (916, "03:00")]
        );
    }

    #[test]
    fn a_zone_with_quarters_of_an_hour_has_its_marks_as_well() {
        for (minutes, expected) in [(10, "05:46"), (30, "05:50"), (60, "06:00")] {
            let times = marks(i64::from(minutes) * 60 - 1, minutes, |second| utc(second + 20_700));
            assert_eq!(times[0].label, expected, "{minutes}");
        }
    }

    #[test]
    fn around_a_clock_change_marks_have_the_time_that_the_clock_showed() {
        let change = 1_774_746_000;
        let local = |second: i64| utc(second + if second < change { 3600 } else { 7200 });
        let times = marks(change + 1799, 60, local);
        assert_eq!(labels(&times), [(250, "01:45"), (500, "03:00"), (750, "03:15")]);
    }
}
