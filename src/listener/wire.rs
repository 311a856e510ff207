//! Recognises meters that do not send plain P1 text: encrypted telegrams, DLMS in HDLC or M-Bus frames, SML,
//! TIC, M-Bus without DLMS, wired and wireless, and readouts that need a request.
//!
//! Pure. Owns the signs of each protocol and what to tell the user. Every sign is a checksum of the protocol
//! or so long that noise does not contain it: where something is recognised, the cable is well.

use std::fmt;

use crc::{CRC_16_EN_13757, Crc, Table};

use crate::dlms::{Found, HdlcFrame, MBusFrame};
use crate::telegram::maker;
use crate::text;

/// How many lines of TIC must have a good checksum, which has six bits only.
const MIN_TIC_LINES: usize = 3;

/// The checksum of wireless M-Bus: EN 13757-4. No table: few bytes are checked.
static EN_13757: Crc<u16, Table<0>> = Crc::<u16, Table<0>>::new(&CRC_16_EN_13757);

/// A protocol that is not P1 text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// DLMS, encrypted or not.
    Dlms {
        /// What the DLMS data is wrapped in.
        framing: Framing,
        /// Who can read it.
        content: Content,
    },
    /// Smart Message Language, of German meters.
    Sml,
    /// Télé-information client, of French meters.
    Tic,
    /// M-Bus without DLMS, as meters of heat, water and gas speak it.
    MBus {
        /// Frames as a receiver of wireless M-Bus passes them on.
        is_wireless: bool,
    },
    /// IEC 62056-21 in a mode in which the meter sends its values on request only.
    OnRequest,
}

/// What DLMS data is wrapped in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// Nothing: a P1 port whose telegrams are encrypted.
    None,
    /// HDLC frames.
    Hdlc,
    /// Frames of wired M-Bus.
    MBus,
}

/// Whether DLMS data is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// It is, by a meter of this maker, in three letters, where the meter names it.
    Encrypted(Option<[u8; 3]>),
    /// It is not.
    Plain,
    /// The beginning of the data was not seen.
    Unknown,
}

/// The protocol of these bytes, if it is one of those that are no P1 text.
#[must_use]
pub fn recognise(bytes: &[u8]) -> Option<Protocol> {
    let dlms = |framing, content| Protocol::Dlms { framing, content };
    if let Some(content) = content_of_frames(bytes, hdlc_frame) {
        return Some(dlms(Framing::Hdlc, content));
    }
    if let Some(content) = content_of_frames(bytes, mbus_frame) {
        return Some(dlms(Framing::MBus, content));
    }
    if let Some(content) = ciphering(bytes) {
        return Some(dlms(Framing::None, content));
    }
    if is_sml(bytes) {
        return Some(Protocol::Sml);
    }
    let begins_anywhere = |frame: fn(&[u8]) -> bool| (0..bytes.len()).any(|at| frame(&bytes[at..]));
    if begins_anywhere(begins_with_mbus) {
        return Some(Protocol::MBus { is_wireless: false });
    }
    if begins_anywhere(begins_with_wireless_mbus) {
        return Some(Protocol::MBus { is_wireless: true });
    }
    let text: Vec<u8> = bytes.iter().map(|byte| byte & 0x7F).collect();
    if is_tic(&text) {
        return Some(Protocol::Tic);
    }
    is_on_request(&text).then_some(Protocol::OnRequest)
}

impl Protocol {
    /// Whether more bytes cannot change it.
    #[must_use]
    pub fn is_certain(self) -> bool {
        !matches!(self, Self::OnRequest | Self::Dlms { content: Content::Unknown, .. })
    }

    /// What to do about it.
    #[must_use]
    pub fn advice(self) -> &'static str {
        match self {
            Self::Dlms { content: Content::Encrypted(_), .. } => {
                "\
The cable is well. The meter encrypts what it sends: p1listener needs the key that the grid operator gives.
Write it to /etc/p1-multicast/decryption-key, or set decryption_key_file in p1_listener: see p1listener(8).
"
            }
            Self::Dlms { .. } => {
                "\
The cable is well. The meter pushes a list that p1listener does not know: please report it with a recording
(p1listener --record FILE).
"
            }
            Self::Sml | Self::Tic => {
                "\
The cable is well. This meter does not speak P1: p1listener cannot read it. Some grid operators switch the
port to P1 on request.
"
            }
            Self::MBus { .. } => {
                "\
The cable is well. This is a meter of heat, water or gas: p1listener reads the P1 port of an electricity meter,
which passes on what such meters send to it.
"
            }
            Self::OnRequest => {
                "\
The cable is well. The meter names itself, but sends its values on request only, and p1listener does not ask:
it reads ports that send by themselves.
"
            }
        }
    }
}

