//! The rules one by one; whole telegrams are in [`golden`].

mod golden;

use std::fmt::Write;

use proptest::prelude::*;

use super::*;
use crate::message::{Meta, Translator, Value as Sent};
use crate::telegram::{Policy, with_checksum};

/// 2026-11-22 07:52:37.297 in Amsterdam.
const NOW: Timestamp = Timestamp::from_micros(1_795_330_357_297_000);

/// A telegram as a subscriber has it.
fn message(telegram: &[u8], policy: Policy) -> Message {
    let mut translator = Translator::new(policy, None);
    let datagram = translator.feed(&mut &telegram[..], NOW).unwrap().unwrap();
    Message::parse(datagram.json).unwrap()
}

/// The message of a telegram with these lines.
fn lines(lines: &str) -> Message {
    message(&with_checksum(format!("/TST5\n\n{lines}\n!").replace('\n', "\r\n")), Policy::Auto)
}

/// What the reading of this name comes to for a telegram with these lines.
fn reading(name: &str, text: &str) -> Option<String> {
    assert!(VOCABULARY.iter().any(|reading| reading.name == name), "{name}");
    Readings::of(&lines(text)).get(name).map(ToString::to_string)
}

#[test]
fn names_are_unique_and_end_in_their_unit() {
    for (index, reading) in VOCABULARY.iter().enumerate() {
        let name = reading.name;
        assert!(
            VOCABULARY[..index].iter().all(|other| other.name != name),
            "{name} is there twice"
        );
        assert!(
            name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_')),
            "{name}"
        );
        let suffix = reading.unit.map(|unit| format!("_{}", unit.symbol().to_lowercase()));
        assert!(suffix.is_none_or(|suffix| name.ends_with(&suffix)), "{name}");
        let is_time = name.ends_with("timestamp");
        assert_eq!(reading.kind == Kind::Time, is_time, "{name}");
    }
}

#[test]
fn totals_are_the_untariffed_register_else_the_exact_sum_of_the_tariffs() {
    let import = |text| reading("energy_import_kwh", text);
    assert_eq!(import("1-0:1.8.0(5*kWh)\n1-0:1.8.1(7*kWh)").as_deref(), Some("5.000"));
    assert_eq!(
        import("1-0:1.8.1(0.1*kWh)\n1-0:1.8.2(0.2*kWh)\n1-0:1.8.3(00.03*kWh)\n1-0:1.8.4(4*kWh)")
            .as_deref(),
        Some("4.330")
    );
    assert_eq!(import("1-0:1.8.3(1.5*MWh)").as_deref(), Some("1500.000"));
    assert_eq!(
        import("1-0:1.8.1(1*kWh)\n1-0:1.8.2(00002.000)"),
        None,
        "a tariff that cannot be read"
    );
    assert_eq!(import("1-0:1.8.0(1.00)\n1-0:1.8.1(2*kWh)").as_deref(), Some("2.000"));
    assert_eq!(import("1-0:2.8.0(1*kWh)"), None);
}

#[test]
fn net_power_is_signed_and_needs_both_directions_to_be_readable() {
    let net = |text| reading("power_w", text);
    assert_eq!(net("1-0:1.7.0(0.1*kW)\n1-0:2.7.0(0.613*kW)").as_deref(), Some("-513"));
    assert_eq!(net("1-0:1.7.0*255(002124.86*W)").as_deref(), Some("2124.86"));
    assert_eq!(net("1-0:1.7.0(0.1*kW)\n1-0:2.7.0(0.613)"), None);
    assert_eq!(net("1-0:2.7.0(0.613*kW)"), None);
    assert_eq!(net("1-0:1.7.0(0.1*kW)\n1-0:2.7.0()").as_deref(), Some("100"), "not measured");
}

/// Net power, import and export of a telegram with these lines.
fn powers(text: &str) -> [Option<String>; 3] {
    ["power_w", "power_import_w", "power_export_w"].map(|name| reading(name, text))
}

