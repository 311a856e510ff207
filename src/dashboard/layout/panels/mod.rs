//! What stands in each panel. A panel that the meter says nothing for does not exist.

mod demand;
mod devices;
mod energy;
mod graph;
mod phases;
mod power;
mod supply;
mod telegram;

use chrono::NaiveDateTime;

use super::Frame;
use super::grid::Panel;
use crate::dashboard::state::Meter;
use crate::reading::Readings;
use crate::telegram::Decimal;

pub(super) use demand::lines as quarter_lines;
pub(super) use devices::lines as device_lines;
pub(super) use energy::{register_head, registers, today};
pub(super) use graph::draw as graph_lines;
pub(super) use phases::{short as phases_in_short, volts};
pub(super) use power::{direction, number as large_power, warning};
pub(super) use supply::failure_lines;
pub(super) use telegram::wrapped;

/// What panels are made of: the frame, and what the newest telegram of its meter says.
pub(super) struct PanelData<'a> {
    pub frame: &'a Frame<'a>,
    pub meter: &'a Meter,
    pub readings: Readings<'a>,
}

impl<'a> PanelData<'a> {
    pub fn new(frame: &'a Frame<'a>, meter: &'a Meter) -> Self {
        Self { frame, meter, readings: meter.readings() }
    }

    /// The number of this reading, as text.
    pub fn figure(&self, name: &str) -> Option<String> {
        self.readings.number(name).map(|number| number.to_string())
    }

    /// The number of this reading with its unit behind it.
    pub fn with_unit(&self, name: &str, unit: &str) -> Option<String> {
        self.figure(name).map(|figure| format!("{figure} {unit}"))
    }

    /// The whole part of the number of this reading.
    pub fn whole(&self, name: &str) -> Option<i64> {
        self.readings.number(name).map(Decimal::whole)
    }

    /// The time that the newest telegram tells, else the time at which it came, in local time.
    pub fn time(&self) -> NaiveDateTime {
        let came = self.meter.message.meta.frame_start;
        self.frame.state.local(self.readings.time("timestamp").unwrap_or(came))
    }
}

/// The panels of a meter, the most important ones first.
pub(super) fn all<'a>(data: &'a PanelData<'a>) -> Vec<Panel<'a>> {
    let panels = [
        power::panel(data),
        graph::panel(data),
        phases::panel(data),
        energy::panel(data),
        devices::panel(data),
        demand::panel(data),
        supply::panel(data),
        Some(telegram::panel(data)),
        telegram::message(data),
    ];
    panels.into_iter().flatten().collect()
}