impl fmt::Display for Protocol {
    /// What is on the wire, as a part of a sentence.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Dlms { framing, content } = self else {
            return f.write_str(match self {
                Self::Sml => "SML, the binary protocol of German meters",
                Self::Tic => "TIC, the protocol of French meters",
                Self::MBus { is_wireless: false } => {
                    "M-Bus, the protocol of heat, water and gas meters"
                }
                Self::MBus { is_wireless: true } => {
                    "wireless M-Bus, the protocol of heat, water and gas meters"
                }
                _ => "the name of a meter that sends values on request only (IEC 62056-21)",
            });
        };
        let frames = match framing {
            Framing::None => "",
            Framing::Hdlc => " in HDLC frames",
            Framing::MBus => " in M-Bus frames",
        };
        match content {
            Content::Encrypted(_) if *framing == Framing::None => {
                f.write_str("encrypted telegrams (DLMS)")?;
            }
            Content::Encrypted(_) => write!(f, "encrypted DLMS{frames}")?,
            Content::Plain => write!(f, "plain DLMS{frames}, not encrypted")?,
            Content::Unknown => write!(f, "DLMS{frames}")?,
        }
        match content {
            Content::Encrypted(Some(letters)) => write!(f, " of {}", meter_of(*letters)),
            _ => Ok(()),
        }
    }
}

/// The meter of the maker of these three letters; zeros where it does not name its maker.
pub(super) fn meter_of(letters: [u8; 3]) -> String {
    if letters == [0; 3] {
        return "the meter".into();
    }
    let name = maker_name(letters);
    let article = if name.starts_with(['A', 'E', 'I', 'O']) { "an" } else { "a" };
    format!("{article} {name} meter")
}

/// The maker of these three letters, as registered with the DLMS User Association.
fn maker_name(letters: [u8; 3]) -> String {
    let Some(name) = maker(letters) else { return text::printable(&letters) };
    format!("{name} ({})", text::printable(&letters))
}

/// The escape sequence of SML, and what begins or ends a message after it: BSI TR-03109-1, annex IV, 8.1.
fn is_sml(bytes: &[u8]) -> bool {
    bytes.windows(8).any(|found| {
        let Some(after) = found.strip_prefix(b"\x1B\x1B\x1B\x1B") else { return false };
        matches!(after, [1, 1, 1, 1] | [2, 2, 2, 2] | [0x1A, 0..=3, ..])
    })
}

/// A frame of wired M-Bus, whatever it carries: EN 13757-2, section 5.5.
fn begins_with_mbus(bytes: &[u8]) -> bool {
    let [0x68, length, again, 0x68, rest @ ..] = bytes else { return false };
    let length = usize::from(*length);
    let (body, [sum, stop]) = match rest.split_at_checked(length) {
        Some((body, [sum, stop, ..])) => (body, [*sum, *stop]),
        _ => return false,
    };
    let computed = body.iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte));
    length >= 3 && length == usize::from(*again) && sum == computed && stop == 0x16
}

/// The first two blocks of a frame of wireless M-Bus with their checksums: EN 13757-4, frame format A.
fn begins_with_wireless_mbus(bytes: &[u8]) -> bool {
    const FIRST_BLOCK: usize = 10;
    let [length, 0x08 | 0x44 | 0x46, ..] = bytes else { return false };
    // Behind the first block; the length does not count itself.
    let Some(rest) = (usize::from(*length) + 1).checked_sub(FIRST_BLOCK) else { return false };
    let is_block = |start: usize, length: usize| {
        let Some(block) = bytes.get(start..start + length + 2) else { return false };
        let (data, sent) = block.split_at(length);
        EN_13757.checksum(data).to_be_bytes() == sent
    };
    rest > 0 && is_block(0, FIRST_BLOCK) && is_block(FIRST_BLOCK + 2, rest.min(16))
}

/// What the frames in these bytes carry; `None` if there is no frame. `frame` reads the one at the beginning,
/// and returns its data.
fn content_of_frames<'a>(
    bytes: &'a [u8],
    frame: fn(&'a [u8]) -> Option<&'a [u8]>,
) -> Option<Content> {
    let mut found = None;
    for data in (0..bytes.len()).filter_map(|at| frame(&bytes[at..])) {
        let content = content(data);
        if content != Content::Unknown {
            return Some(content);
        }
        found = Some(content);
    }
    found
}

