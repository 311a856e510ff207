//! A panic is a bug: it is logged once, and the program exits with status 70, so that systemd restarts it.

use std::io::Write as _;
use std::panic::PanicHookInfo;

use super::exit::Exit;

/// Makes a panic in any thread end the process this way. Call it once, early.
pub fn install() {
    std::panic::set_hook(Box::new(|info| {
        let report = report(info);
        if log::log_enabled!(log::Level::Error) {
            log::error!("{report}");
        } else {
            let _ = writeln!(std::io::stderr(), "{report}");
        }
        std::process::exit(Exit::Bug.code().into())
    }));
}

fn report(info: &PanicHookInfo) -> String {
    // `panic!` with a plain text carries a `&str`, with arguments a `String`.
    let payload = info.payload();
    let message = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("panic without a message");
    match info.location() {
        Some(place) => format!("bug: {message} at {}:{}", place.file(), place.line()),
        None => format!("bug: {message}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::{logging, rerun::rerun};

    #[test]
    fn a_panic_is_named_with_its_place_once_and_ends_with_70() {
        let Some(mut child) =
            rerun("runtime::panic::tests::a_panic_is_named_with_its_place_once_and_ends_with_70")
        else {
            logging::start("test", log::LevelFilter::Info);
            install();
            panic!("two and two are {}", 5);
        };
        let output = child.output().unwrap();
        assert_eq!(output.status.code(), Some(70));
        let log = String::from_utf8(output.stderr).unwrap();
        let bug = "bug: two and two are 5 at src/runtime/panic.rs:";
        assert_eq!(log.matches(bug).count(), 1, "{log}");
    }

    #[test]
    fn a_panic_before_the_log_starts_is_reported_too() {
        let Some(mut child) =
            rerun("runtime::panic::tests::a_panic_before_the_log_starts_is_reported_too")
        else {
            install();
            panic!("too early");
        };
        let output = child.output().unwrap();
        assert_eq!(output.status.code(), Some(70));
        let log = String::from_utf8(output.stderr).unwrap();
        assert!(log.contains("bug: too early at "), "{log}");
    }
}
