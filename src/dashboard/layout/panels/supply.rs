//! The quality of the supply: failures, sags and swells, and what else the meter measures.

use super::PanelData;
use crate::dashboard::layout::figures::{self, power_with_unit};
use crate::dashboard::layout::grid::Panel;
use crate::dashboard::layout::page::{Line, Style};
use crate::reading::power_failures;

/// Cells across, frame and margin included, and what they take.
const WIDTH: usize = 40;
const FRAME: usize = 4;

/// The log of long failures, the newest first: when each ended, and how long it was.
pub fn failure_lines(data: &PanelData<'_>) -> Vec<Line> {
    let words = data.frame.display.words;
    let failures = power_failures(&data.meter.message);
    let line = |failure: &crate::reading::PowerFailure| {
        let end = failure.end.map_or_else(
            || words.unknown_time.to_owned(),
            |end| figures::date_and_minute(data.frame.state.local(end), words),
        );
        let length = failure.seconds.and_then(|seconds| u64::try_from(seconds.whole()).ok());
        let length = length
            .map_or_else(|| words.unknown_length.to_owned(), |length| figures::span(length, words));
        Line::of(Style::Text, end).at(18).text(Style::Strong, length)
    };
    failures.iter().rev().map(line).collect()
}

/// The panel; `None` where the meter tells nothing of it.
pub(super) fn panel<'a>(data: &'a PanelData<'a>) -> Option<Panel<'a>> {
    let words = data.frame.display.words;
    let log = failure_lines(data);
    let counts = Line::new()
        .pair(words.failures, Style::Text, data.figure("any_power_fail_count"))
        .pair(words.long, Style::Text, data.figure("long_power_fail_count"));
    let sags = Line::new().pair(words.sags, Style::Text, of_phases(data, "sag"));
    let swells = Line::new().pair(words.swells, Style::Text, of_phases(data, "swell"));
    let sags = in_rows(sags, swells);
    let grid = Line::new()
        .pair(words.frequency, Style::Text, data.with_unit("frequency_hz", "Hz"))
        .pair(words.power_factor, Style::Text, data.figure("power_factor"));
    let reactive = data.with_unit("reactive_power_var", "var");
    let limit = data
        .whole("power_threshold_w")
        .map(|watts| power_with_unit(watts, data.frame.display.kilowatts));
    let rest = Line::new().pair(words.reactive, Style::Text, reactive).pair(
        words.limit,
        Style::Text,
        limit,
    );
    let lines = [vec![counts], sags, vec![grid, rest]].into_iter().flatten();
    let mut lines: Vec<Line> = lines.filter(|line| line.width() > 0).collect();
    lines.extend(log);
    if lines.is_empty() {
        return None;
    }
    Some(Panel::of_lines(words.supply, WIDTH, 2, lines))
}

/// Both in one row if there is room.
fn in_rows(one: Line, other: Line) -> Vec<Line> {
    if one.width() + 2 + other.width() <= WIDTH - FRAME {
        let gap = if one.width() > 0 { "  " } else { "" };
        return vec![one.text(Style::Text, gap).join(other)];
    }
    vec![one, other]
}

/// Sags or swells of the phases, with blanks between them.
fn of_phases(data: &PanelData<'_>, kind: &str) -> Option<String> {
    let counts = (1..=3).filter_map(|phase| data.figure(&format!("voltage_{kind}_l{phase}_count")));
    let counts: Vec<String> = counts.collect();
    (!counts.is_empty()).then(|| counts.join(" "))
}
