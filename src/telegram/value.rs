//! Exact values: decimals as the meter wrote them, alone or with a unit.
//!
//! Owns the arithmetic that keeps a value exact (never a binary float). Which object has which
//! meaning is not known here.

use std::fmt;

use super::unit::Unit;

/// The most digits that a [`Decimal`] holds; 18 always fit in an `i64`.
const MAX_DIGITS: u8 = 18;

/// The first number that has too many digits.
const TOO_LARGE: u64 = 10u64.pow(MAX_DIGITS as u32);

/// The first number that has no room for one more digit.
const MORE_THAN_17_DIGITS: i64 = 10i64.pow(MAX_DIGITS as u32 - 1);

/// An exact decimal number: what a meter writes, `001234.567`, and what JSON writes, `1.5e3`.
///
/// Up to 18 digits, leading zeros not counted. Digits after the point are kept as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decimal {
    mantissa: i64,
    decimals: u8,
}

impl Decimal {
    /// The number `mantissa` × 10^−`decimals`, with at most 18 decimals.
    #[must_use]
    pub(crate) const fn new(mantissa: i64, decimals: u8) -> Self {
        debug_assert!(decimals <= MAX_DIGITS);
        Self { mantissa, decimals }
    }

    /// Reads `-?digits(.digits)?`; `None` for anything else and for more than 18 digits.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        let (number, rest) = Self::parse_front(text)?;
        rest.is_empty().then_some(number)
    }

    /// Reads the number that `text` begins with, and gives what follows it.
    ///
    /// What follows begins with a digit where there are more than 18.
    fn parse_front(text: &[u8]) -> Option<(Self, &[u8])> {
        let digits = text.strip_prefix(b"-").unwrap_or(text);
        let (mut mantissa, mut point, mut length) = (0, None, 0);
        for &byte in digits {
            match byte {
                b'0'..=b'9' if mantissa < MORE_THAN_17_DIGITS => {
                    mantissa = mantissa * 10 + i64::from(byte - b'0');
                }
                b'.' if point.is_none() => point = Some(length),
                _ => break,
            }
            length += 1;
        }
        let decimals = match point {
            Some(0) => return None,
            Some(point) => {
                u8::try_from(length - point - 1).ok().filter(|n| (1..=MAX_DIGITS).contains(n))?
            }
            None if length == 0 => return None,
            None => 0,
        };
        if digits.len() < text.len() {
            mantissa = -mantissa;
        }
        Some((Self { mantissa, decimals }, &digits[length..]))
    }

    /// Reads a JSON number, exponent included; `None` when it does not fit.
    #[must_use]
    pub fn parse_json(text: &str) -> Option<Self> {
        // Few have an exponent.
        Self::parse(text.as_bytes()).or_else(|| {
            let (number, exponent) = text.split_once(['e', 'E'])?;
            Self::parse(number.as_bytes())?.shifted(exponent.parse().ok()?)
        })
    }

    /// This number × 10^`places`, exact; `None` when it does not fit.
    ///
    /// The digits stay, those behind the point too: 1.50 shifted by 1 is 15.0, by −1 is 0.150.
    #[must_use]
    pub fn shifted(self, places: i8) -> Option<Self> {
        let decimals = i16::from(self.decimals) - i16::from(places);
        if decimals >= 0 {
            let decimals = u8::try_from(decimals).ok().filter(|&n| n <= MAX_DIGITS)?;
            return Some(Self { decimals, ..self });
        }
        let factor = 10i64.checked_pow(decimals.unsigned_abs().into())?;
        Self::fitting(self.mantissa.checked_mul(factor)?, 0)
    }

    /// The exact product; `None` when it does not fit.
    #[must_use]
    pub fn times(self, factor: i64) -> Option<Self> {
        Self::fitting(self.mantissa.checked_mul(factor)?, self.decimals)
    }

    /// The exact sum; `None` when it does not fit.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        let decimals = self.decimals.max(other.decimals);
        let sum = self.scaled(decimals)?.checked_add(other.scaled(decimals)?)?;
        Self::fitting(sum, decimals)
    }

    /// The exact difference; `None` when it does not fit.
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.checked_add(other.negated()?)
    }

    /// Only what [`Self::parse`] reads again may come out of a calculation.
    fn fitting(mantissa: i64, decimals: u8) -> Option<Self> {
        (mantissa.unsigned_abs() < TOO_LARGE).then_some(Self { mantissa, decimals })
    }

    /// This number × 1000: an integer if it has three decimals or fewer, exact in any case.
    ///
    /// Decimals beyond the third stay, but for trailing zeros. `None` when it does not fit.
    #[must_use]
    pub fn thousandfold(self) -> Option<Self> {
        Some(self.shifted(3)?.without_trailing_zeros())
    }

    /// The same number without zeros at the end of its decimals.
    pub(crate) const fn without_trailing_zeros(mut self) -> Self {
        while self.decimals > 0 && self.mantissa % 10 == 0 {
            self.mantissa /= 10;
            self.decimals -= 1;
        }
        self
    }

    /// Whether it is below zero.
    #[must_use]
    pub const fn is_negative(self) -> bool {
        self.mantissa < 0
    }

    /// This number with the other sign; `None` when it does not fit.
    #[must_use]
    pub fn negated(self) -> Option<Self> {
        Some(Self { mantissa: self.mantissa.checked_neg()?, ..self })
    }

    /// How many digits stand behind the point, 0 to 18.
    #[must_use]
    pub const fn decimals(self) -> u8 {
        self.decimals
    }

    /// The whole part; what is behind the point is cut off.
    #[must_use]
    pub fn whole(self) -> i64 {
        // 10^18 fits in an i64, and there are at most 18 decimals.
        self.mantissa / 10i64.pow(self.decimals.into())
    }

    /// The digits, as [`fmt::Display`] writes them, without its machinery.
    pub(crate) fn digits<'d>(&self, digits: &'d mut Digits) -> &'d str {
        // Only ASCII is written.
        std::str::from_utf8(self.ascii_digits(digits)).unwrap_or_default()
    }

    /// As [`Self::digits`], for what is no text of Rust's.
    pub(crate) fn ascii_digits<'d>(&self, digits: &'d mut Digits) -> &'d [u8] {
        let mut rest = self.mantissa.unsigned_abs();
        let mut at = digits.0.len();
        let mut push = |byte| {
            at -= 1;
            digits.0[at] = byte;
        };
        // The remainder of a division by ten is one digit.
        let mut next = || {
            let digit = u8::try_from(rest % 10).unwrap_or_default();
            rest /= 10;
            (b'0' + digit, rest > 0)
        };
        if self.decimals > 0 {
            for _ in 0..self.decimals {
                push(next().0);
            }
            push(b'.');
        }
        loop {
            let (digit, has_more) = next();
            push(digit);
            if !has_more {
                break;
            }
        }
        if self.mantissa < 0 {
            push(b'-');
        }
        &digits.0[at..]
    }

    /// This number × 10^`decimals`, cut off behind the point; `None` when it does not fit.
    #[must_use]
    pub fn scaled(self, decimals: u8) -> Option<i64> {
        match decimals.checked_sub(self.decimals) {
            Some(more) => self.mantissa.checked_mul(10i64.checked_pow(more.into())?),
            None => Some(self.mantissa / 10i64.pow((self.decimals - decimals).into())),
        }
    }
}

