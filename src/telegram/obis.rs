//! The numbers of an OBIS code, `A-B:C.D.E`.
//!
//! Owns how a code is written; what it stands for is in [`super::catalogue`].

use std::fmt;

use super::unit::Unit;

/// The numbers of an OBIS code, without the text they come in.
///
/// Ordered by A, then B and so on: the codes of one M-Bus channel (`0-n:`) are neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Obis(
    /// The numbers, a byte each: one comparison instead of five.
    u64,
);

/// The most tariffs that meters are known to count by.
pub const TARIFFS: usize = 8;

/// The highest number of a tariff: IEC 62056-6-1, value group E.
pub(crate) const MAX_TARIFF: u8 = 63;

/// A and B of the electricity meter, `1-0:`.
const ELECTRICITY: u64 = 0x0100;

/// What B is in a code for any M-Bus channel, `0-n:24.2.1`.
const ANY_CHANNEL: u8 = 255;

/// `A-B:C.D.E`.
impl fmt::Display for Obis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [medium, channel, quantity, processing, tariff] = self.numbers();
        write!(f, "{medium}-{channel}:{quantity}.{processing}.{tariff}")
    }
}

impl Obis {
    /// Reads `A-B:C.D.E`, also with `*255` or `.255` behind it; B may be `n`, for any M-Bus channel.
    ///
    /// The short forms `C.D.E` and `C.D`, which is `C.D.0`, are of the electricity meter, `1-0:` (IEC 62056-21,
    /// section 5.5). Another number than 255 behind the code tells of another period: it is not this object.
    #[must_use]
    #[inline(never)]
    pub const fn parse(code: &[u8]) -> Option<Self> {
        let (mut numbers, mut number) = (0u64, 0u64);
        let (mut at, mut group, mut has_digits, mut is_short) = (0, 0, false, false);
        while at < code.len() {
            let digit = code[at].wrapping_sub(b'0');
            if digit < 10 {
                number = number * 10 + digit as u64;
                if number > 255 {
                    return None;
                }
                has_digits = true;
            } else if code[at] == b'n' && group == 1 && !has_digits {
                number = ANY_CHANNEL as u64;
                has_digits = true;
            } else if has_digits && is_separator(code[at], group) {
                if group == 0 && code[at] == b'.' {
                    (numbers, group, is_short) = (ELECTRICITY, 2, true);
                }
                numbers = (numbers << 8) | number;
                (number, group, has_digits) = (0, group + 1, false);
            } else {
                return None;
            }
            at += 1;
        }
        match group {
            3 if has_digits && is_short => Some(Self((numbers << 16) | (number << 8))),
            4 if has_digits => Some(Self((numbers << 8) | number)),
            5 if has_digits && number == 255 => Some(Self(numbers)),
            _ => None,
        }
    }

    /// The numbers of a code in a table of ours; a code that is none does not compile.
    pub(crate) const fn literal(code: &str) -> Self {
        match Self::parse(code.as_bytes()) {
            Some(obis) => obis,
            None => panic!("not an OBIS code"),
        }
    }

    /// The M-Bus channel, 1 to 255; `None` for what belongs to no channel.
    #[must_use]
    pub const fn channel(self) -> Option<u8> {
        match self.numbers() {
            [0, channel, ..] if channel > 0 => Some(channel),
            _ => None,
        }
    }

    /// The same object of this M-Bus channel.
    #[must_use]
    pub(crate) const fn of_channel(self, channel: u8) -> Self {
        let [a, _, c, d, e] = self.numbers();
        Self::from_numbers([a, channel, c, d, e])
    }

    /// The register of this tariff, of an untariffed one.
    #[must_use]
    pub(crate) const fn of_tariff(self, tariff: u8) -> Self {
        let [a, b, c, d, _] = self.numbers();
        Self::from_numbers([a, b, c, d, tariff])
    }

    /// The same object of the main electricity meter: `1-1:` as `1-0:`, since some meters number their
    /// only channel 1, and `1.7.255` as `1.7.0`, since 255 tells no tariff either. Others as they are.
    #[must_use]
    pub(crate) const fn main_channel(self) -> Self {
        match self.numbers() {
            [1, 0 | 1, c, d, 255] => Self::from_numbers([1, 0, c, d, 0]),
            [1, 1, c, d, e] => Self::from_numbers([1, 0, c, d, e]),
            _ => self,
        }
    }

