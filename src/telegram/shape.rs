//! What a telegram looks like, judged without its checksum.
//!
//! Owns the signs by which a first line, an object with a value and an intact telegram are recognised.

use super::lines::{self, Lines};
use super::{Object, Telegram, groups};

/// The shortest first line that is taken for one without proof, in bytes: `/`, maker and speed.
const MIN_HEADER: usize = 5;

/// The longest first line that is taken for one without proof, in bytes. The longest seen so far has 25.
pub(super) const MAX_HEADER: usize = 128;

/// As many bytes as show a first line and what follows it.
pub(super) const MAX_OPENING: usize = MAX_HEADER + 64;

/// Whether the first line of `text` can be that of a telegram: short and printable, without brackets.
pub(super) fn begins_with_header(text: &[u8]) -> bool {
    let line = lines::first(&text[..text.len().min(MAX_HEADER + 1)]);
    line.len() <= MAX_HEADER
        && line.starts_with(b"/")
        && line.iter().all(|&byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'(' | b')'))
}

/// Whether `text` begins with an identification of IEC 62056-21: `/`, the three letters of a maker,
/// and the digit of a speed.
pub(super) fn begins_with_identification(text: &[u8]) -> bool {
    let Some((text, _)) = text.split_first_chunk::<5>() else { return false };
    match text {
        [b'/', maker @ .., b'0'..=b'9'] => maker.iter().all(u8::is_ascii_alphabetic),
        _ => false,
    }
}

/// Whether what follows the first line of `text` is what follows that of a telegram: a blank line, an
/// object or the end mark.
pub(super) fn goes_on_like_telegram(text: &[u8]) -> bool {
    let second = Lines::of(text).nth(1).map(|(start, end)| text[start..end].trim_ascii());
    second.is_some_and(|line| {
        line.is_empty() || line.starts_with(b"!") || is_code(Object::from_line(line).code)
    })
}

/// Whether it can be a telegram: a printable first line, and an object with a value.
pub(super) fn is_plausible(telegram: &Telegram<'_>) -> bool {
    begins_with_header(telegram.header)
        && telegram.header.len() >= MIN_HEADER
        && telegram.objects.iter().any(has_value)
}

/// Whether nothing but the checksum speaks against it: it is plausible, and every line is well-formed.
pub(super) fn is_intact(telegram: &Telegram<'_>) -> bool {
    let digits = telegram.checksum.unwrap_or_default();
    is_plausible(telegram)
        && digits.len() <= 4
        && digits.iter().all(u8::is_ascii_hexdigit)
        && telegram.objects.iter().all(is_well_formed)
}

fn has_value(object: &Object<'_>) -> bool {
    is_code(object.code) && groups(object.body).any(|value| !value.trim_ascii().is_empty())
}

/// A code with a row of brackets behind it, or a printable line without brackets.
fn is_well_formed(object: &Object<'_>) -> bool {
    if object.body.is_empty() {
        return object.code.iter().all(|byte| matches!(byte, b' '..=b'~') && *byte != b')');
    }
    let mut depth = 0i32;
    let is_row = object.body.iter().all(|byte| {
        let is_outside = depth == 0;
        depth += i32::from(*byte == b'(') - i32::from(*byte == b')');
        depth >= 0 && (!is_outside || *byte == b'(' || byte.is_ascii_whitespace())
    });
    is_row && depth == 0 && is_code(object.code)
}

/// `1-0:1.8.0`, `1-0:1.8.0*255`, also `1.8.0` and `C.1.0` of older meters.
fn is_code(text: &[u8]) -> bool {
    let is_of_code = |byte: &u8| byte.is_ascii_alphanumeric() || b"-:.*".contains(byte);
    text.len() <= 32 && text.contains(&b'.') && text.iter().all(is_of_code)
}
