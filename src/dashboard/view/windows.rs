//! The windows over the page: keys, objects with a search, failure log and text message.

use cursive::event::{Event, Key};
use cursive::utils::markup::StyledString;
use cursive::view::{Nameable as _, Resizable as _};
use cursive::views::{Dialog, EditView, LinearLayout, OnEventView, ScrollView, TextView};
use cursive::{Cursive, View};

use super::screen::{SCREEN, Screen};
use super::theme;
use crate::dashboard::layout::{self, Action, Line, Style, lists};
use crate::dashboard::printable;

const OBJECTS: &str = "objects";
const SEARCH: &str = "search";
const SCROLL: &str = "scroll";
const PAST: &str = "past";

/// The widest that a window with text becomes.
const TEXT_WIDTH: usize = 72;

/// Opens the window that this action asks for, if it asks for one.
pub(super) fn open(siv: &mut Cursive, action: Action) {
    match action {
        Action::Help => help(siv),
        Action::Objects => objects(siv),
        Action::Log => log(siv),
        Action::Past => past(siv),
        _ => {}
    }
}

/// Shows the objects of the newest telegram, if their window is open.
pub(super) fn update_objects(siv: &mut Cursive) {
    let search = siv.call_on_name(SEARCH, |edit: &mut EditView| edit.get_content());
    let Some(search) = search else { return };
    // Frame, margin and scroll bar.
    let width = siv.screen_size().x.saturating_sub(8);
    let text = on_screen(siv, |screen| styled(&screen.objects(&search, width), screen));
    siv.call_on_name(OBJECTS, |list: &mut TextView| list.set_content(text.unwrap_or_default()));
}

/// Lines as cursive takes them.
fn styled(lines: &[Line], screen: &Screen) -> StyledString {
    let mut text = StyledString::new();
    for line in lines {
        for (style, piece) in line.spans() {
            let piece = printable::text(piece, screen.display.glyphs.ascii);
            text.append_styled(piece, theme::style(*style, screen.depth));
        }
        text.append_plain("\n");
    }
    text
}

fn on_screen<R>(siv: &mut Cursive, act: impl FnOnce(&mut Screen) -> R) -> Option<R> {
    siv.call_on_name(SCREEN, act)
}

/// Shows a view that scrolls; any of the keys that closes windows closes it.
fn show(siv: &mut Cursive, title: &str, view: impl View) {
    let scroll = scrolling(siv, view);
    let dialog = Dialog::around(scroll).title(title);
    let closes = |event: &Event| {
        matches!(
            event,
            Event::Key(Key::Esc | Key::Enter) | Event::Char('q' | '?' | 'l' | 'h' | ' ')
        )
    };
    siv.add_layer(OnEventView::new(dialog).on_event(closes_if(closes), |siv| {
        siv.pop_layer();
    }));
}

/// cursive draws the bars of lists with blocks, whatever the terminal.
fn scrolling<V: View>(siv: &mut Cursive, view: V) -> ScrollView<V> {
    let ascii = on_screen(siv, |screen| screen.display.glyphs.ascii);
    ScrollView::new(view).show_scrollbars(ascii != Some(true))
}

fn closes_if(
    closes: impl Fn(&Event) -> bool + Send + Sync + 'static,
) -> cursive::event::EventTrigger {
    cursive::event::EventTrigger::from_fn(closes)
}

/// Shows the keys.
fn help(siv: &mut Cursive) {
    let made = on_screen(siv, |screen| {
        let version = format!("p1dashboard {}", env!("CARGO_PKG_VERSION"));
        let mut lines = lists::keys(&screen.display);
        lines.push(Line::of(Style::Faint, version));
        (screen.display.words.help_title, styled(&lines, screen))
    });
    if let Some((title, text)) = made {
        show(siv, title, TextView::new(text));
    }
}

/// Shows the failure log and the text message.
fn log(siv: &mut Cursive) {
    let width = siv.screen_size().x.saturating_sub(8).min(TEXT_WIDTH);
    let made = on_screen(siv, |screen| {
        let lines = lists::log(&screen.frame(), width);
        (screen.display.words.log_title, styled(&lines, screen))
    });
    if let Some((title, text)) = made {
        show(siv, title, TextView::new(text));
    }
}

/// Shows the last days, months and years, once they have been read.
fn past(siv: &mut Cursive) {
    let made = on_screen(siv, |screen| {
        screen.read_past();
        let words = screen.display.words;
        (words.past_title, styled(&[Line::of(Style::Faint, words.past_reading)], screen))
    });
    if let Some((title, text)) = made {
        show(siv, title, TextView::new(text).with_name(PAST));
    }
}

/// Shows the past in its window when it has been read; whether there is something new to draw.
pub(super) fn update_past(siv: &mut Cursive) -> bool {
    let width = siv.screen_size().x.saturating_sub(8).min(TEXT_WIDTH);
    let text = on_screen(siv, |screen| {
        let found = screen.look_back.result()?;
        let words = screen.display.words;
        let lines = match found {
            Ok(past) if past.has_files && !past.is_empty() => {
                layout::past::tables(&past, &screen.display, width)
            }
            Ok(past) if past.has_files => vec![Line::of(Style::Faint, words.past_no_rows)],
            Ok(_) => vec![Line::of(Style::Faint, words.past_none)],
            Err(error) => vec![Line::of(Style::Text, error.to_string())],
        };
        Some(styled(&lines, screen))
    });
    let Some(text) = text.flatten() else { return false };
    siv.call_on_name(PAST, |view: &mut TextView| view.set_content(text)).is_some()
}

/// Shows every object; what is typed is searched for.
fn objects(siv: &mut Cursive) {
    let words = on_screen(siv, |screen| screen.display.words);
    let Some(words) = words else { return };
    let search =
        LinearLayout::horizontal().child(TextView::new(format!("{} ", words.search))).child(
            EditView::new().on_edit(|siv, _, _| update_objects(siv)).with_name(SEARCH).full_width(),
        );
    let list = TextView::new("").with_name(OBJECTS);
    let list = scrolling(siv, list).with_name(SCROLL).full_screen();
    let layout = LinearLayout::vertical().child(search).child(list);
    let mut window = OnEventView::new(Dialog::around(layout).title(words.objects_title));
    window.set_on_pre_event(Key::Esc, |siv| {
        siv.pop_layer();
    });
    for (key, rows) in [
        (Key::Up, -1),
        (Key::Down, 1),
        (Key::PageUp, -10),
        (Key::PageDown, 10),
        (Key::Home, isize::MIN / 2),
        (Key::End, isize::MAX / 2),
    ] {
        window.set_on_pre_event(key, move |siv| scroll(siv, rows));
    }
    siv.add_fullscreen_layer(window.full_screen());
    update_objects(siv);
}

fn scroll(siv: &mut Cursive, rows: isize) {
    type List = ScrollView<cursive::views::NamedView<TextView>>;
    siv.call_on_name(SCROLL, |list: &mut List| {
        let height = list.content_viewport().height();
        let last = list.inner_size().y.saturating_sub(height);
        let top = list.content_viewport().top().saturating_add_signed(rows).min(last);
        list.set_offset((0, top));
    });
}
