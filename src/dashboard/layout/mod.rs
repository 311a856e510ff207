//! From what is known to a page of cells: which panels there are, and where they stand.
//!
//! Pure: the same state, time, size and options give the same page. Terminals and colours are the view's.
//!
//! | part      | owns                                                                  |
//! |-----------|-----------------------------------------------------------------------|
//! | `page`    | the grid of cells, lines, and what can be clicked                     |
//! | `glyphs`  | the characters to draw with; a canvas of dots                         |
//! | `digits`  | large numbers                                                         |
//! | `figures` | numbers, times and spans as people read them                          |
//! | `grid`    | panels side by side, as many as fit                                   |
//! | `panels`  | what stands in each panel                                             |
//! | `bars`    | the first and the last line                                           |
//! | `compact` | the page of a small terminal, without frames                          |
//! | `waiting` | the page before the first telegram                                    |
//! | `lists`   | the lines of the windows: keys, objects, failures and text message    |
//! | `past`    | the lines of the window that looks back                               |

mod bars;
mod compact;
mod digits;
mod figures;
mod glyphs;
mod grid;
pub mod lists;
mod page;
mod panels;
pub mod past;
mod waiting;

use std::time::Instant;

use super::state::{State, Window};
use crate::words::Words;

use panels::PanelData;

pub use glyphs::{ASCII, BLOCKS, CONSOLE, Glyphs, UNICODE};
pub use page::{Area, Line, Page, Style};

/// What a key or a click asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// End the program.
    Quit,
    /// Show the keys.
    Help,
    /// Hold the screen, or let it go on.
    Pause,
    /// Show the next longer stretch of time.
    Window,
    /// Show the next meter.
    Meter,
    /// Change between W and kW.
    Unit,
    /// Change the language.
    Language,
    /// Show all objects.
    Objects,
    /// Show the failure log and the text message.
    Log,
    /// Show the last days, months and years.
    Past,
}

/// How things are to be shown.
#[derive(Clone, Debug)]
pub struct DisplayOptions {
    /// The language.
    pub words: &'static Words,
    /// The characters to draw with.
    pub glyphs: &'static Glyphs,
    /// Power in kW, not in W.
    pub kilowatts: bool,
    /// How far the graph looks back.
    pub window: Window,
    /// The configured fuse, in A.
    pub fuse: Option<u16>,
}

/// What a page is made of.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// What is known.
    pub state: &'a State,
    /// The time.
    pub now: Instant,
    /// How things are to be shown.
    pub display: &'a DisplayOptions,
    /// Where telegrams come from, in words.
    pub origin: &'a str,
    /// The screen is held.
    pub paused: bool,
    /// The recording is over.
    pub ended: bool,
    /// There are keys to press; else the page is printed once.
    pub live: bool,
}

/// The narrowest and the lowest terminal in which panels have frames.
const FRAMED: (usize, usize) = (60, 16);

/// The page for a terminal of this size.
#[must_use]
pub fn page(frame: &Frame<'_>, width: usize, height: usize) -> Page {
    let mut page = Page::new(width, height, frame.display.glyphs.ascii);
    let Some(meter) = frame.state.meter() else {
        waiting::draw(&mut page, frame);
        return page;
    };
    if width < FRAMED.0 || height < FRAMED.1 {
        compact::draw(&mut page, &PanelData::new(frame, meter));
        return page;
    }
    let data = PanelData::new(frame, meter);
    bars::header(&mut page, &data);
    let area = Area { x: 0, y: 1, width, height: height - 1 - usize::from(frame.live) };
    let panels = panels::all(&data);
    let left_out = grid::place(&mut page, area, panels, frame.display.glyphs);
    if frame.live {
        bars::footer(&mut page, frame, left_out > 0);
    }
    page
}
