//! The scale of a graph with import above the zero line and export below it.
//!
//! Owns which numbers are round, those of its lines, and where a number lies: in thousandths of the height, from above.

/// The most lines above and below zero.
const MAX_LINES: i64 = 5;

/// The height of the graph.
const HEIGHT: i64 = 1000;

/// A scale with lines at round numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scale {
    top: i64,
    bottom: i64,
    /// From one line to the next.
    line: i64,
}

impl Scale {
    /// A scale with room for the highest numbers above and below zero.
    pub fn of(above: i64, below: i64) -> Self {
        let up = |number: i64, line: i64| (number + line - 1) / line;
        // 10, 20, 50, 100 …
        let mut line = 10;
        while up(above, line) + up(below, line) > MAX_LINES {
            line = round_up(line + 1, &[10, 20, 50]);
        }
        // With numbers below alone the zero line is on top.
        let least = i64::from(below == 0);
        let (lines_above, lines_below) = (up(above, line).max(least), up(below, line));
        // A little on one side takes no whole line there when the other side has lines.
        let end = |number: i64, lines: i64, others: i64| match lines {
            1 if others > 0 && number * 4 <= line => number,
            _ => lines * line,
        };
        let top = end(above, lines_above, lines_below);
        Self { top, bottom: -end(below, lines_below, lines_above), line }
    }

    /// How far below the top this number is, in thousandths of the height.
    pub fn place(&self, number: i64) -> i64 {
        (self.top - number) * HEIGHT / (self.top - self.bottom)
    }

    /// The place of each line, and its number.
    pub fn lines(&self) -> impl Iterator<Item = (i64, i64)> {
        let Self { line, .. } = *self;
        let numbers = self.bottom / line..=self.top / line;
        numbers.map(move |number| (self.place(number * line), number * line))
    }
}

/// The smallest round number that is not below `watts`: one of `steps` (from 10 to 99, ascending) times a
/// power of ten, and at least the first of them.
pub(crate) fn round_up(watts: i64, steps: &[i64]) -> i64 {
    let mut power = 1;
    loop {
        if let Some(step) = steps.iter().find(|&&step| step * power >= watts) {
            return step * power;
        }
        power *= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_rounded_up_to_a_step() {
        let round = |watts| round_up(watts, &[10, 20, 50]);
        assert_eq!([0, 1, 10, 11, 51, 199, 201].map(round), [10, 10, 10, 20, 100, 200, 500]);
    }
}