#[test]
fn import_and_export_are_the_two_halves_of_signed_power() {
    for (text, expected) in [
        ("1-0:16.7.0*255(-00259.20*W)", ["-259.20", "0", "259.20"]),
        ("1-0:16.7.0(0.3*kW)\n1-0:1.7.0()", ["300", "300", "0"]),
        ("1-0:16.7.0(-0.3*kW)\n1-0:1.7.0(0.0*kW)", ["-300", "0", "300"]),
        ("1-0:1.7.0*255(-000830.59*W)", ["-830.59", "0", "830.59"]),
        ("1-0:1.7.0(-0.5*kW)\n1-0:2.7.0(0.5*kW)", ["-500", "0", "500"]),
        ("1-0:1.7.0(0*kW)\n1-0:2.7.0(-0.5*kW)", ["-500", "0", "500"]),
        ("1-0:1.7.0(0.1*kW)\n1-0:2.7.0(0.2*kW)\n1-0:16.7.0(9*kW)", ["-100", "100", "200"]),
    ] {
        assert_eq!(powers(text), expected.map(|value| Some(value.to_owned())), "{text}");
    }
    let uncertain = powers("1-0:1.7.0(0.2*kW)\n1-0:2.7.0(-0.5*kW)");
    assert_eq!(uncertain, [None, Some("200".to_owned()), None]);
    assert_eq!(powers("1-0:2.7.0(-0.5*kW)"), [None, None, None]);
    assert_eq!(powers("1-0:15.7.0*255(000123*W)"), [None, None, None], "in either direction");
}

#[test]
fn phases_are_read_by_the_same_rule() {
    let phase = |text: &str| {
        ["power_l2_w", "power_import_l2_w", "power_export_l2_w"].map(|name| reading(name, text))
    };
    let expected = ["-159.34", "0", "159.34"].map(|value| Some(value.to_owned()));
    assert_eq!(phase("1-0:56.7.0*255(-00159.34*W)"), expected);
    assert_eq!(phase("1-0:41.7.255*255(-000159.34*W)"), expected);
    assert_eq!(
        phase("1-1:42.7.0(0.15934*kW)\n1-1:41.7.0(0*kW)"),
        ["-159.34", "0", "159.34"].map(|value| Some(value.to_owned()))
    );
}

#[test]
fn power_is_the_sum_of_the_phases_where_nothing_else_tells_it() {
    let some = |values: [&str; 3]| values.map(|value| Some(value.to_owned()));
    for (text, expected) in [
        (
            "1-0:36.7.0(75.18*W)\n1-0:56.7.0(-159.34*W)\n1-0:76.7.0(-175.04*W)",
            ["-259.20", "0", "259.20"],
        ),
        (
            "1-0:21.7.0(0.1*kW)\n1-0:22.7.0(0*kW)\n1-0:41.7.0(0*kW)\n1-0:42.7.0(0.4*kW)\n1-0:61.7.0(0*kW)\n1-0:62.7.0(0*kW)",
            ["-300", "0", "300"],
        ),
        ("21.7.0(0.1*kW)\n22.7.0(0*kW)\n32.7.0(230*V)", ["100", "100", "0"]),
    ] {
        assert_eq!(powers(text), some(expected), "{text}");
    }
    let import = powers("1-0:21.7.0(0.1*kW)\n1-0:41.7.0(0.2*kW)\n1-0:61.7.0(0.3*kW)");
    assert_eq!(import, [Some("600".to_owned()), Some("600".to_owned()), None]);
    for partly in [
        "1-0:21.7.0(0.1*kW)\n1-0:32.7.0(230*V)\n1-0:52.7.0(231*V)",
        "1-0:21.7.0(0.1*kW)\n1-0:41.7.0(0.2*kvar)\n1-0:51.7.0(1*A)",
        "1-0:21.7.0(0.1*kW)\n1-0:22.7.0(0.613)",
        "1-0:36.7.0(-0.1*kW)\n1-0:41.7.0(0.2*kW)",
        "1-0:36.7.0(0.1*kW)\n1-0:1.7.0()",
        "1-0:36.7.0(0.1*kW)\n1-0:15.7.0(0.1*kW)",
        "1-0:32.7.0(230*V)",
    ] {
        assert_eq!(powers(partly), [None, None, None], "{partly}");
    }
}

