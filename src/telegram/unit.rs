//! The units that meters send.
//!
//! Owns their spelling and how they hang together: which unit another one is a multiple of.

/// The units that meters send, told apart without regard to case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the units")]
pub enum Unit {
    Wh,
    KiloWh,
    MegaWh,
    Watt,
    KiloWatt,
    MegaWatt,
    Varh,
    KiloVarh,
    MegaVarh,
    Var,
    KiloVar,
    MegaVar,
    VoltAmpere,
    KiloVoltAmpere,
    VoltAmpereHour,
    KiloVoltAmpereHour,
    Volt,
    KiloVolt,
    Ampere,
    KiloAmpere,
    MilliAmpere,
    CubicMetre,
    CubicDecimetre,
    Litre,
    Joule,
    KiloJoule,
    MegaJoule,
    GigaJoule,
    Hertz,
    KiloHertz,
    Second,
}

impl Unit {
    /// All of them, those that telegrams are full of first.
    const ALL: [Self; 31] = [
        Self::KiloWatt,
        Self::KiloWh,
        Self::Volt,
        Self::Ampere,
        Self::CubicMetre,
        Self::Second,
        Self::KiloVar,
        Self::KiloVarh,
        Self::Watt,
        Self::Wh,
        Self::Var,
        Self::Varh,
        Self::VoltAmpere,
        Self::KiloVoltAmpere,
        Self::VoltAmpereHour,
        Self::KiloVoltAmpereHour,
        Self::KiloVolt,
        Self::KiloAmpere,
        Self::MilliAmpere,
        Self::MegaWh,
        Self::MegaWatt,
        Self::MegaVarh,
        Self::MegaVar,
        Self::CubicDecimetre,
        Self::Litre,
        Self::GigaJoule,
        Self::Hertz,
        Self::KiloHertz,
        Self::MegaJoule,
        Self::KiloJoule,
        Self::Joule,
    ];

    /// The unit of this name, in any case, also with `³` (in ISO 8859-1 or UTF-8) or `^3` for 3. `mW`, `mvar` and `mvarh`
    /// are none: they may be meant as written.
    #[must_use]
    pub fn parse(name: &[u8]) -> Option<Self> {
        let is_letters = |name: &&[u8]| name.iter().all(u8::is_ascii_alphabetic);
        if let Some(rest) = name.strip_suffix(b"^3").filter(is_letters) {
            return Self::parse(&[rest, b"3"].concat());
        }
        if let Some(rest) = name.strip_suffix(b"\xB3") {
            return Self::parse(&[rest.strip_suffix(b"\xC2").unwrap_or(rest), b"3"].concat());
        }
        let has_name = |unit: &Self| unit.symbol().as_bytes().eq_ignore_ascii_case(name);
        let unit = Self::ALL.into_iter().find(has_name)?;
        let may_be_milli = matches!(unit, Self::MegaWatt | Self::MegaVar | Self::MegaVarh);
        (!may_be_milli || name.starts_with(b"M")).then_some(unit)
    }

