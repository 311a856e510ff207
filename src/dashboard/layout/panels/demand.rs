//! The running quarter-hour and the month's peak, which Belgian grid fees are made of.

use super::PanelData;
use crate::dashboard::layout::figures::{self, power_with_unit};
use crate::dashboard::layout::grid::Panel;
use crate::dashboard::layout::page::{Line, Style};
use crate::reading::QUARTER_SECONDS;

/// Parts of the month's peak at which the forecast changes its style, in percent.
const WARNING: i64 = 80;
const ALARM: i64 = 100;

/// The numbers of a meter that tells its average: so far and forecast, the room, the month's peak.
pub fn lines(data: &PanelData<'_>) -> Vec<Line> {
    let frame = data.frame;
    let words = frame.display.words;
    let Some(average) = data.whole("average_power_15m_w") else { return Vec::new() };
    let watts = |name| {
        let watts = data.whole(name)?;
        Some(power_with_unit(watts, frame.display.kilowatts))
    };
    let left = data.readings.time("timestamp").map(|time| {
        let seconds = QUARTER_SECONDS - time.seconds().rem_euclid(QUARTER_SECONDS);
        let span = figures::span(u64::try_from(seconds).unwrap_or_default(), words);
        format!("{span} {}", words.left)
    });
    let when = data
        .readings
        .time("monthly_power_peak_timestamp")
        .map(|time| figures::day_and_minute(frame.state.local(time), words));
    let average = power_with_unit(average, frame.display.kilowatts);
    let lines = [
        Line::new().pair(words.average, Style::Text, Some(average)).pair(
            words.forecast,
            Style::Strong,
            watts("average_power_15m_forecast_w"),
        ),
        Line::new().pair(words.room, Style::Strong, watts("average_power_15m_room_w")).pair(
            "",
            Style::Text,
            left,
        ),
        Line::new().pair(words.month_peak, Style::Text, watts("monthly_power_peak_w")).pair(
            "",
            Style::Text,
            when,
        ),
    ];
    lines.into_iter().filter(|line| line.width() > 0).collect()
}

/// The panel; `None` where the meter tells no such average.
pub(super) fn panel<'a>(data: &'a PanelData<'a>) -> Option<Panel<'a>> {
    let average = data.whole("average_power_15m_w")?;
    let end = data.whole("average_power_15m_forecast_w").unwrap_or(average);
    let peak = data.whole("monthly_power_peak_w").filter(|peak| *peak > 0);
    let percent = peak.map(|peak| end.saturating_mul(100) / peak);
    let style = match percent {
        Some(ALARM..) => Style::Alarm,
        Some(WARNING..) => Style::Warning,
        _ => Style::Good,
    };
    let lines = lines(data);
    let rows = lines.len() + usize::from(percent.is_some());
    Some(Panel {
        rows: [2, rows],
        lines: Box::new(move |width, height| {
            let mut lines = lines.clone();
            if let (Some(percent), Some(peak)) = (percent, peak.filter(|_| height >= rows)) {
                let bar = data.frame.display.glyphs.bar(width.saturating_sub(7), end, peak, style);
                lines.insert(1, bar.right(width, style, format!("{percent} %")));
            }
            lines
        }),
        ..Panel::of_lines(data.frame.display.words.quarter, 40, 2, Vec::new())
    })
}