fn content(data: &[u8]) -> Content {
    if let Some(content) = ciphering(data) {
        return content;
    }
    let data = data.strip_prefix(b"\xE6\xE7\x00").unwrap_or(data);
    // General block transfer: control, two block numbers, length, and in the first block the data.
    let data = match data {
        [0xE0, _, 0, 1, _, _, length, block @ ..] if *length < 0x80 => block,
        [0xE0, _, 0, 1, _, _, 0x81, _, block @ ..] => block,
        _ => data,
    };
    // A data notification, and the invoke id before its date and time.
    if data.first() == Some(&0x0F) { Content::Plain } else { Content::Unknown }
}

fn hdlc_frame(bytes: &[u8]) -> Option<&[u8]> {
    match HdlcFrame::read(bytes) {
        Found::Yes(frame) => Some(frame.information),
        _ => None,
    }
}

fn mbus_frame(bytes: &[u8]) -> Option<&[u8]> {
    match MBusFrame::read(bytes) {
        Found::Yes(frame) => Some(frame.data),
        _ => None,
    }
}

/// Finds the beginning of encrypted data: `DB`, the system title, which begins with the letters of the maker,
/// the length and the security control. Polish meters send a plain header and no title.
fn ciphering(bytes: &[u8]) -> Option<Content> {
    let is_ciphered = |after_title: &[u8]| {
        let length_bytes = match after_title {
            [0x81..=0x84, ..] => 1 + usize::from(after_title[0] & 0x0F),
            [0x00..=0x7F, ..] => 1,
            _ => return false,
        };
        matches!(after_title.get(length_bytes), Some(0x20 | 0x21 | 0x30 | 0x31))
    };
    (0..bytes.len()).find_map(|at| match &bytes[at..] {
        [0xDB, 0x08, one, two, three, _, _, _, _, _, rest @ ..] => {
            let maker = [*one, *two, *three];
            let is_title = maker.iter().all(u8::is_ascii_alphabetic);
            (is_title && is_ciphered(rest)).then_some(Content::Encrypted(Some(maker)))
        }
        [b'\r', b'\n', b'\r', b'\n', 0, rest @ ..] if rest.first() > Some(&0x80) => {
            is_ciphered(rest).then_some(Content::Encrypted(None))
        }
        _ => None,
    })
}

/// Lines `LF label separator value separator checksum CR`: Enedis-NOI-CPT_54E, 6.1.
fn is_tic(text: &[u8]) -> bool {
    let lines = text.split(|&byte| byte == b'\n').filter_map(|line| {
        let line = line.split(|&byte| byte == b'\r').next()?;
        let (label, [separator, check]) = line.split_last_chunk::<2>()?;
        let is_label = label.first().is_some_and(u8::is_ascii_uppercase);
        // The historical mode has blanks, and leaves the last one out of the sum.
        let separator_value = match separator {
            b' ' => 0,
            b'\t' => u32::from(b'\t'),
            _ => return None,
        };
        let sum: u32 = label.iter().map(|&byte| u32::from(byte)).sum::<u32>() + separator_value;
        (is_label && u32::from(*check) == (sum & 0x3F) + 0x20).then_some(())
    });
    lines.take(MIN_TIC_LINES).count() == MIN_TIC_LINES
}

/// Only requests `/?…!` of a reader, answers `/…` of a meter, and the acknowledgement of a reader.
fn is_on_request(text: &[u8]) -> bool {
    let mut lines: Vec<&[u8]> = text
        .split(|byte| matches!(byte, b'\r' | b'\n'))
        .map(<[u8]>::trim_ascii)
        .filter(|line| !line.is_empty() && !line.starts_with(b"\x06"))
        .collect();
    // The listening may begin and end in mid line.
    if !text.ends_with(b"\n") && lines.last().is_some_and(|line| line.starts_with(b"/")) {
        lines.pop();
    }
    let is_rest =
        |line: &&[u8]| !line.starts_with(b"/") && !line.iter().any(|b| b"(!)".contains(b));
    if lines.first().is_some_and(is_rest) {
        lines.remove(0);
    }
    let is_name = |line: &&[u8]| {
        line.strip_prefix(b"/").is_some_and(|name| {
            name.starts_with(b"?")
                || name.iter().take(3).filter(|b| b.is_ascii_alphabetic()).count() == 3
        })
    };
    !lines.is_empty() && lines.iter().all(is_name)
}

#[cfg(test)]
mod tests;