    /// The name in its usual spelling, ASCII only: `kWh`, `m3`.
    #[must_use]
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Wh => "Wh",
            Self::KiloWh => "kWh",
            Self::MegaWh => "MWh",
            Self::Watt => "W",
            Self::KiloWatt => "kW",
            Self::MegaWatt => "MW",
            Self::Varh => "varh",
            Self::KiloVarh => "kvarh",
            Self::MegaVarh => "Mvarh",
            Self::Var => "var",
            Self::KiloVar => "kvar",
            Self::MegaVar => "Mvar",
            Self::VoltAmpere => "VA",
            Self::KiloVoltAmpere => "kVA",
            Self::VoltAmpereHour => "VAh",
            Self::KiloVoltAmpereHour => "kVAh",
            Self::Volt => "V",
            Self::KiloVolt => "kV",
            Self::Ampere => "A",
            Self::KiloAmpere => "kA",
            Self::MilliAmpere => "mA",
            Self::CubicMetre => "m3",
            Self::CubicDecimetre => "dm3",
            Self::Litre => "l",
            Self::Joule => "J",
            Self::KiloJoule => "kJ",
            Self::MegaJoule => "MJ",
            Self::GigaJoule => "GJ",
            Self::Hertz => "Hz",
            Self::KiloHertz => "kHz",
            Self::Second => "s",
        }
    }

    /// The unit without its prefix, and the power of ten that it is multiplied by: kWh = Wh × 10³. Volumes are
    /// multiples of dm3.
    #[must_use]
    pub const fn base(self) -> (Self, i8) {
        match self {
            Self::KiloWh => (Self::Wh, 3),
            Self::MegaWh => (Self::Wh, 6),
            Self::KiloWatt => (Self::Watt, 3),
            Self::MegaWatt => (Self::Watt, 6),
            Self::KiloVarh => (Self::Varh, 3),
            Self::MegaVarh => (Self::Varh, 6),
            Self::KiloVar => (Self::Var, 3),
            Self::MegaVar => (Self::Var, 6),
            Self::KiloVoltAmpere => (Self::VoltAmpere, 3),
            Self::KiloVoltAmpereHour => (Self::VoltAmpereHour, 3),
            Self::KiloVolt => (Self::Volt, 3),
            Self::KiloAmpere => (Self::Ampere, 3),
            Self::MilliAmpere => (Self::Ampere, -3),
            Self::KiloHertz => (Self::Hertz, 3),
            Self::CubicMetre => (Self::CubicDecimetre, 3),
            Self::Litre => (Self::CubicDecimetre, 0),
            Self::KiloJoule => (Self::Joule, 3),
            Self::MegaJoule => (Self::Joule, 6),
            Self::GigaJoule => (Self::Joule, 9),
            Self::Wh
            | Self::Watt
            | Self::Varh
            | Self::Var
            | Self::VoltAmpere
            | Self::VoltAmpereHour
            | Self::Volt
            | Self::Ampere
            | Self::CubicDecimetre
            | Self::Joule
            | Self::Hertz
            | Self::Second => (self, 0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_is_read_by_its_symbol_in_any_case() {
        let symbols = "Wh kWh MWh W kW MW varh kvarh Mvarh var kvar Mvar VA kVA VAh kVAh V kV A kA mA m3 dm3 l J kJ MJ GJ Hz kHz s";
        for symbol in symbols.split(' ') {
            let unit = Unit::parse(symbol.as_bytes()).unwrap();
            assert_eq!(unit.symbol(), symbol);
            assert_eq!(Unit::parse(symbol.to_uppercase().as_bytes()), Some(unit));
        }
        for cubic in [&b"m\xB3"[..], b"m\xC2\xB3", b"M\xB3", b"m^3"] {
            assert_eq!(Unit::parse(cubic), Some(Unit::CubicMetre));
        }
        for none in ["parsec", "³", "m³³", "m\u{c2}", "m^^3", "^3", "mW", "mw", "mvar", "mVArh"]
        {
            assert_eq!(Unit::parse(none.as_bytes()), None, "{none}");
        }
        assert_eq!(Unit::parse(b"mwh"), Some(Unit::MegaWh));
    }

    #[test]
    fn a_prefix_is_a_power_of_ten_of_the_unit_without_it() {
        for (unit, base, power) in [
            ("kWh", "Wh", 3),
            ("MWh", "Wh", 6),
            ("mA", "A", -3),
            ("kA", "A", 3),
            ("kHz", "Hz", 3),
            ("kVAh", "VAh", 3),
            ("m3", "dm3", 3),
            ("l", "dm3", 0),
            ("Mvar", "var", 6),
            ("GJ", "J", 9),
            ("W", "W", 0),
        ] {
            let (found, found_power) = Unit::parse(unit.as_bytes()).unwrap().base();
            assert_eq!((found.symbol(), found_power), (base, power), "{unit}");
        }
    }
}
