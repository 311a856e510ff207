//! For tests: captures the log of one thread, so that tests can run in parallel.

use std::cell::RefCell;
use std::sync::Once;

use log::{LevelFilter, Log, Metadata, Record};

thread_local! {
    static LINES: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
}

struct Collector;

impl Log for Collector {
    fn enabled(&self, _: &Metadata) -> bool {
        true
    }

    fn log(&self, record: &Record) {
        if record.level() <= log::Level::Info {
            LINES.with_borrow_mut(|lines| {
                lines.as_mut().map(|lines| lines.push(record.args().to_string()))
            });
        }
    }

    fn flush(&self) {}
}

/// The messages that this thread logs at level `info` and above while `act` runs.
pub fn captured_log(act: impl FnOnce()) -> Vec<String> {
    static START: Once = Once::new();
    START.call_once(|| {
        log::set_boxed_logger(Box::new(Collector)).expect("no other logger in the test program");
        log::set_max_level(LevelFilter::Info);
    });
    LINES.set(Some(Vec::new()));
    act();
    LINES.take().unwrap_or_default()
}
