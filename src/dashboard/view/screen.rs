//! The page as a view: it owns the state, lays the page out again when something changed, and takes keys.

use std::time::{Duration, Instant};

use cursive::event::{Event, EventResult, Key, MouseButton, MouseEvent};
use cursive::{Cursive, Printer, Vec2, View};

use super::look_back::LookBack;
use super::theme;
use crate::dashboard::layout::{self, Action, DisplayOptions, Frame, Line, Page, Style};
use crate::dashboard::source;
use crate::dashboard::state::State;
use crate::dashboard::terminal::Depth;
use crate::words::{DUTCH, ENGLISH};

/// The name of the screen among the views.
pub(super) const SCREEN: &str = "screen";

/// Opens the window over the page that an action asks for.
pub(super) type Open = fn(&mut Cursive, Action);

/// The screen under all windows.
pub(super) struct Screen {
    state: State,
    /// What is shown while the screen is held.
    held: Option<State>,
    pub(super) display: DisplayOptions,
    pub(super) depth: Depth,
    origin: String,
    pub(super) look_back: LookBack,
    ended: bool,
    now: Instant,
    page: Page,
    open: Open,
}

impl Screen {
    /// A screen of this state. `origin` says where telegrams come from, `look_back` where the past is.
    #[must_use]
    pub fn new(
        state: State,
        display: DisplayOptions,
        depth: Depth,
        (origin, look_back): (String, LookBack),
        now: Instant,
        open: Open,
    ) -> Self {
        let page = Page::new(0, 0, true);
        let ended = false;
        Self { state, held: None, display, depth, origin, look_back, ended, now, page, open }
    }

    /// Takes what came from the source.
    pub fn take(&mut self, event: source::Event, now: Instant) {
        match event {
            source::Event::Telegram(message, from) => {
                self.state.take(*message, from, now);
            }
            source::Event::Garbage(count) => self.state.garbage += count,
        }
    }

    /// No telegram will come any more.
    pub fn end(&mut self) {
        self.ended = true;
    }

    /// Whether the age that the page tells may have changed since it was laid out.
    ///
    /// Seconds change half-way between telegrams that come on the second: the age does not flicker.
    #[must_use]
    pub fn is_due(&self, now: Instant) -> bool {
        let age = |now| match self.frame().state.meter() {
            Some(meter) => meter.age(now),
            None => now.saturating_duration_since(self.state.began),
        };
        let half_seconds = |now| (age(now) + Duration::from_millis(500)).as_secs();
        half_seconds(now) != half_seconds(self.now)
    }

    /// Lays the page out for this time and size; whether it differs from the one before.
    pub fn update(&mut self, now: Instant, size: Vec2) -> bool {
        self.now = now;
        let page = layout::page(&self.frame(), size.x, size.y);
        let differs = page != self.page;
        self.page = page;
        differs
    }

    pub(super) fn frame(&self) -> Frame<'_> {
        Frame {
            state: self.held.as_ref().unwrap_or(&self.state),
            now: self.now,
            display: &self.display,
            origin: &self.origin,
            paused: self.held.is_some(),
            ended: self.ended,
            live: true,
        }
    }

    /// The objects of the telegram that is shown.
    pub(super) fn objects(&self, search: &str, width: usize) -> Vec<Line> {
        let message = self.frame().state.meter().map(|meter| &meter.message);
        let lines = message.map(|message| layout::lists::objects(message, search, width));
        match lines {
            Some(lines) if !lines.is_empty() => lines,
            _ => vec![Line::of(Style::Faint, self.display.words.nothing_found)],
        }
    }

    /// Starts reading the past of the meter that is shown.
    pub(super) fn read_past(&mut self) {
        let meter = self.frame().state.meter().and_then(|meter| meter.message.equipment_id());
        let meter = meter.map(std::borrow::Cow::into_owned);
        self.look_back.start(meter);
    }

    fn act(&mut self, action: Action) -> EventResult {
        match action {
            Action::Quit => return EventResult::with_cb(Cursive::quit),
            Action::Help | Action::Objects | Action::Log | Action::Past => {
                let open = self.open;
                return EventResult::with_cb(move |siv| open(siv, action));
            }
            Action::Pause => {
                self.held = if self.held.is_some() { None } else { Some(self.state.clone()) };
            }
            Action::Window => self.display.window = self.display.window.next(),
            Action::Meter => {
                self.state.next_meter();
                if let Some(held) = &mut self.held {
                    held.next_meter();
                }
            }
            Action::Unit => self.display.kilowatts = !self.display.kilowatts,
            Action::Language => {
                let is_dutch = *self.display.words == DUTCH;
                self.display.words = if is_dutch { &ENGLISH } else { &DUTCH };
            }
        }
        EventResult::consumed()
    }
}

fn action_of(event: &Event) -> Option<Action> {
    Some(match event {
        Event::Char('q') => Action::Quit,
        Event::Char('?') | Event::Key(Key::F1) => Action::Help,
        Event::Char('h') => Action::Past,
        Event::Char('p' | ' ') => Action::Pause,
        Event::Char('w') => Action::Window,
        Event::Char('m') | Event::Key(Key::Tab) => Action::Meter,
        Event::Char('u') => Action::Unit,
        Event::Char('n') => Action::Language,
        Event::Char('o') => Action::Objects,
        Event::Char('l') => Action::Log,
        _ => return None,
    })
}

impl View for Screen {
    fn layout(&mut self, size: Vec2) {
        if self.page.size() != (size.x, size.y) {
            self.update(self.now, size);
        }
    }

    fn required_size(&mut self, constraint: Vec2) -> Vec2 {
        constraint
    }

    fn draw(&self, printer: &Printer<'_, '_>) {
        for (y, pieces) in self.page.rows().enumerate() {
            let mut x = 0;
            for (style, text) in pieces {
                printer.with_style(theme::style(style, self.depth), |printer| {
                    printer.print((x, y), &text);
                });
                x += text.chars().count();
            }
        }
    }

    fn on_event(&mut self, event: Event) -> EventResult {
        let action = match event {
            Event::Mouse { offset, position, event: MouseEvent::Press(MouseButton::Left) } => {
                let at = position.saturating_sub(offset);
                self.page.action(at.x, at.y)
            }
            event => action_of(&event),
        };
        let Some(action) = action else { return EventResult::Ignored };
        let result = self.act(action);
        let (x, y) = self.page.size();
        self.update(self.now, Vec2::new(x, y));
        result
    }

    fn take_focus(
        &mut self,
        _: cursive::direction::Direction,
    ) -> Result<EventResult, cursive::view::CannotFocus> {
        Ok(EventResult::consumed())
    }
}
