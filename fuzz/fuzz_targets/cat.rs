//! Files of raw telegrams through `p1cat`, in every format.
//!
//! Promises: no panic; what is printed of a telegram is text without terminal controls, a line of JSON is one.
//! The first byte chooses the options; for a line of the user's own, it stands before the first `/`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use p1_multicast::cat::{CellStyle, Field, Format, Options, from_file};
use p1_multicast::telegram::Policy;

const FIELDS: [&str; 4] = ["power_w", "text_message", "1-0:1.7.0", "time"];

fuzz_target!(|data: &[u8]| {
    let Some((&choice, rest)) = data.split_first() else { return };
    let Some((options, file)) = options(choice, rest) else { return };
    let (mut out, mut errors) = (Vec::new(), Vec::new());
    from_file("FILE", file, Policy::Ignore, &options, &mut out, &mut errors).expect("no I/O");
    assert!(std::str::from_utf8(&errors).is_ok());
    // These are the bytes of the meter.
    if options.raw {
        return;
    }
    let text = std::str::from_utf8(&out).expect("text");
    let is_safe = |c: char| !c.is_control() || c == '\n' || c == '\t';
    assert!(text.chars().all(is_safe), "{text:?}");
    if matches!(options.format, Format::Json | Format::Readings) && !options.explain {
        for line in text.lines() {
            assert!(line.starts_with('{') && line.ends_with('}'), "{line}");
        }
    }
});

/// The options that `choice` stands for, and the bytes of the file.
fn options(choice: u8, rest: &[u8]) -> Option<(Options, &[u8])> {
    let kind = usize::from(choice & 0x0F);
    let mut options = Options::default();
    (options.anonymous, options.on_change) = (choice & 0x20 != 0, choice & 0x40 != 0);
    let mut file = rest;
    match kind {
        0..7 => options.format = Format::NAMES[kind].parse().expect("a name"),
        7 => options.raw = true,
        8 => options.explain = true,
        _ => {
            let (template, telegrams) = rest.split_at(rest.iter().position(|&byte| byte == b'/')?);
            options.format = std::str::from_utf8(template).ok()?.parse().ok()?;
            file = telegrams;
        }
    }
    let fields: Vec<Field> = FIELDS.map(|name| name.parse().expect("a field")).into();
    let style = CellStyle::default();
    let has_fields = choice & 0x80 != 0 && options.format.check(&fields, style).is_ok();
    options.fields = has_fields.then_some(fields);
    Some((options, file))
}
