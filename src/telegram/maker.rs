//! Who made a meter, by the three letters at the beginning of its identification or system title.
//!
//! Owns the names of makers that are registered with the DLMS User Association and whose meters are known here.
//! <https://www.dlms.com/flag-id-directory/>

/// The name of the maker of these letters, in either case; `None` if it is not known here.
#[must_use]
pub fn maker(letters: [u8; 3]) -> Option<&'static str> {
    Some(match &letters.map(|letter| letter.to_ascii_uppercase()) {
        b"ADN" => "Aidon",
        b"AUX" => "AUX",
        b"EBZ" => "eBZ",
        b"EGM" => "Elgama",
        b"ELS" | b"ELR" => "Elster",
        b"EMH" => "EMH",
        b"ESY" => "EasyMeter",
        b"HLY" => "Holley",
        b"ISK" => "Iskraemeco",
        b"KAM" | b"KMP" => "Kamstrup",
        b"KFM" => "Kaifa",
        b"LGZ" | b"LGF" => "Landis+Gyr",
        b"SAG" => "Sagemcom",
        b"SIE" | b"SMS" => "Siemens",
        b"WSE" => "Wasion",
        _ => return None,
    })
}