impl From<i64> for Decimal {
    fn from(number: i64) -> Self {
        Self::new(number, 0)
    }
}

/// The digits as short as they can be without losing one: no leading zeros, all decimals.
impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut digits = Digits::default();
        f.write_str(self.digits(&mut digits))
    }
}

/// Room for the digits of a [`Decimal`]: sign, point, a leading zero and 19 digits.
#[derive(Debug, Default)]
pub(crate) struct Digits([u8; 24]);

/// A number with its unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quantity {
    /// The number as the meter wrote it.
    pub number: Decimal,
    /// Its unit.
    pub unit: Unit,
}

impl Quantity {
    /// Reads `001234.567*kWh`, also `+1.5*kW` and `1.5E-2*kW`, and with blanks around number and unit; a number
    /// without a unit is no quantity.
    ///
    /// Some meters leave the `*` out. Then only a number with a point will do: `261122075236W` is a
    /// time, not a power.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        let text = match text.trim_ascii() {
            [b'+', number @ ..] if number.first() != Some(&b'-') => number,
            text => text,
        };
        let (number, rest) = Decimal::parse_front(text)?;
        let (number, rest) = match rest {
            [b'e' | b'E', exponent @ ..] => {
                let (places, rest) = parse_exponent(exponent)?;
                (number.shifted(places)?, rest)
            }
            _ => (number, rest),
        };
        let rest = rest.trim_ascii_start();
        let unit = match rest.strip_prefix(b"*") {
            Some(unit) => unit.trim_ascii_start(),
            None if number.decimals > 0 => rest,
            None => return None,
        };
        Some(Self { number, unit: Unit::parse(unit)? })
    }
}

impl Quantity {
    /// As [`Self::parse`], of a value that is known to be in `usual` or a multiple: then `005A` is one as well,
    /// which has neither `*` nor point. A number of 12 digits may still be a time.
    #[must_use]
    pub(crate) fn parse_in(text: &[u8], usual: Unit) -> Option<Self> {
        let without_mark = || {
            let (number, rest) = Decimal::parse_front(text.trim_ascii())?;
            let unit = Unit::parse(rest.trim_ascii_start())?;
            let is_time = text.trim_ascii().len() - rest.len() >= TIME_DIGITS;
            (!is_time && unit.base().0 == usual.base().0).then_some(Self { number, unit })
        };
        Self::parse(text).or_else(without_mark)
    }
}

/// The digits of a time, `YYMMDDhhmmss`.
const TIME_DIGITS: usize = 12;

/// The one or two digits of an exponent, with or without a sign, and what follows them.
fn parse_exponent(text: &[u8]) -> Option<(i8, &[u8])> {
    let (sign, digits) = match text {
        [b'-', digits @ ..] => (-1, digits),
        [b'+', digits @ ..] => (1, digits),
        _ => (1, text),
    };
    let length = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = digits.split_at_checked(length).filter(|_| (1..=2).contains(&length))?;
    let places: i8 = std::str::from_utf8(digits).ok()?.parse().ok()?;
    Some((sign * places, rest))
}

#[cfg(test)]
mod tests;