#[test]
fn every_tariff_counts_whatever_its_number() {
    let of = |text: &str| {
        ["energy_import_kwh", "energy_import_t1_kwh", "energy_import_t2_kwh"]
            .map(|name| reading(name, text).unwrap_or_default())
    };
    assert_eq!(
        of("1-0:1.8.11(1*kWh)\n1-0:1.8.12(2*kWh)\n1-0:1.8.13(4*kWh)"),
        ["7.000", "1.000", "2.000"]
    );
    assert_eq!(of("1-0:1.8.1(1*kWh)\n1-0:1.8.8(2*kWh)\n1-0:1.8.63(4*kWh)"), ["7.000", "1.000", ""]);
    assert_eq!(
        of("1-0:1.8.1(1*kWh)\n1-0:1.8.11(2*kWh)\n1-0:1.8.12(2*kWh)"),
        ["5.000", "1.000", ""]
    );
    assert_eq!(of("1-0:1.8.64(1*kWh)\n1-0:1.8.1*1(2*kWh)"), ["", "", ""], "no tariffs");
    assert_eq!(of("1-0:1.8.1(1*kWh)\n1-0:1.8.60()"), ["", "1.000", ""]);
}

#[test]
fn channel_1_counts_as_channel_0_where_a_meter_uses_it() {
    let import = |text| reading("energy_import_t1_kwh", text);
    assert_eq!(import("1-1:1.8.1(1595.070*kWh)").as_deref(), Some("1595.070"));
    assert_eq!(import("1-1:1.8.1(1*kWh)\n1-0:1.8.1(2*kWh)").as_deref(), Some("2.000"));
    assert_eq!(
        import("1-3:0.2.8(50)\n1-2:1.8.1(1*kWh)\n1-4:1.8.1(2*kWh)").as_deref(),
        Some("1.000")
    );
    let other_channel = "1-0:1.7.0(0*kW)\n1-2:1.8.1(1*kWh)";
    assert_eq!(import(other_channel), None, "the main meter is on channel 0");
    let version = reading("protocol_version", "1-3:0.2.8(50)\n1-3:1.8.1(1*kWh)");
    assert_eq!(version.as_deref(), Some("50"));
}

#[test]
fn units_are_normalised_and_a_number_without_one_is_no_reading() {
    for (name, line, expected) in [
        ("current_l1_a", "1-0:31.7.0(123*mA)", Some("0.123")),
        ("current_l1_a", "1-0:31.7.0(001.64*a)", Some("1.64")),
        ("voltage_l1_v", "1-0:32.7.0(0.231*kV)", Some("231")),
        ("frequency_hz", "1-0:14.7.0(0.050*kHz)", Some("50")),
        ("frequency_hz", "1-0:14.7.0(50.01*s)", None),
        ("frequency_hz", "1-0:14.7.0(50*V)", None),
        ("voltage_l1_v", "32.7(241*V)", Some("241")),
        ("current_l1_a", "1-0:31.7.0(005A)", Some("5")),
        ("power_w", "1-0:1.7.0(00500W)", Some("500")),
        ("current_l1_a", "1-0:31.7.0(005V)", None),
        ("monthly_power_peak_w", "1-0:1.6.0(261118200000W)", None),
        ("unique_id", "0-0:96.1.1(005A)", Some("005A")),
        ("power_w", "1-0:1.7.0(00.329kW)", Some("329")),
        ("reactive_power_var", "1-0:3.7.0(00.000)", None),
        ("fuse_threshold_a", "1-1:31.4.0(65.0*A,-65.0*A)", Some("65.0")),
        ("fuse_threshold_a", "1-1:31.4.0(100*A)(-063*A)", Some("100")),
    ] {
        assert_eq!(reading(name, line).as_deref(), expected, "{line}");
    }
}

#[test]
fn a_sender_of_2021_that_leaves_units_in_texts_is_read_as_well() {
    let datagram = r#"{"meta":{"frame-start-time":1795330357.5,"frame-number":1,"frame-end-time":1795330357.6,
        "frame-time-duration":80,"clock-drift":86400},"telegram":{"0-0:1.0.0":"261122075236W",
        "0-0:17.0.0":"27.6*kVA","1-0:3.8.0":"000000.818*kvarh","0-1:24.1.0":"004","0-1:24.2.1.A":"261122075000W",
        "0-1:24.2.1.B":"240.860*GJ"}}"#;
    let message = Message::parse(datagram.as_bytes()).unwrap();
    let readings = Readings::of(&message);
    let found = |name| readings.get(name).map(ToString::to_string);
    assert_eq!(found("heat_gj").as_deref(), Some("240.860"));
    assert_eq!(found("reactive_energy_import_kvarh").as_deref(), Some("0.818"));
    assert_eq!(
        (found("power_threshold_w"), found("power_threshold_va").as_deref()),
        (None, Some("27600"))
    );
    assert_eq!(found("timestamp").as_deref(), Some("1795330356"));
    assert_eq!(found("clock_drift_s").as_deref(), Some("1.500"), "not that program's drift");
}

