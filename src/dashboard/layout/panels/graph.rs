//! Net power over time: above the line what is taken from the grid, below it what is given.

use chrono::Timelike as _;

use super::PanelData;
use crate::dashboard::layout::Action;
use crate::dashboard::layout::figures::{mark, minute, power, power_unit};
use crate::dashboard::layout::glyphs::Canvas;
use crate::dashboard::layout::grid::Panel;
use crate::dashboard::layout::page::{Line, Style};
use crate::dashboard::state::Window;
use crate::meter::round_up;
use crate::telegram::Timestamp;

/// Cells to the left of the graph, for its scale.
const MARGIN: usize = 6;

/// A side of so many rows has ticks between the line and its end.
const MIN_TICK_ROWS: i64 = 6;

/// The round numbers at which scales end, times a power of ten.
const STEPS: [i64; 10] = [10, 12, 15, 20, 25, 30, 40, 50, 60, 80];

/// Rows above and below the line, and the power that one of them stands for.
#[derive(Debug, PartialEq, Eq)]
struct Scale {
    above: usize,
    below: usize,
    /// Of the whole part above the line, or below it where that is the only one.
    top: i64,
}

impl Scale {
    /// A scale of `rows` rows for powers between these two.
    fn new(least: i64, most: i64, rows: usize) -> Self {
        let rows = rows.max(1);
        let (down, up) = ((-least).max(0), most.max(0));
        let whole = |rows: usize| i64::try_from(rows).unwrap_or(1).max(1);
        let each = |watts: i64, rows: usize| (watts + whole(rows) - 1) / whole(rows);
        // What a row stands for when so many of them are above the line.
        let row = |above: usize| each(up, above).max(each(down, rows - above));
        let above = match (down, up) {
            (0, _) => rows,
            (_, 0) => 0,
            _ => (1..rows).min_by_key(|&above| row(above)).unwrap_or(0),
        };
        let side = if above > 0 { above } else { rows };
        Self { above, below: rows - above, top: round_up(row(above) * whole(side), &STEPS) }
    }

    /// What the scale says beside a row: the power at its top, below the line that at its bottom.
    fn mark(&self, row: usize) -> String {
        let rows = self.above + self.below;
        let side = if self.above > 0 { self.above } else { self.below };
        let value = |from_line: usize| {
            let whole = |n: usize| i64::try_from(n).unwrap_or_default();
            self.top * whole(from_line) / whole(side).max(1)
        };
        let (from_line, end, sign) = if row < self.above {
            (self.above - row, self.above, 1)
        } else {
            (row + 1 - self.above, self.below, -1)
        };
        match row {
            _ if row + 1 == self.above || (row == 0 && self.above == 0 && rows > 1) => {
                "0".to_owned()
            }
            0 => mark(value(from_line)),
            // The other side ends where the rows do, at a number that need not be round.
            _ if from_line == end && (self.above == 0 || value(from_line) % 50 == 0) => {
                mark(sign * value(from_line))
            }
            _ if end - from_line < 2 => String::new(),
            _ => self.tick(from_line).map_or_else(String::new, |tick| mark(sign * tick)),
        }
    }

    /// The round number that is nearest to this row: one each three rows or more, on a high graph only.
    fn tick(&self, from_line: usize) -> Option<i64> {
        let side = if self.above > 0 { self.above } else { self.below };
        let side = i64::try_from(side).ok().filter(|side| *side >= MIN_TICK_ROWS)?;
        let row = i64::try_from(from_line).ok()?;
        let is_labelled = |step: i64| (1..=self.top / step).all(|n| !mark(n * step).is_empty());
        let step = (0..7).flat_map(|power| [1, 2, 5].map(|digit| digit * 10i64.pow(power)));
        let step =
            step.into_iter().find(|step| step * side >= 3 * self.top && is_labelled(*step))?;
        let nearest = (row * self.top + side * step / 2) / (side * step) * step;
        let place = (nearest * side + self.top / 2) / self.top;
        (nearest > 0 && place == row).then_some(nearest)
    }

    /// How many dots from the line a power is, of `down` dots in a row.
    fn dots(&self, watts: i64, down: usize) -> usize {
        let side = if self.above > 0 { self.above } else { self.below };
        let dots = i64::try_from(side * down).unwrap_or(1);
        let dots = (watts.abs() * dots + self.top / 2) / self.top.max(1);
        usize::try_from(dots.max(i64::from(watts != 0))).unwrap_or_default()
    }
}

/// The graph of the window, in `rows` rows.
pub fn draw(data: &PanelData<'_>, width: usize, rows: usize) -> Vec<Line> {
    let display = data.frame.display;
    let (across, down) = display.glyphs.dots();
    let cells = width.saturating_sub(MARGIN);
    let series = data.meter.series(display.window, cells * across, data.frame.now);
    let known = || series.iter().flatten().copied();
    let scale = Scale::new(known().min().unwrap_or(0), known().max().unwrap_or(0), rows);
    let mut canvas = Canvas::new(display.glyphs, cells, rows);
    let line = scale.above * down;
    for (x, watts) in series.iter().enumerate() {
        let Some(watts) = *watts else { continue };
        let dots = scale.dots(watts, down);
        match watts {
            // Nothing at all is a dot on the line, so that it differs from no telegram.
            0 => canvas.set(x, line.saturating_sub(usize::from(scale.above > 0))),
            1.. => (line.saturating_sub(dots)..line).for_each(|y| canvas.set(x, y)),
            _ => (line..line + dots).for_each(|y| canvas.set(x, y)),
        }
    }
    let styles = |row: usize| if row < scale.above { Style::Import } else { Style::Export };
    let rows = canvas.rows().enumerate().map(|(row, text)| {
        Line::new()
            .right(MARGIN - 1, Style::Faint, scale.mark(row))
            .at(MARGIN)
            .text(styles(row), text)
    });
    rows.collect()
}

