//! The quality of the supply: failures, sags and swells, and what else the meter measures.

use super::Facts;
use crate::dashboard::layout::figures::{self, power_with_unit};
use crate::dashboard::layout::page::{Ink, Line};
use crate::dashboard::layout::shelf::Panel;
use crate::reading::power_failures;

/// Sags or swells of the phases, with blanks between them.
fn of_phases(facts: &Facts<'_>, kind: &str) -> Option<String> {
    let counts =
        (1..=3).filter_map(|phase| facts.figure(&format!("voltage_{kind}_l{phase}_count")));
    let counts: Vec<String> = counts.collect();
    (!counts.is_empty()).then(|| counts.join(" "))
}

/// The log of long failures, the newest first: when each ended, and how long it was.
pub fn failure_lines(facts: &Facts<'_>) -> Vec<Line> {
    let words = facts.scene.look.words;
    let failures = power_failures(&facts.meter.message);
    let line = |failure: &crate::reading::PowerFailure| {
        let end = failure.end.map_or_else(
            || words.unknown_time.to_owned(),
            |end| figures::date_and_minute(facts.scene.state.local(end), words),
        );
        let length = failure.seconds.and_then(|seconds| u64::try_from(seconds.whole()).ok());
        let length = length
            .map_or_else(|| words.unknown_length.to_owned(), |length| figures::span(length, words));
        Line::of(Ink::Text, end).at(18).text(Ink::Warning, length)
    };
    failures.iter().rev().map(line).collect()
}

/// The panel; `None` where the meter tells nothing of it.
pub(super) fn panel<'a>(facts: &'a Facts<'a>) -> Option<Panel<'a>> {
    let words = facts.scene.look.words;
    let log = failure_lines(facts);
    let counts = Line::new()
        .pair(words.failures, Ink::Text, facts.figure("any_power_fail_count"))
        .pair(words.long, Ink::Text, facts.figure("long_power_fail_count"));
    let sags = Line::new().pair(words.sags, Ink::Text, of_phases(facts, "sag")).pair(
        words.swells,
        Ink::Text,
        of_phases(facts, "swell"),
    );
    let grid = Line::new()
        .pair(words.frequency, Ink::Text, facts.with_unit("frequency_hz", "Hz"))
        .pair(words.power_factor, Ink::Text, facts.figure("power_factor"));
    let reactive = facts.with_unit("reactive_power_var", "var");
    let limit = facts
        .whole("power_threshold_w")
        .map(|watts| power_with_unit(watts, facts.scene.look.kilowatts));
    let rest =
        Line::new().pair(words.reactive, Ink::Text, reactive).pair(words.limit, Ink::Text, limit);
    let mut lines: Vec<Line> =
        [counts, sags, grid, rest].into_iter().filter(|line| line.width() > 0).collect();
    lines.extend(log);
    if lines.is_empty() {
        return None;
    }
    Some(Panel::of_lines(words.supply, 40, 2, lines))
}