#[test]
fn a_threshold_that_may_be_in_amperes_is_no_reading() {
    let threshold = |line| reading("power_threshold_w", line);
    assert_eq!(threshold("0-0:17.0.0(24000*W)").as_deref(), Some("24000"));
    assert_eq!(threshold("0-0:17.0.0(999*A)"), None);
}

#[test]
fn the_threshold_of_a_meter_in_luxembourg_is_an_apparent_power() {
    let telegram = b"/Lux5\\253663629_D\r\n\r\n0-0:17.0.0(27.600*kVA)\r\n!\r\n";
    let message = message(telegram, Policy::Ignore);
    assert_eq!(message.number("0-0:17.0.0").map(Decimal::whole), Some(27_600), "as ever");
    let readings = Readings::of(&message);
    let found = |name| readings.get(name).map(ToString::to_string);
    assert_eq!(found("power_threshold_w"), None);
    assert_eq!(found("power_threshold_va").as_deref(), Some("27600"));
}

#[test]
fn a_threshold_in_kva_is_none_in_kw_in_any_country() {
    for line in ["0-0:17.0.0*255(9.2*kVA)", "00-00:17.00.00( 9.2*kva )"] {
        assert_eq!(reading("power_threshold_w", line), None, "{line}");
        assert_eq!(reading("power_threshold_va", line).as_deref(), Some("9200"), "{line}");
    }
}

#[test]
fn a_limit_of_nines_is_none() {
    for line in ["0-0:17.0.0(999.9*kW)", "0-0:17.0.0(0999.00*kW)", "0-0:17.0.0(999.9*kVA)"] {
        for name in ["power_threshold_w", "power_threshold_va"] {
            assert_eq!(reading(name, line), None, "{line}");
        }
    }
    assert_eq!(reading("fuse_threshold_a", "1-0:31.4.0(999*A)"), None);
    assert_eq!(reading("fuse_threshold_a", "1-0:31.4.0(400*A)").as_deref(), Some("400"));
}

#[test]
fn of_two_gas_meters_the_newest_reading_counts_wherever_it_is() {
    let gas = |channels: &[(&str, &str)]| {
        let mut text = String::new();
        for (index, (time, value)) in channels.iter().enumerate() {
            let n = index + 1;
            write!(text, "0-{n}:24.1.0(003)\n0-{n}:96.1.0(G{n})\n0-{n}:24.2.1({time})({value})\n")
                .unwrap();
        }
        let message = lines(&text);
        let readings = Readings::of(&message);
        readings.get("gas_unique_id").map(ToString::to_string)
    };
    let (old, new) = (("230101120000W", "1*m3"), ("261122070000W", "2*m3"));
    assert_eq!(gas(&[old, new]).as_deref(), Some("G2"));
    assert_eq!(gas(&[new, old]).as_deref(), Some("G1"));
    assert_eq!(gas(&[("632525252525S", "1*m3"), old]).as_deref(), Some("G2"), "nonsense loses");
    assert_eq!(gas(&[("000101010000W", "1*m3"), ("632525252525S", "2*m3")]).as_deref(), Some("G1"));
    assert_eq!(
        gas(&[old, ("261122070000", "2*m3")]).as_deref(),
        Some("G2"),
        "a time without its letter"
    );
    assert_eq!(gas(&[("261025023000S", "1*m3"), ("261025021500W", "2*m3")]).as_deref(), Some("G2"));
    assert_eq!(
        gas(&[old, ("261122070000W", "00002.000")]).as_deref(),
        Some("G1"),
        "no unit, no reading"
    );
    assert_eq!(gas(&[old, old]).as_deref(), Some("G1"));
    assert_eq!(gas(&[]), None);
}