/// Labels of the clock below the graph, each with the cell that it is centred on.
fn times(data: &PanelData<'_>, width: usize) -> Vec<(usize, String)> {
    /// Cells that a label takes, and the least distance from one to the next.
    const CELLS: (usize, usize) = (7, 11);
    /// Minutes between labels.
    const STEPS: [i64; 9] = [1, 2, 5, 10, 15, 30, 60, 180, 360];
    let cells = width.saturating_sub(MARGIN);
    if cells < 2 * CELLS.0 {
        return Vec::new();
    }
    let seconds = data.frame.display.window.seconds();
    let room = i64::try_from(cells / CELLS.1).unwrap_or(1).max(1);
    let apart = STEPS.into_iter().find(|minutes| seconds / (minutes * 60) <= room).unwrap_or(720);
    let end = data.meter.present(data.frame.now);
    let local = |second: i64| data.frame.state.local(Timestamp::from_seconds(second));
    let label = |second: i64| {
        let time = local(second);
        let is_round = i64::from(time.hour() * 60 + time.minute()) % apart == 0;
        let share = usize::try_from(seconds - (end - second)).ok()? * cells;
        let at = MARGIN + share / usize::try_from(seconds).ok()?;
        let fits = at >= MARGIN + CELLS.0 / 2 && at + CELLS.0 / 2 < width + 2;
        (is_round && fits).then(|| (at, minute(time)))
    };
    let first = (end - seconds).div_euclid(60) + 1;
    (first..=end.div_euclid(60)).filter_map(|minute| label(minute * 60)).collect()
}

/// Low, average and high.
fn summary(data: &PanelData<'_>) -> Line {
    let display = data.frame.display;
    let Some(summary) = data.meter.summary(display.window, data.frame.now) else {
        return Line::of(Style::Faint, display.words.no_history);
    };
    let figure = |watts| Some(power(watts, display.kilowatts));
    Line::new()
        .pair(display.words.low, Style::Text, figure(summary.low))
        .pair(display.words.average_short, Style::Text, figure(summary.average))
        .pair(display.words.high, Style::Strong, figure(summary.high))
        .text(Style::Faint, format!(" {}", power_unit(display.kilowatts)))
}

/// The panel; `None` where the meter tells no power.
pub(super) fn panel<'a>(data: &'a PanelData<'a>) -> Option<Panel<'a>> {
    data.readings.number("power_w")?;
    if !data.frame.live && !data.meter.has_line() {
        return None;
    }
    let words = data.frame.display.words;
    let window = match data.frame.display.window {
        Window::Minutes => words.minutes_5,
        Window::Hour => words.hour_1,
        Window::Day => words.hours_24,
    };
    Some(Panel {
        rows: [5, 5],
        stretch: 3,
        grows: true,
        action: Some(Action::Window),
        feet: Box::new(move |width| times(data, width)),
        lines: Box::new(move |width, height| {
            let mut lines = vec![summary(data)];
            lines.extend(draw(data, width, height.saturating_sub(1)));
            lines
        }),
        ..Panel::of_lines(&format!("{} {window}", words.last_time), 40, 5, Vec::new())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_are_round_and_hold_both_sides() {
        for (least, most, rows, expected) in [
            (0, 2310, 4, Scale { above: 4, below: 0, top: 2500 }),
            (-613, 0, 4, Scale { above: 0, below: 4, top: 800 }),
            (-500, 500, 4, Scale { above: 2, below: 2, top: 500 }),
            (-10, 4000, 4, Scale { above: 3, below: 1, top: 5000 }),
            (-4344, 2468, 4, Scale { above: 2, below: 2, top: 5000 }),
            (0, 0, 4, Scale { above: 4, below: 0, top: 10 }),
            (-1, 1, 1, Scale { above: 0, below: 1, top: 10 }),
        ] {
            assert_eq!(Scale::new(least, most, rows), expected, "{least} {most}");
        }
    }

    #[test]
    fn a_high_graph_has_ticks_at_round_numbers() {
        let marks = |least, most, rows: usize| -> Vec<String> {
            let scale = Scale::new(least, most, rows);
            (0..rows).map(|row| scale.mark(row)).filter(|mark| !mark.is_empty()).collect()
        };
        assert_eq!(marks(0, 2310, 20), ["2.5k", "2k", "1.5k", "1k", "500", "0"]);
        assert_eq!(marks(-2310, 0, 20), ["0", "-500", "-1k", "-1.5k", "-2k", "-2.5k"]);
        assert_eq!(marks(0, 2310, 4), ["2.5k", "0"]);
        for rows in 1..60 {
            for (least, most) in [(0, 9), (-300, 4000), (-17_000, 0), (-4344, 2468)] {
                let marks = marks(least, most, rows);
                assert!(rows < 24 || marks.len() > 3, "{rows} {least} {most}: {marks:?}");
                assert!(marks.len() <= 3 + rows / 3, "{rows} {least} {most}: {marks:?}");
            }
        }
    }

    #[test]
    fn a_power_has_its_share_of_the_dots_and_any_power_has_one() {
        let scale = Scale::new(0, 1000, 4);
        let dots: Vec<usize> = [0, 1, 500, 1000, -1000].map(|watts| scale.dots(watts, 4)).into();
        assert_eq!(dots, [0, 1, 8, 16, 16]);
    }
}
