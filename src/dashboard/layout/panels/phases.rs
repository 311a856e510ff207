//! The phases: voltage, current, power, and a bar of the current against the fuse.

use super::PanelData;
use super::power::signed_style;
use crate::dashboard::layout::figures::{power, power_unit};
use crate::dashboard::layout::grid::Panel;
use crate::dashboard::layout::page::{Line, Style};

/// The fuse where neither the configuration nor the meter tells.
const USUAL_FUSE: i64 = 25;
/// For meters that tell the power of a phase and neither its current nor its voltage.
const USUAL_VOLTAGE: i64 = 230;

/// Parts of a fuse at which its bar changes its style, in percent.
const WARNING: i64 = 80;
const ALARM: i64 = 100;

/// The column that each figure ends before; then the bar begins.
const ENDS: [usize; 5] = [10, 15, 22, 30, 38];
/// Cells of the percentage behind the bar.
const PERCENT: usize = 6;

struct Phase {
    number: usize,
    volts: Option<String>,
    amperes: Option<String>,
    import: Option<i64>,
    export: Option<i64>,
    net: Option<i64>,
    /// In thousandths of an ampere.
    load: Option<i64>,
}

/// The net power of each phase, for small terminals.
pub fn short(data: &PanelData<'_>) -> Option<Line> {
    let phases = phases(data);
    let kilowatts = data.frame.display.kilowatts;
    let mut line = Line::new();
    for phase in phases.iter().filter(|_| phases.len() > 1) {
        if let Some(net) = phase.net {
            let label = format!("L{}", phase.number);
            line = line.pair(&label, signed_style(net), Some(power(net, kilowatts)));
        }
    }
    (line.width() > 0).then(|| line.text(Style::Faint, format!(" {}", power_unit(kilowatts))))
}

/// The voltage of each phase, for small terminals.
pub fn volts(data: &PanelData<'_>) -> Option<Line> {
    let volts: Vec<String> = phases(data).into_iter().filter_map(|phase| phase.volts).collect();
    (!volts.is_empty()).then(|| Line::of(Style::Text, volts.join("  ")).text(Style::Faint, " V"))
}

/// The panel; `None` where the meter tells nothing of phases.
pub(super) fn panel<'a>(data: &'a PanelData<'a>) -> Option<Panel<'a>> {
    let phases = phases(data);
    let words = data.frame.display.words;
    let title = match phases.len() {
        0 => return None,
        1 => words.phase,
        _ => words.phases,
    };
    let fuse = fuse(data);
    let unit = power_unit(data.frame.display.kilowatts);
    let in_watts = |word: &str| format!("{word} {unit}");
    let heads = [
        words.volts.to_owned(),
        words.amperes.to_owned(),
        in_watts(words.in_short),
        in_watts(words.out_short),
        in_watts(words.net_short),
    ];
    let mut heads: Vec<(usize, String)> = ENDS.into_iter().zip(heads).collect();
    let fuse_head = format!("{} {fuse} A", words.fuse);
    let [.., end] = ENDS;
    heads.push((end + 2 + fuse_head.chars().count(), fuse_head));
    let count = phases.len();
    Some(Panel {
        heads,
        rows: [count, count],
        lines: Box::new(move |width, _| {
            phases.iter().map(|phase| row(data, phase, fuse, width)).collect()
        }),
        ..Panel::of_lines(title, 60, count, Vec::new())
    })
}

/// The phases that the meter says anything of.
fn phases(data: &PanelData<'_>) -> Vec<Phase> {
    let phase = |number: usize| {
        let name = |start: &str, end: &str| format!("{start}_l{number}_{end}");
        let net = data.whole(&name("power", "w"));
        let (volts, amperes) = (name("voltage", "v"), name("current", "a"));
        let milli = |name: &str| data.readings.number(name)?.scaled(3);
        let by_power = || {
            let volts = data.whole(&volts).filter(|volts| *volts > 0).unwrap_or(USUAL_VOLTAGE);
            net.map(|watts| watts.abs().saturating_mul(1000) / volts)
        };
        let load = milli(&amperes).map(i64::abs).or_else(by_power);
        Phase {
            number,
            import: data.whole(&name("power_import", "w")),
            export: data.whole(&name("power_export", "w")),
            net,
            load,
            volts: data.figure(&volts),
            amperes: data.figure(&amperes),
        }
    };
    let says_anything =
        |phase: &Phase| phase.net.is_some() || phase.volts.is_some() || phase.amperes.is_some();
    (1..=3).map(phase).filter(says_anything).collect()
}

/// The fuse, in A.
fn fuse(data: &PanelData<'_>) -> i64 {
    let meters_own = data.whole("fuse_threshold_a").filter(|a| *a > 0);
    data.frame.display.fuse.map(i64::from).or(meters_own).unwrap_or(USUAL_FUSE)
}

fn row(data: &PanelData<'_>, phase: &Phase, fuse: i64, width: usize) -> Line {
    let display = data.frame.display;
    let watts = |watts: Option<i64>| watts.map(|watts| power(watts, display.kilowatts));
    let figures = [
        (Style::Text, phase.volts.clone()),
        (Style::Text, phase.amperes.clone()),
        (Style::Text, watts(phase.import)),
        (Style::Text, watts(phase.export)),
        (signed_style(phase.net.unwrap_or(0)), watts(phase.net)),
    ];
    let mut line = Line::of(Style::Faint, format!("L{}", phase.number));
    for (end, (style, figure)) in ENDS.into_iter().zip(figures) {
        line = line.right(end, style, figure.unwrap_or_default());
    }
    let [.., end] = ENDS;
    let room = width.saturating_sub(end + 2 + PERCENT);
    let Some(load) = phase.load.filter(|_| room >= 4) else { return line };
    let percent = load / (10 * fuse);
    let style = match percent {
        ..WARNING => Style::Good,
        WARNING..ALARM => Style::Warning,
        _ => Style::Alarm,
    };
    let bar = display.glyphs.bar(room, load, 1000 * fuse, style);
    line.at(end + 2).join(bar).right(width, style, format!("{percent} %"))
}
