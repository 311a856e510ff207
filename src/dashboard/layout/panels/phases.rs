//! The phases: voltage, current, power, and a bar of the current against the fuse.

use super::Facts;
use super::power::signed_ink;
use crate::dashboard::layout::figures::{power, power_unit};
use crate::dashboard::layout::page::{Ink, Line};
use crate::dashboard::layout::shelf::Panel;

/// The fuse where neither the configuration nor the meter tells.
const USUAL_FUSE: i64 = 25;
/// For meters that tell the power of a phase and neither its current nor its voltage.
const USUAL_VOLTAGE: i64 = 230;

/// Parts of a fuse at which its bar changes its ink, in percent.
const WARNING: i64 = 80;
const ALARM: i64 = 100;

/// The column that each figure ends before; then the bar begins.
const ENDS: [usize; 5] = [10, 17, 25, 33, 41];
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

/// The phases that the meter says anything of.
fn phases(facts: &Facts<'_>) -> Vec<Phase> {
    let phase = |number: usize| {
        let name = |start: &str, end: &str| format!("{start}_l{number}_{end}");
        let net = facts.whole(&name("power", "w"));
        let (volts, amperes) = (name("voltage", "v"), name("current", "a"));
        let milli = |name: &str| facts.readings.number(name)?.scaled(3);
        let by_power = || {
            let volts = facts.whole(&volts).filter(|volts| *volts > 0).unwrap_or(USUAL_VOLTAGE);
            net.map(|watts| watts.abs().saturating_mul(1000) / volts)
        };
        let load = milli(&amperes).map(i64::abs).or_else(by_power);
        Phase {
            number,
            import: facts.whole(&name("power_import", "w")),
            export: facts.whole(&name("power_export", "w")),
            net,
            load,
            volts: facts.figure(&volts),
            amperes: facts.figure(&amperes),
        }
    };
    let says_anything =
        |phase: &Phase| phase.net.is_some() || phase.volts.is_some() || phase.amperes.is_some();
    (1..=3).map(phase).filter(says_anything).collect()
}

/// The fuse, in A.
fn fuse(facts: &Facts<'_>) -> i64 {
    let meters_own = facts.whole("fuse_threshold_a").filter(|a| *a > 0);
    facts.scene.look.fuse.map(i64::from).or(meters_own).unwrap_or(USUAL_FUSE)
}

fn row(facts: &Facts<'_>, phase: &Phase, fuse: i64, width: usize) -> Line {
    let look = facts.scene.look;
    let watts = |watts: Option<i64>| watts.map(|watts| power(watts, look.kilowatts));
    let figures = [
        (Ink::Text, phase.volts.clone()),
        (Ink::Text, phase.amperes.clone()),
        (Ink::Text, watts(phase.import)),
        (Ink::Text, watts(phase.export)),
        (signed_ink(phase.net.unwrap_or(0)), watts(phase.net)),
    ];
    let mut line = Line::of(Ink::Faint, format!("L{}", phase.number));
    for (end, (ink, figure)) in ENDS.into_iter().zip(figures) {
        line = line.right(end, ink, figure.unwrap_or_default());
    }
    let [.., end] = ENDS;
    let room = width.saturating_sub(end + 2 + PERCENT);
    let Some(load) = phase.load.filter(|_| room >= 4) else { return line };
    let percent = load / (10 * fuse);
    let ink = match percent {
        ..WARNING => Ink::Good,
        WARNING..ALARM => Ink::Warning,
        _ => Ink::Alarm,
    };
    let bar = look.glyphs.bar(room, load, 1000 * fuse, ink);
    line.at(end + 2).join(bar).right(width, ink, format!("{percent} %"))
}

/// The net power of each phase, for small terminals.
pub fn short(facts: &Facts<'_>) -> Option<Line> {
    let phases = phases(facts);
    let kilowatts = facts.scene.look.kilowatts;
    let mut line = Line::new();
    for phase in phases.iter().filter(|_| phases.len() > 1) {
        if let Some(net) = phase.net {
            let label = format!("L{}", phase.number);
            line = line.pair(&label, signed_ink(net), Some(power(net, kilowatts)));
        }
    }
    (line.width() > 0).then(|| line.text(Ink::Faint, format!(" {}", power_unit(kilowatts))))
}

/// The panel; `None` where the meter tells nothing of phases.
pub(super) fn panel<'a>(facts: &'a Facts<'a>) -> Option<Panel<'a>> {
    let phases = phases(facts);
    let words = facts.scene.look.words;
    let title = match phases.len() {
        0 => return None,
        1 => words.phase,
        _ => words.phases,
    };
    let fuse = fuse(facts);
    let unit = power_unit(facts.scene.look.kilowatts);
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
            phases.iter().map(|phase| row(facts, phase, fuse, width)).collect()
        }),
        ..Panel::of_lines(title, 64, count, Vec::new())
    })
}