    /// The channel of the main meter, of all codes of a telegram: the lowest that has registers or powers.
    #[must_use]
    pub(crate) fn main_channel_of(codes: impl Iterator<Item = Self>) -> u8 {
        let mut channels = codes.filter_map(Self::measuring_channel);
        // Nearly always 0, and then nothing else needs to be looked at.
        let (mut main, mut next) = (None, channels.next());
        while let Some(channel) = next.filter(|_| main != Some(0)) {
            main = Some(main.map_or(channel, |main: u8| main.min(channel)));
            next = channels.next();
        }
        main.unwrap_or(0)
    }

    /// As [`Self::main_channel`], where `channel` is that of the main meter.
    #[must_use]
    pub(crate) const fn main_channel_from(self, channel: u8) -> Self {
        match self.numbers() {
            // Those of C = 0 are of the device, such as the version of its P1 output, `1-3:0.2.8`.
            [1, b, c, d, e] if b == channel && b > 1 && c > 0 => {
                Self::from_numbers([1, 0, c, d, e]).main_channel()
            }
            _ => self.main_channel(),
        }
    }

    /// The channel of an electricity meter whose register or power this is.
    const fn measuring_channel(self) -> Option<u8> {
        match self.numbers() {
            [1, channel, 1..=80, 7 | 8, _] => Some(channel),
            _ => None,
        }
    }

    /// The last number: of a register, its tariff.
    #[must_use]
    pub(crate) const fn tariff(self) -> u8 {
        let [.., tariff] = self.numbers();
        tariff
    }

    /// As [`Self::main_channel`], and every M-Bus channel as `0-n:`.
    #[must_use]
    pub(crate) const fn general(self) -> Self {
        match self.channel() {
            Some(_) => self.of_channel(ANY_CHANNEL),
            None => self.main_channel(),
        }
    }

    /// As [`electricity_unit`], whichever way the code is spelled.
    #[must_use]
    pub(crate) const fn electricity_unit(self) -> Option<Unit> {
        match self.numbers() {
            [1, _, quantity, processing, _] => base_unit(quantity as u32, processing as u32),
            _ => None,
        }
    }

    const fn from_numbers([medium, channel, quantity, processing, tariff]: [u8; 5]) -> Self {
        let bytes = [0, 0, 0, medium, channel, quantity, processing, tariff];
        Self(u64::from_be_bytes(bytes))
    }

    /// A, B, C, D and E.
    pub(super) const fn numbers(self) -> [u8; 5] {
        let [_, _, _, numbers @ ..] = self.0.to_be_bytes();
        numbers
    }
}

/// Whether this byte stands behind the number of this group.
const fn is_separator(byte: u8, group: u32) -> bool {
    match group {
        0 => matches!(byte, b'-' | b'.'),
        1 => byte == b':',
        2 | 3 => byte == b'.',
        4 => matches!(byte, b'.' | b'*'),
        _ => false,
    }
}

/// The base unit of what an object of an electricity meter measures, where its code tells it: value
/// groups C and D of IEC 62056-6-1. Those of a phase are 20, 40 and 60 higher.
///
/// Takes the code as sent, and looks at no more of it than that: most objects of a telegram are asked.
#[must_use]
pub(crate) fn electricity_unit(code: &[u8]) -> Option<Unit> {
    let [b'1', b'-', _, b':', rest @ ..] = code else {
        return Obis::parse(code)?.electricity_unit();
    };
    let (quantity, rest) = leading_number(rest)?;
    let (processing, _) = leading_number(rest.strip_prefix(b".")?)?;
    base_unit(quantity, processing)
}

