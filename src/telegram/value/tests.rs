//! Numbers and quantities: what is read exactly, and what is none.

use proptest::prelude::*;

use super::*;

fn decimal(text: &str) -> Option<String> {
    Decimal::parse(text.as_bytes()).map(|number| number.to_string())
}

#[test]
fn a_number_is_written_as_read_without_its_leading_zeros() {
    for (text, written) in [
        ("001234.567", "1234.567"),
        ("00.000", "0.000"),
        ("-063", "-63"),
        ("-0.5", "-0.5"),
        ("231.40", "231.40"),
        ("000", "0"),
        ("00000000000000000000000042", "42"),
        ("999999999999999999", "999999999999999999"),
    ] {
        assert_eq!(decimal(text).as_deref(), Some(written), "{text}");
    }
}

#[test]
fn what_is_no_number_is_refused() {
    for text in ["", "-", ".", ".5", "5.", "1.2.3", "--1", "1-", "+1", "1e3", "NaN", " 1", "1 "] {
        assert_eq!(decimal(text), None, "{text}");
    }
    assert_eq!(decimal("1000000000000000000"), None, "19 digits");
    assert_eq!(decimal(&"9".repeat(400)), None);
}

#[test]
fn json_numbers_are_read_with_their_exponent() {
    let json = |text| Decimal::parse_json(text).map(|number| number.to_string());
    assert_eq!(json("1.5e3").as_deref(), Some("1500"));
    assert_eq!(json("15E-1").as_deref(), Some("1.5"));
    assert_eq!(json("1e+2").as_deref(), Some("100"));
    assert_eq!(json("-2.5e1").as_deref(), Some("-25"));
    for out_of_range in ["1e400", "1e-400", "1e19", "1e-19", "9e127"] {
        assert_eq!(json(out_of_range), None, "{out_of_range}");
    }
}

#[test]
fn a_thousandfold_is_exact_where_binary_floats_are_not() {
    let thousandfold = |text: &str| {
        Decimal::parse(text.as_bytes()).and_then(Decimal::thousandfold).map(|n| n.to_string())
    };
    for (text, expected) in [
        ("1.001", "1001"),
        ("001234.567", "1234567"),
        ("0000.20", "200"),
        ("12", "12000"),
        ("00052185.7825309", "52185782.5309"),
        ("0001.2300000", "1230"),
        ("-0.001", "-1"),
    ] {
        assert_eq!(thousandfold(text).as_deref(), Some(expected), "{text}");
    }
    for too_large in ["999999999999999999", "5000000000000000"] {
        assert_eq!(thousandfold(too_large), None, "{too_large}");
    }
}

#[test]
fn shifting_keeps_every_digit() {
    let shifted = |text: &str, places| {
        let number = Decimal::parse(text.as_bytes())?.shifted(places)?;
        Some(number.to_string())
    };
    for (text, places, expected) in [
        ("1234567", -3, "1234.567"),
        ("52185782.5309", -3, "52185.7825309"),
        ("1.50", 1, "15.0"),
        ("-1.5", 3, "-1500"),
        ("0", -3, "0.000"),
    ] {
        assert_eq!(shifted(text, places).as_deref(), Some(expected), "{text}");
    }
    assert_eq!(shifted("0.5", -18), None, "19 decimals");
    assert_eq!(shifted("5", 18), None, "19 digits");
    assert_eq!(shifted("5", i8::MAX), None);
}

#[test]
fn sums_and_differences_are_exact_at_the_finer_scale() {
    let number = |text: &str| Decimal::parse(text.as_bytes()).unwrap();
    let sum = |a, b| Some(number(a).checked_add(number(b))?.to_string());
    let difference = |a, b| Some(number(a).checked_sub(number(b))?.to_string());
    assert_eq!(sum("0.1", "0.20").as_deref(), Some("0.30"));
    assert_eq!(difference("329", "613").as_deref(), Some("-284"));
    assert_eq!(difference("0.5", "1").as_deref(), Some("-0.5"));
    assert_eq!(sum("999999999999999999", "1"), None, "19 digits");
    assert_eq!(sum("999999999999999999", "0.1"), None, "19 digits");
    let lowest = Decimal::new(i64::MIN, 0);
    assert_eq!(number("1").checked_sub(lowest), None);
}

#[test]
fn cutting_and_scaling_drop_what_is_behind_the_point() {
    let number = Decimal::parse(b"-12.987").unwrap();
    assert_eq!(
        (number.whole(), number.scaled(1), number.scaled(5)),
        (-12, Some(-129), Some(-1_298_700))
    );
}

#[test]
fn quantities_are_read_with_or_without_the_star_in_any_case() {
    for text in [
        "00010117.368*kWh",
        "00010117.368kWh",
        "00010117.368*KWH",
        "00010117.368*kWh ",
        " 00010117.368 * kWh",
        "00010117.368 kWh",
        "+10117.368*kWh",
    ] {
        let quantity = Quantity::parse(text.as_bytes()).unwrap();
        assert_eq!(
            (quantity.number.to_string().as_str(), quantity.unit),
            ("10117.368", Unit::KiloWh)
        );
    }
    for text in [
        "00000.000",
        "261122075236W",
        "12A",
        "*m3",
        "12*",
        "12*parsec",
        "kWh",
        "1.2.3*kWh",
        "12 kWh",
        "12* ",
    ] {
        assert_eq!(Quantity::parse(text.as_bytes()), None, "{text}");
    }
}

#[test]
fn a_sign_and_an_exponent_are_part_of_the_number() {
    let read = |text: &str| {
        let Quantity { number, unit } = Quantity::parse(text.as_bytes())?;
        Some(format!("{number} {}", unit.symbol()))
    };
    for (text, expected) in [
        ("+00.259*kW", "0.259 kW"),
        ("-00.259*kW", "-0.259 kW"),
        ("1.5E+3*W", "1500 W"),
        ("-2.5e-2 * kW", "-0.025 kW"),
        ("12E1*l", "120 l"),
        ("1.5E0kW", "1.5 kW"),
    ] {
        assert_eq!(read(text).as_deref(), Some(expected), "{text}");
    }
    for text in [
        "+-1*kW", "-+1*kW", "++1*kW", "+*kW", "1E*kW", "1E+*kW", "1E100*kW", "1E1.5*kW", "1e20*kW",
        "1E1E1*kW", "1.5E1kW", "E5*kW",
    ] {
        assert_eq!(read(text), None, "{text}");
    }
}

proptest! {
    #[test]
    fn every_number_survives_being_written_and_read(mantissa in -999_999_999_999_999_999i64..1_000_000_000_000_000_000, decimals in 0u8..=18) {
        let number = Decimal::new(mantissa, decimals);
        prop_assert_eq!(Decimal::parse(number.to_string().as_bytes()), Some(number));
        prop_assert_eq!(Decimal::parse_json(&number.to_string()), Some(number));
    }

    #[test]
    fn reading_never_panics(text in proptest::collection::vec(any::<u8>(), 0..40)) {
        let _ = Quantity::parse(&text);
        let _ = Decimal::parse_json(&String::from_utf8_lossy(&text)).map(|n| (n.whole(), n.scaled(3), n.thousandfold()));
    }
}