#[test]
fn devices_are_told_by_their_type() {
    for (number, name, unit, expected) in [
        ("003", "gas_m3", "m3", "1.500"),
        ("3", "gas_m3", "m3", "1.500"),
        ("007", "water_m3", "m3", "1.500"),
        ("022", "water_m3", "m3", "1.500"),
        ("006", "warm_water_m3", "m3", "1.500"),
        ("021", "warm_water_m3", "m3", "1.500"),
        ("004", "heat_gj", "GJ", "1.500"),
        ("013", "heat_gj", "GJ", "1.500"),
        ("012", "inlet_heat_gj", "GJ", "1.500"),
        ("010", "cooling_gj", "GJ", "1.500"),
        ("011", "cooling_gj", "GJ", "1.500"),
        ("002", "submeter_energy_kwh", "kWh", "1.500"),
    ] {
        let text = format!("0-3:24.1.0({number})\n0-3:24.2.3(261122070000W)(00001.500*{unit})");
        assert_eq!(reading(name, &text).as_deref(), Some(expected), "{number}");
    }
    for number in ["", "000", "256", "-3", "3.0", "gas"] {
        let text = format!("0-1:24.1.0({number})\n0-1:24.2.1(261122070000W)(00001.500*m3)");
        assert_eq!(reading("gas_m3", &text), None, "{number}");
    }
    assert_eq!(reading("gas_m3", "0-1:24.2.1(261122070000W)(00001.500*m3)"), None, "no type");
}

#[test]
fn a_volume_is_in_cubic_metres_whichever_unit_the_meter_counts_in() {
    for (number, name) in [
        ("003", "gas_m3"),
        ("007", "water_m3"),
        ("006", "warm_water_m3"),
        ("004", "heat_m3"),
        ("012", "inlet_heat_m3"),
        ("010", "cooling_m3"),
    ] {
        for (sent, expected) in [
            ("12.345*m3", "12.345"),
            ("12345*dm3", "12.345"),
            ("12345.6*l", "12.3456"),
            ("+1.2345E+4*L", "12.345"),
        ] {
            let text = format!("0-1:24.1.0({number})\n0-1:24.2.1(261122070000W)({sent})");
            assert_eq!(reading(name, &text).as_deref(), Some(expected), "{number} {sent}");
        }
        for other in ["12*GJ", "12*kWh", "12*m3/h", "12*W", "12"] {
            let text = format!("0-1:24.1.0({number})\n0-1:24.2.1(261122070000W)({other})");
            assert_eq!(reading(name, &text), None, "{number} {other}");
        }
    }
}

#[test]
fn nonsense_times_are_no_time_and_take_nothing_else_away() {
    let text = "0-0:1.0.0(000101010000W)\n1-0:1.6.0(632525252525W)(1*kW)\n0-1:24.1.0(003)\n0-1:24.2.1(700101010000W)(1*m3)";
    for name in ["timestamp", "clock_drift_s", "monthly_power_peak_timestamp", "gas_timestamp"] {
        assert_eq!(reading(name, text), None, "{name}");
    }
    for (name, expected) in [("monthly_power_peak_w", "1000"), ("gas_m3", "1.000")] {
        assert_eq!(reading(name, text).as_deref(), Some(expected), "{name}");
    }
}

#[test]
fn power_factors_of_a_thousand_are_scaled() {
    let factor = |text: &str| reading("power_factor", &format!("1-0:13.7.0({text})"));
    for (sent, expected) in
        [("0.987", "0.987"), ("0987", "0.987"), ("1000", "1.000"), ("-0950", "-0.950")]
    {
        assert_eq!(factor(sent).as_deref(), Some(expected), "{sent}");
    }
    assert_eq!((factor("1").as_deref(), factor("0").as_deref()), (Some("1"), Some("0")));
}

#[test]
fn the_breaker_is_found_under_the_codes_of_every_country() {
    for code in ["0-0:96.3.10", "0-0:96.50.68", "0-0:24.4.0*255"] {
        assert_eq!(reading("breaker_state", &format!("{code}(1)")).as_deref(), Some("1"), "{code}");
    }
    assert_eq!(reading("breaker_state", "0-1:24.4.0(1)"), None, "the valve of a device");
}

#[test]
fn the_tariff_is_a_number_also_where_it_is_sent_as_letters() {
    for (sent, expected) in
        [("0002", Some("2")), ("02", Some("2")), ("5431", Some("1")), ("", None), ("HIGH", None)]
    {
        assert_eq!(
            reading("tariff", &format!("0-0:96.14.0({sent})")).as_deref(),
            expected,
            "{sent}"
        );
    }
}

