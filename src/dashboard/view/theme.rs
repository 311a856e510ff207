//! How each ink looks on a terminal of this depth.

use cursive::style::{
    BaseColor, BorderStyle, Color, ColorStyle, Effect, Palette, PaletteColor, Style,
};
use cursive::theme::Theme;

use crate::dashboard::layout::Ink;
use crate::dashboard::terminal::Depth;

/// The terminal's own colours everywhere; ASCII terminals have no frames around windows.
pub(super) fn theme(depth: Depth, ascii: bool) -> Theme {
    let mut palette = Palette::terminal_default();
    if depth == Depth::Plain {
        palette[PaletteColor::Highlight] = Color::TerminalDefault;
    }
    let borders = if ascii { BorderStyle::None } else { BorderStyle::Simple };
    Theme { shadow: false, borders, palette }
}

/// The style of an ink.
pub(super) fn style(ink: Ink, depth: Depth) -> Style {
    let plain = Style::terminal_default();
    let front = |color: Color| Style::from(ColorStyle::new(color, Color::TerminalDefault));
    let colour = |many: [u8; 3], sixteen: Color| match depth {
        Depth::Many => front(Color::RgbLowRes(many[0], many[1], many[2])),
        Depth::Sixteen => front(sixteen),
        Depth::Monochrome | Depth::Plain => plain,
    };
    let with = |style: Style, effect: Effect| match depth {
        Depth::Plain => style,
        _ => style.combine(effect),
    };
    match ink {
        Ink::Text => plain,
        Ink::Faint => colour([2, 2, 2], Color::TerminalDefault),
        Ink::Frame => colour([1, 2, 3], BaseColor::Blue.dark()),
        Ink::Title | Ink::Strong => with(plain, Effect::Bold),
        Ink::Import => with(colour([5, 3, 0], BaseColor::Yellow.dark()), Effect::Bold),
        Ink::Export => with(colour([0, 4, 1], BaseColor::Green.dark()), Effect::Bold),
        Ink::Good => colour([0, 3, 0], BaseColor::Green.dark()),
        Ink::Warning => with(colour([5, 4, 0], BaseColor::Yellow.dark()), Effect::Reverse),
        Ink::Alarm => {
            with(with(colour([4, 0, 0], BaseColor::Red.dark()), Effect::Reverse), Effect::Bold)
        }
        Ink::Key => with(colour([0, 3, 4], BaseColor::Cyan.dark()), Effect::Bold),
    }
}
