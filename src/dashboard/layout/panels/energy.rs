//! The registers of energy, in and out: of each tariff, in total, and of today.

use super::PanelData;
use crate::dashboard::layout::figures;
use crate::dashboard::layout::grid::Panel;
use crate::dashboard::layout::page::{Line, Style};
use crate::telegram::TARIFFS;

/// The columns that the figures end before.
const ENDS: [usize; 2] = [23, 35];

/// What a register has risen by: the label says whether since midnight or since when.
pub fn today(data: &PanelData<'_>, name: &str) -> Option<(String, String)> {
    let words = data.frame.display.words;
    let used = data.meter.day().used(name)?;
    let label = match used.since {
        None => words.today.to_owned(),
        Some(time) => format!("{} {}", words.since, figures::minute(time)),
    };
    Some((label, used.amount.to_string()))
}

fn row(label: &str, style: Style, figures: [Option<String>; 2]) -> Line {
    let mut line = Line::of(Style::Faint, label);
    let styles = if style == Style::Strong { [Style::Import, Style::Export] } else { [style; 2] };
    for ((end, figure), style) in ENDS.into_iter().zip(figures).zip(styles) {
        line = line.right(end, style, figure.unwrap_or_default());
    }
    line
}

/// The registers of each tariff and in total.
pub fn registers(data: &PanelData<'_>) -> Vec<Line> {
    let words = data.frame.display.words;
    let both = |import: String, export: String| [data.figure(&import), data.figure(&export)];
    let running = data.whole("tariff");
    let mut lines = Vec::new();
    for tariff in 1..=TARIFFS {
        let figures =
            both(format!("energy_import_t{tariff}_kwh"), format!("energy_export_t{tariff}_kwh"));
        if figures.iter().any(Option::is_some) {
            let is_running = running == i64::try_from(tariff).ok();
            let mark = if is_running { data.frame.display.glyphs.bullet } else { ' ' };
            let label = format!("{} {tariff} {mark}", words.tariff);
            lines.push(row(&label, Style::Text, figures));
        }
    }
    let total = both("energy_import_kwh".to_owned(), "energy_export_kwh".to_owned());
    if total.iter().any(Option::is_some) {
        lines.push(row(words.total, Style::Text, total));
    }
    lines
}

/// What stands above the figures, for small terminals.
pub fn register_head(data: &PanelData<'_>) -> Line {
    let words = data.frame.display.words;
    let heads = [words.import, words.export_short].map(|word| Some(word.to_owned()));
    row("kWh", Style::Faint, heads)
}

/// The panel; `None` where the meter has no such registers.
pub(super) fn panel<'a>(data: &'a PanelData<'a>) -> Option<Panel<'a>> {
    let words = data.frame.display.words;
    let both = |import: String, export: String| [data.figure(&import), data.figure(&export)];
    let mut lines = registers(data);
    let used = ["energy_import_kwh", "energy_export_kwh"].map(|name| today(data, name));
    if let Some((label, _)) = used.iter().flatten().next() {
        let label = label.clone();
        lines.push(row(&label, Style::Strong, used.map(|used| Some(used?.1))));
    }
    let reactive =
        both("reactive_energy_import_kvarh".to_owned(), "reactive_energy_export_kvarh".to_owned());
    let least = lines.len();
    if reactive.iter().any(Option::is_some) {
        lines.push(row(&format!("{} kvarh", words.reactive), Style::Text, reactive));
    }
    if lines.is_empty() {
        return None;
    }
    Some(Panel {
        heads: vec![(ENDS[0], words.import.to_owned()), (ENDS[1], words.export_short.to_owned())],
        ..Panel::of_lines(&format!("{} kWh", words.energy), 40, least, lines)
    })
}