const fn base_unit(quantity: u32, processing: u32) -> Option<Unit> {
    let of_all_phases = if quantity <= 80 { quantity.wrapping_sub(1) % 20 + 1 } else { quantity };
    match (of_all_phases, processing) {
        (1 | 2 | 15..=20, 8) => Some(Unit::Wh),
        (1 | 2 | 15..=20, 4..=7) => Some(Unit::Watt),
        (3..=8, 8) => Some(Unit::Varh),
        (3..=8, 4..=7) => Some(Unit::Var),
        (9 | 10, 8) => Some(Unit::VoltAmpereHour),
        (9 | 10, 4..=7) => Some(Unit::VoltAmpere),
        (11, 4 | 7) => Some(Unit::Ampere),
        (12, 7) => Some(Unit::Volt),
        (14, 7) => Some(Unit::Hertz),
        _ => None,
    }
}

fn leading_number(text: &[u8]) -> Option<(u32, &[u8])> {
    let (mut number, mut rest) = (0u32, text);
    while let [digit @ b'0'..=b'9', after @ ..] = rest {
        number = number.wrapping_mul(10).wrapping_add(u32::from(digit - b'0'));
        rest = after;
    }
    // Longer ones are in no code.
    (1..=3).contains(&(text.len() - rest.len())).then_some((number, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_with_or_without_its_suffix() {
        let plain = Obis::parse(b"1-0:1.8.1");
        assert_eq!(plain, Some(Obis::from_numbers([1, 0, 1, 8, 1])));
        for code in ["1-0:1.8.1*255", "1-0:1.8.1.255", "01-0:1.8.1", "1.8.1", "1.8.1*255", "01.8.1"]
        {
            assert_eq!(Obis::parse(code.as_bytes()), plain, "{code}");
        }
        assert_eq!(Obis::parse(b"0-0:96.1.255*255"), Obis::parse(b"0-0:96.1.255"));
        assert_eq!(Obis::parse(b"32.7"), Obis::parse(b"1-0:32.7.0"));
    }

    #[test]
    fn what_is_no_code_is_refused() {
        for text in [
            "",
            "-",
            "1",
            "1-0",
            "1-0:1.8",
            "1-0:1.8.",
            "-0:1.8.1",
            "1-0:1..1",
            "1-0:1.8.1*",
            "1-0:1.8.1*1",
            "1-0:1.8.1.1",
            "1.",
            "1.8.",
            "1.8*255",
            "1.8.1*1",
            "1.8.1.1",
            "1.8.1.255.255",
            "C.1.0",
            "0:1.8.1",
            "1-0:1.8.1.255.",
            "1-0:1.8.1.255.255",
            "1-0:1.8.256",
            "1-0:1.8.1.A",
            "1:0-1.8.1",
            "n-0:1.8.1",
            "0-nn:1.8.1",
            "0-1n:1.8.1",
            "0-n1:1.8.1",
            " 1-0:1.8.1",
            "1-0:1*8.1",
            "header",
        ] {
            assert_eq!(Obis::parse(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn the_unit_of_a_code_is_that_of_its_numbers() {
        for (codes, unit) in [
            (["1-0:1.7.0", "01-00:01.07.00", "1-00:1.7.0*255"], Some(Unit::Watt)),
            (["1-0:61.8.1", "1-01:061.8.1", "1-1:61.8.1.255"], Some(Unit::Wh)),
            (["32.7", "32.7.0", "1-0:32.7.0"], Some(Unit::Volt)),
            (["7-0:1.7.0", "01-0:96.1.0", "0-0:1.7.0"], None),
        ] {
            for code in codes {
                assert_eq!(electricity_unit(code.as_bytes()), unit, "{code}");
            }
        }
    }

    #[test]
    fn channels_are_told_and_taken_together() {
        let code = |text: &str| Obis::parse(text.as_bytes()).unwrap();
        assert_eq!(code("0-3:24.2.1").channel(), Some(3));
        assert_eq!(code("0-0:96.1.1").channel(), None);
        assert_eq!(code("1-1:1.8.1").channel(), None);
        assert_eq!(code("0-3:24.2.1").general(), code("0-n:24.2.1"));
        assert_eq!(code("1-1:1.8.1").general(), code("1-0:1.8.1"));
        assert_eq!(code("7-1:1.8.1").general(), code("7-1:1.8.1"));
        assert_eq!(code("0-n:24.2.1").of_channel(2), code("0-2:24.2.1"));
        assert_eq!(code("1-0:1.8.0").of_tariff(4), code("1-0:1.8.4"));
    }
}
