//! The running quarter-hour and the month's peak, which Belgian grid fees are made of.

use super::Facts;
use crate::dashboard::layout::figures::{self, power_with_unit};
use crate::dashboard::layout::page::{Ink, Line};
use crate::dashboard::layout::shelf::Panel;

/// Seconds of a quarter-hour. Offsets of time zones are multiples of it.
const QUARTER: i64 = 900;

/// Parts of the month's peak at which the bar changes its ink, in percent.
const WARNING: i64 = 80;
const ALARM: i64 = 100;

/// The panel; `None` where the meter tells no such average.
pub(super) fn panel<'a>(facts: &'a Facts<'a>) -> Option<Panel<'a>> {
    let scene = facts.scene;
    let words = scene.look.words;
    let average = facts.whole("average_power_15m_w")?;
    let peak = facts.whole("monthly_power_peak_w");
    let watts = |watts: i64| power_with_unit(watts, scene.look.kilowatts);
    let left = facts.moment("timestamp").map(|time| {
        let seconds = QUARTER - time.seconds().rem_euclid(QUARTER);
        let span = figures::span(u64::try_from(seconds).unwrap_or_default(), words);
        format!("{span} {}", words.left)
    });
    let percent = peak.filter(|peak| *peak > 0).map(|peak| average.saturating_mul(100) / peak);
    let ink = match percent {
        Some(ALARM..) => Ink::Alarm,
        Some(WARNING..) => Ink::Warning,
        _ => Ink::Good,
    };
    let now = Line::new().pair(words.average, Ink::Strong, Some(watts(average))).pair(
        "",
        Ink::Text,
        left,
    );
    let when = facts
        .moment("monthly_power_peak_timestamp")
        .map(|time| figures::day_and_minute(scene.state.local(time), words));
    let month =
        Line::new().pair(words.month_peak, Ink::Strong, peak.map(watts)).pair("", Ink::Text, when);
    let rows = 2 + usize::from(percent.is_some());
    Some(Panel {
        rows: [2, rows],
        lines: Box::new(move |width, height| {
            let mut lines = vec![now.clone(), month.clone()];
            if let (Some(percent), Some(peak)) = (percent, peak.filter(|_| height > 2)) {
                let bar = scene.look.glyphs.bar(width.saturating_sub(7), average, peak, ink);
                lines.insert(1, bar.right(width, ink, format!("{percent} %")));
            }
            lines
        }),
        ..Panel::of_lines(words.quarter, 40, 2, Vec::new())
    })
}
