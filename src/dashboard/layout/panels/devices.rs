//! The devices on the M-Bus: gas, water, heat …, each with type, identifier, time and reading.

use super::{PanelData, today};
use crate::dashboard::layout::figures;
use crate::dashboard::layout::grid::Panel;
use crate::dashboard::layout::page::{Line, Style};
use crate::message::{Message, Value as Sent, decode_identifier};
use crate::reading::{Reading, named};
use crate::telegram::Unit;
use crate::words::Words;

/// A kind of device: its reading, whose name begins like those of its other ones, and its word.
type Kind = (&'static Reading, fn(&Words) -> &'static str);

const KINDS: [Kind; 10] = [
    (named("gas_m3"), |w| w.gas_name),
    (named("water_m3"), |w| w.water_name),
    (named("warm_water_m3"), |w| w.warm_water),
    (named("heat_gj"), |w| w.heat),
    (named("heat_m3"), |w| w.heat),
    (named("inlet_heat_gj"), |w| w.inlet_heat),
    (named("inlet_heat_m3"), |w| w.inlet_heat),
    (named("cooling_gj"), |w| w.cooling),
    (named("cooling_m3"), |w| w.cooling),
    (named("submeter_energy_kwh"), |w| w.submeter),
];

/// A device that has a reading: its lines, the most important one first.
struct Device {
    word: &'static str,
    value: Line,
    read: Line,
    used: Line,
    identity: Line,
}

/// A line for each device, for small terminals.
pub fn lines(data: &PanelData<'_>) -> Vec<Line> {
    let line = |Device { word, value, used, .. }| {
        Line::of(Style::Faint, format!("{word} ")).join(value).text(Style::Text, "  ").join(used)
    };
    devices(data).into_iter().map(line).collect()
}

/// The panel; `None` without any device that has a reading.
pub(super) fn panel<'a>(data: &'a PanelData<'a>) -> Option<Panel<'a>> {
    let devices = devices(data);
    let words = data.frame.display.words;
    let title = match devices.as_slice() {
        [] => return None,
        [device] => device.word,
        _ => words.devices,
    };
    let count = devices.len();
    let words = devices.iter().map(|device| device.word.chars().count() + 1).max();
    let column = words.filter(|_| count > 1).unwrap_or(0);
    Some(Panel {
        rows: [count.max(2), 3 * count],
        lines: Box::new(move |_, height| {
            let each = (height / count).clamp(1, 3);
            devices.iter().flat_map(|device| rows(device, column).into_iter().take(each)).collect()
        }),
        ..Panel::of_lines(title, 40, 1, Vec::new())
    })
}

/// The rows of a device, the most important one first; with its word where there are several.
fn rows(device: &Device, column: usize) -> [Line; 3] {
    let Device { word, value, read, used, identity } = device;
    let name = if column > 0 { Line::of(Style::Faint, *word).at(column) } else { Line::new() };
    let below = || Line::new().at(column.min(2));
    [
        name.join(value.clone()).text(Style::Text, "  ").join(read.clone()),
        below().join(used.clone()),
        below().join(identity.clone()),
    ]
}

fn device(data: &PanelData<'_>, &(reading, word): &Kind) -> Option<Device> {
    let display = data.frame.display;
    let words = display.words;
    let figure = data.figure(reading.name)?;
    let unit = match reading.unit {
        Some(Unit::CubicMetre) => display.glyphs.cubic_metre,
        unit => unit.map_or("", Unit::symbol),
    };
    let (family, _) = reading.name.rsplit_once('_')?;
    let at = data.readings.time(&format!("{family}_timestamp")).map(|time| {
        let time = data.frame.state.local(time);
        let is_today = time.date() == data.time().date();
        if is_today { figures::minute(time) } else { figures::day_and_minute(time, words) }
    });
    let value = Line::of(Style::Strong, format!("{figure} {unit}"));
    let read = Line::new().pair(words.read_at, Style::Text, at);
    let used = today(data, reading.name).map_or_else(Line::new, |(label, used)| {
        Line::new().pair(&label, Style::Import, Some(format!("{used} {unit}")))
    });
    let id = data.readings.text(&format!("{family}_unique_id"));
    let number = id.and_then(|id| type_number(&data.meter.message, id));
    let identity = Line::new().pair(words.kind, Style::Text, number).pair("", Style::Text, id);
    Some(Device { word: word(words), value, read, used, identity })
}

/// The type, as sent, of the device with this identifier.
fn type_number<'m>(message: &'m Message, id: &str) -> Option<&'m str> {
    let is_its_id = |key: &str, value: &Sent| {
        let code = key.split_once(':').map(|(_, code)| code);
        matches!(code, Some("96.1.0" | "96.1.1"))
            && value.text().is_some_and(|text| decode_identifier(text) == id)
    };
    let (key, _) = message.telegram.iter().find(|(key, value)| is_its_id(key, value))?;
    let (channel, _) = key.split_once(':')?;
    message.get(&format!("{channel}:24.1.0"))?.text()
}

fn devices(data: &PanelData<'_>) -> Vec<Device> {
    KINDS.iter().filter_map(|kind| device(data, kind)).collect()
}
