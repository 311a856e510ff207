//! How each style looks on a terminal of this depth.

use cursive::style::{
    BaseColor, BorderStyle, Color, ColorStyle, Effect, Palette, PaletteColor, Style as CursiveStyle,
};
use cursive::theme::Theme;

use crate::dashboard::layout::Style;
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

/// The style as cursive has it.
pub(super) fn style(style: Style, depth: Depth) -> CursiveStyle {
    let plain = CursiveStyle::terminal_default();
    let front = |color: Color| CursiveStyle::from(ColorStyle::new(color, Color::TerminalDefault));
    let colour = |many: [u8; 3], sixteen: Color| match depth {
        Depth::Many => front(Color::RgbLowRes(many[0], many[1], many[2])),
        Depth::Sixteen => front(sixteen),
        Depth::Monochrome | Depth::Plain => plain,
    };
    let with = |style: CursiveStyle, effect: Effect| match depth {
        Depth::Plain => style,
        _ => style.combine(effect),
    };
    match style {
        Style::Text => plain,
        Style::Faint => colour([2, 2, 2], Color::TerminalDefault),
        // Blue is nearly black on the Linux console.
        Style::Frame => colour([1, 2, 3], BaseColor::Cyan.dark()),
        Style::Title | Style::Strong => with(plain, Effect::Bold),
        Style::Import => with(colour([5, 3, 0], BaseColor::Yellow.dark()), Effect::Bold),
        Style::Export => with(colour([0, 4, 1], BaseColor::Green.dark()), Effect::Bold),
        Style::Good => colour([0, 3, 0], BaseColor::Green.dark()),
        Style::Warning => with(colour([5, 4, 0], BaseColor::Yellow.dark()), Effect::Reverse),
        Style::Alarm => {
            with(with(colour([4, 0, 0], BaseColor::Red.dark()), Effect::Reverse), Effect::Bold)
        }
        Style::Key => with(colour([0, 3, 4], BaseColor::Cyan.dark()), Effect::Bold),
    }
}
