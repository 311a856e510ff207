//! Recognises common mistakes in the file: what is wrong, and what was probably meant.
//!
//! Owns the hints. The YAML parser's own message about a tab or an INI file helps nobody.

use std::net::IpAddr;

use super::host::is_host_and_port;
use super::tree;
use crate::multicast::Interface;
use crate::text::escaped;

/// Most bytes of the YAML parser's own message: it repeats names from the file.
const MAX_PARSER_MESSAGE: usize = 300;

/// Describes why `text` is not YAML: the line, if one is known, and what was expected.
pub(super) fn explain(text: &str, error: &serde_yaml::Error) -> (Option<usize>, String) {
    let message = error.to_string();
    if message.contains("more than one document") {
        let expected = "expected one document, found a second one after ---".to_owned();
        return (second_document(text), expected);
    }
    let (line, column) = error.location().map_or((1, 1), |place| (place.line(), place.column()));
    let is_unclosed = message.contains("scanning a quoted scalar");
    // In these cases the parser notices on a later line.
    let is_late = is_unclosed || message.contains("scanning a simple key");
    let line = if is_late { tree::line_of(error) } else { line };
    let lines: Vec<&str> = text.lines().collect();
    let line_at = |number: usize| lines.get(number.wrapping_sub(1)).copied().unwrap_or_default();
    if let Some(found) = mistake_in(line_at(line)) {
        return (Some(line), found);
    }
    let before = line_at(line).get(..column - 1).unwrap_or_default().trim_start();
    let explanation = if is_unclosed {
        "expected a quote at the end of the text".to_owned()
    } else if let Some(found) = mistake_in(line_at(line - 1)) {
        return (Some(line - 1), found);
    } else if message.contains("mapping values") && is_name(before)
        || message.contains("expected key") && before.is_empty()
    {
        "expected the same indentation as the keys beside it".to_owned()
    } else {
        let message: String = message.chars().take(MAX_PARSER_MESSAGE).collect();
        format!("expected YAML, found an error: {}", message.escape_debug())
    };
    (Some(line), explanation)
}

/// Describes what is wrong with a single line, if it is a common mistake.
fn mistake_in(line: &str) -> Option<String> {
    let content = line.split(" #").next()?;
    let setting = content.trim_start();
    if setting.starts_with('#') {
        None
    } else if content[..content.len() - setting.len()].contains('\t') {
        Some("expected spaces to indent the line, found a tab".to_owned())
    } else if content.contains("{{") || content.contains("{%") {
        Some("expected ${NAME} for an environment variable, found a Jinja2 template".to_owned())
    } else {
        let odd = content.split([' ', ',', '[', ']']).find_map(odd_character);
        odd.or_else(|| Some(format!("expected {}", meant_setting(setting)?)))
    }
}

/// Describes an invisible character, or quotes that YAML takes for letters.
pub(super) fn odd_character(text: &str) -> Option<String> {
    let invisible = text.chars().find_map(|c| match c {
        '\u{a0}' | '\u{2007}' | '\u{202f}' => Some((c, "no-break space")),
        '\u{ad}' => Some((c, "soft hyphen")),
        '\u{200b}' => Some((c, "zero-width space")),
        '\u{feff}' => Some((c, "byte order mark")),
        '\u{2000}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{205f}'..='\u{206f}'
        | '\u{3000}' => Some((c, "invisible character")),
        _ => None,
    });
    let is_quote = |c| "“”„‟«»‘’‚‛‹›".contains(c);
    if let Some((c, name)) = invisible {
        let number = u32::from(c);
        Some(format!("expected visible characters, found a {name} (U+{number:04X})"))
    } else if text.starts_with(is_quote) || text.ends_with(is_quote) {
        Some(format!("expected plain quotes (\") or none, found {}", escaped(text)))
    } else {
        None
    }
}

/// What was meant where `name: value` lacks its colon, or the space after it.
pub(super) fn meant_setting(text: &str) -> Option<String> {
    let text = text.trim();
    let end = text.find(|c| !is_name_character(c)).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let value = rest.trim_start();
    if name.is_empty() || value == ":" || value.starts_with(": ") {
        return None;
    }
    let value = value.trim_start_matches([':', '=', ' ']).split(' ').next().unwrap_or_default();
    let setting = if value.is_empty() { String::new() } else { format!(" {}", escaped(value)) };
    Some(format!("`{}:{setting}`, with a colon and a space", escaped(name)))
}

/// What was meant by something that is no source of telegrams.
pub(super) fn meant_source(text: &str) -> Option<String> {
    let (scheme, rest) = text.split_once(':').unwrap_or_default();
    let address = rest.trim_matches('/');
    let starts_with = |starts: &[&str]| starts.iter().any(|start| text.starts_with(start));
    let is_com_port = |number: &str| number.parse::<u8>().is_ok();
    if is_host_and_port(text) {
        Some(format!("tcp://{text}"))
    } else if is_host_and_port(address) {
        (!scheme.starts_with("http")).then(|| format!("tcp://{address}"))
    } else if let Ok(address) = text.parse::<IpAddr>() {
        Some(format!("tcp://{address}:PORT")).filter(|_| address.is_ipv4())
    } else if starts_with(&["dev/"]) {
        Some(format!("/{text}"))
    } else if starts_with(&["usb-"]) {
        Some(format!("/dev/serial/by-id/{text}"))
    } else if starts_with(&["tty", "serial", "rfcomm"]) {
        Some(format!("/dev/{text}"))
    } else if text.to_ascii_lowercase().strip_prefix("com").is_some_and(is_com_port) {
        Some("/dev/ttyUSB0".to_owned())
    } else {
        None
    }
}

/// The part of a URL that names its host.
pub(super) fn meant_host(text: &str) -> Option<&str> {
    Some(text.split_once("://")?.1.trim_end_matches('/'))
}

/// The interface that was meant by the label of an address, `eth0:1`, or by an address with its
/// interface, `fe80::1%eth0`.
pub(super) fn meant_interface(text: &str) -> Option<Interface> {
    let name = match (text.split_once('%'), text.split_once(':')) {
        (Some((_, name)), _) => name,
        (_, Some((name, label))) if !label.contains(':') => name,
        _ => return None,
    };
    name.parse().ok()
}

/// The line of a `[section]` in a text that also has `name = value`.
pub(super) fn ini_section(text: &str) -> Option<usize> {
    let is_section = |line: &str| {
        let name = line.trim().strip_prefix('[').and_then(|line| line.strip_suffix(']'));
        name.is_some_and(is_name)
    };
    let is_setting =
        |line: &str| line.split_once('=').is_some_and(|(name, _)| is_name(name.trim()));
    let line = text.lines().position(is_section)?;
    text.lines().any(is_setting).then_some(line + 1)
}

/// The line of the `---` that begins another document.
fn second_document(text: &str) -> Option<usize> {
    let has_content = |line: &str| !line.trim().is_empty() && !line.starts_with(['#', '%']);
    let mut lines = text.lines().zip(1..).skip_while(|(line, _)| !has_content(line)).skip(1);
    lines.find(|(line, _)| line.starts_with("---")).map(|(_, number)| number)
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(is_name_character)
}

fn is_name_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}