#[test]
fn texts_are_decoded_without_their_line_breaks_and_filler() {
    let decoded = |line: &str| reading("text_message", line);
    assert_eq!(decoded("0-0:96.13.0(48656C\n6C6F)").as_deref(), Some("Hello"));
    assert_eq!(decoded("0-0:96.13.0(Hello)").as_deref(), Some("Hello"));
    assert_eq!(decoded("0-0:96.13.0(486)").as_deref(), Some("486"));
    assert_eq!(decoded("0-0:96.13.0(2020)"), None, "blanks");
    assert_eq!(decoded("0-0:96.13.0()"), None);
    let raw = [&b"/TST5\r\n0-0:96.13.0("[..], &[0xFF; 1024], b")\r\n!\r\n"].concat();
    assert_eq!(Readings::of(&message(&raw, Policy::Auto)).get("text_message"), None);
}

#[test]
fn the_version_is_never_decoded_and_may_be_in_one_of_two_places() {
    let version = |text| reading("protocol_version", text);
    assert_eq!(version("1-3:0.2.8(50)").as_deref(), Some("50"));
    assert_eq!(version("0-0:96.1.4(50221)").as_deref(), Some("50221"));
    assert_eq!(version("1-3:0.2.8( )\n0-0:96.1.4(50221)").as_deref(), Some("50221"));
    assert_eq!(version("0-0:96.1.4()"), None);
}

#[test]
fn power_failures_are_sorted_and_placeholders_left_out() {
    let failures = |log: &str| -> Vec<(Option<i64>, Option<String>)> {
        let failures = power_failures(&lines(&format!("1-0:99.97.0{log}")));
        let told = |failure: PowerFailure| {
            (failure.end.map(Timestamp::seconds), failure.seconds.map(|s| s.to_string()))
        };
        failures.into_iter().map(told).collect()
    };
    let (first, second) = (Some(1_496_601_577), Some(1_661_518_705));
    let newest_first = "(3)(0-0:96.7.19)(220826145825S)(0000004982*s)(170604203937S)(0000006234*s)(000101000001W)(2147483647*s)";
    let expected = [(first, Some("6234".to_owned())), (second, Some("4982".to_owned()))];
    assert_eq!(failures(newest_first), expected);
    assert_eq!(
        failures("(2)(0-0:96.7.19)(220826145825S)(000101185853W)(0000067432*s)"),
        [(None, Some("67432".to_owned())), (second, None)],
        "no length, no time"
    );
    assert_eq!(failures("(1)(0-0:96.7.19)(220826145825S)(5358478)"), [(second, None)], "no unit");
    for empty in [
        "()",
        "(0)(0-0:96.7.19)",
        "(2)(0-0:96.7.19)(000000000000W)(23)(000000000000S)(8)",
        "(1",
        "",
    ] {
        assert_eq!(failures(empty), [], "{empty}");
    }
}

#[test]
fn a_message_of_thousands_of_objects_is_read() {
    let mut telegram = Vec::new();
    for n in 0..5000 {
        let (channel, number) = (n % 256, Sent::Number(Decimal::new(n, 0)));
        telegram.push((format!("{n:05}-0:1.8.1"), number.clone()));
        telegram.push((format!("1-0:{:06}.8.1", 1 + n % 2), number.clone()));
        telegram.push((format!("0-{channel}:24.1.0"), Sent::Text("003".into())));
        telegram
            .push((format!("0-{channel}:24.2.{}.A", n % 5), Sent::Text("261122070000W".into())));
        telegram.push((format!("0-{channel}:24.2.{}.B", n % 5), number));
    }
    let message = Message { meta: Meta::new(1, NOW, NOW, None), telegram };
    let readings = Readings::of(&message);
    // Of equal ones the first: 0-0: is no channel, and 24.2.0 and 24.2.4 are no registers.
    assert_eq!(readings.get("gas_m3").unwrap().to_string(), "0.001");
    assert_eq!(readings.get("energy_import_t1_kwh").unwrap().to_string(), "0.000");
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(objects in proptest::collection::vec(("[0-9]-[0-9n]:(1\\.8\\.[0-9]|24\\.[12]\\.[0-9]|17\\.0\\.0|13\\.7\\.0|99\\.97\\.0)(\\.[AB])?", "[-0-9.*SWkAWhm3()]{0,20}|.{0,20}"), 0..20)) {
        let objects = objects.into_iter().map(|(key, text)| {
            let number = Decimal::parse(text.as_bytes()).map(Sent::Number);
            (key, number.unwrap_or(Sent::Text(text)))
        });
        let meta = Meta::new(1, NOW, NOW, None);
        let message = Message { meta, telegram: objects.collect() };
        let _ = (Readings::of(&message), power_failures(&message));
    }
}
