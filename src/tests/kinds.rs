//! Telegrams whose meaning is easily mistaken, and what every program has to make of them.
//!
//! The table is here; each program has a test that goes through it: `reader/tests/kinds.rs`, and those named
//! `every_kind_of_telegram…` of the dashboard, of the bridge and of the metrics.

use crate::message::{Encoder, Message};
use crate::telegram::Timestamp;

/// A telegram, and what it means.
pub(crate) struct Kind {
    pub name: &'static str,
    /// Its lines, without the first one and the end line.
    pub lines: &'static [&'static str],
    /// Cells of the details, by the code of their column.
    pub details: &'static [(&'static str, &'static str)],
    /// The record of five minutes of such telegrams, behind its time and without blanks: total, lowest, mean and
    /// highest power of import, and the same of export. Empty where there is none.
    pub record: &'static str,
    /// Readings; an empty value for those that must be absent.
    pub readings: &'static [(&'static str, &'static str)],
    /// Samples of the metrics; a name alone for those that must be absent.
    pub metrics: &'static [&'static str],
    /// What the dashboard shows.
    #[cfg_attr(
        not(feature = "dashboard"),
        expect(dead_code, reason = "only p1dashboard's test asks")
    )]
    pub shown: &'static [&'static str],
}

impl Kind {
    /// The telegram as it comes over the network, of this second.
    pub(crate) fn message(&self, second: i64) -> Message {
        let lines = self.lines.join("\r\n");
        let telegram = format!("/TST5METER\r\n\r\n{lines}\r\n!\r\n");
        let time = Timestamp::from_seconds(second);
        Message::parse(Encoder::new(None).encode(telegram.as_bytes(), time, time).0.json).unwrap()
    }
}

pub(crate) const KINDS: &[Kind] = &[
    Kind {
        name: "a heat meter that counts volume (T1)",
        lines: &[
            "1-0:1.8.0(1.000*kWh)",
            "1-0:1.7.0(0.500*kW)",
            "0-1:24.1.0(012)",
            "0-1:24.2.1(261122070000W)(156.373*m3)",
        ],
        details: &[("0-1:24.2.1.B", "156.373*m3"), ("1-0:1.8.0", "1000")],
        record: "1000,500,500,500,0,0,0,0",
        readings: &[("inlet_heat_m3", "156.373"), ("inlet_heat_gj", ""), ("gas_m3", "")],
        metrics: &["p1_inlet_heat_cubic_meters_total 156.373", "p1_inlet_heat_joules_total"],
        shown: &["156.373 m³"],
    },
    Kind {
        name: "a heat meter that counts kWh (T1)",
        lines: &[
            "1-0:1.8.0(1.000*kWh)",
            "1-0:1.7.0(0.500*kW)",
            "0-1:24.1.0(004)",
            "0-1:24.2.1(261122070000W)(1234.5*kWh)",
        ],
        details: &[("0-1:24.2.1.B", "1234.5*kWh")],
        record: "1000,500,500,500,0,0,0,0",
        readings: &[("heat_gj", "4.4442"), ("heat_m3", "")],
        metrics: &["p1_heat_joules_total 4444200000", "p1_heat_cubic_meters_total"],
        shown: &["4.4442 GJ"],
    },
    Kind {
        name: "gas and water in smaller units, and a submeter in MWh (T1)",
        lines: &[
            "1-0:1.8.0(1.000*kWh)",
            "1-0:1.7.0(0.500*kW)",
            "0-1:24.1.0(003)",
            "0-1:24.2.1(261122070000W)(6135*dm3)",
            "0-2:24.1.0(022)",
            "0-2:24.2.1(261122070000W)(872234.5*l)",
            "0-3:24.1.0(002)",
            "0-3:24.2.1(261122070000W)(0.0555*MWh)",
        ],
        details: &[
            ("0-1:24.2.1.B", "6135"),
            ("0-2:24.2.1.B", "872234.5"),
            ("0-3:24.2.1.B", "55500"),
        ],
        record: "1000,500,500,500,0,0,0,0",
        readings: &[
            ("gas_m3", "6.135"),
            ("water_m3", "872.2345"),
            ("submeter_energy_kwh", "55.500"),
        ],
        metrics: &["p1_gas_cubic_meters_total 6.135", "p1_water_cubic_meters_total 872.2345"],
        shown: &["6.135 m³", "872.2345 m³", "55.500 kWh"],
    },
    Kind {
        name: "codes of channel 1, with suffixes and leading zeros (T2)",
        lines: &[
            "0-0:1.0.0.255(261122075236W)",
            "0-0:96.1.1*255(4530303437)",
            "1-1:1.8.1*255(3.000*kWh)",
            "1-1:1.8.2.255(4.000*kWh)",
            "01-01:02.08.01(5.000*kWh)",
            "1-1:1.7.0(0.000*kW)",
            "1-1:2.7.0(2.345*kW)",
            "1-1:32.7.0 (230.1*V)",
        ],
        details: &[
            ("0-0:1.0.0", "261122075236W"),
            ("0-0:96.1.1", "4530303437"),
            ("1-0:1.8.1", "3000"),
            ("1-0:1.8.2", "4000"),
            ("1-0:2.8.1", "5000"),
            ("1-0:1.7.0", "0"),
            ("1-0:2.7.0", "2345"),
            ("1-0:32.7.0", "230.1"),
        ],
        record: "7000,0,0,0,5000,2345,2345,2345",
        readings: &[
            ("unique_id", "E0047"),
            ("energy_import_kwh", "7.000"),
            ("energy_export_t1_kwh", "5.000"),
            ("power_w", "-2345"),
            ("power_export_w", "2345"),
            ("voltage_l1_v", "230.1"),
        ],
        metrics: &[
            r#"p1_power_watts{direction="export"} 2345"#,
            r#"p1_energy_joules_total{direction="import",tariff="2"} 14400000"#,
        ],
        shown: &["E0047", "230.1"],
    },
    Kind {
        name: "tariffs numbered from 11, told in another object (T3)",
        lines: &[
            "0-0:96.14.1(03)",
            "1-0:1.8.11(1.000*kWh)",
            "1-0:1.8.12(2.000*kWh)",
            "1-0:1.8.13(4.000*kWh)",
            "1-0:2.8.11(0.500*kWh)",
            "1-0:1.7.0(0.100*kW)",
            "1-0:2.7.0(0.000*kW)",
        ],
        details: &[("1-0:1.8.13", "4000"), ("1-0:1.8.1", "")],
        record: "7000,100,100,100,500,0,0,0",
        readings: &[
            ("tariff", "3"),
            ("energy_import_kwh", "7.000"),
            ("energy_import_t3_kwh", "4.000"),
            ("energy_export_kwh", "0.500"),
        ],
        metrics: &[
            r#"p1_energy_joules_total{direction="import",tariff="3"} 14400000"#,
            "p1_tariff 3",
        ],
        shown: &["7.000"],
    },
    Kind {
        name: "a total and more tariffs than it has (T3)",
        lines: &[
            "1-0:1.8.0(10.000*kWh)",
            "1-0:1.8.1(1.000*kWh)",
            "1-0:1.8.8(2.000*kWh)",
            "1-0:1.7.0(0.100*kW)",
        ],
        details: &[("1-0:1.8.0", "10000"), ("1-0:1.8.1", "1000")],
        record: "10000,100,100,100,0,0,0,0",
        readings: &[("energy_import_kwh", "10.000"), ("energy_import_t8_kwh", "2.000")],
        metrics: &[r#"p1_energy_joules_total{direction="import",tariff="8"} 7200000"#],
        shown: &["10.000"],
    },
    Kind {
        name: "power as one signed number (T4)",
        lines: &[
            "1-0:1.8.0*255(1.000*kWh)",
            "1-0:2.8.0*255(2.000*kWh)",
            "1-0:16.7.0*255(-00259.20*W)",
            "1-0:36.7.0*255(+00075.18*W)",
            "1-0:56.7.0*255(-00159.34*W)",
            "1-0:76.7.0*255(-00175.04*W)",
        ],
        details: &[
            ("1-0:1.7.0", "0"),
            ("1-0:2.7.0", "259.20"),
            ("1-0:21.7.0", "75.18"),
            ("1-0:42.7.0", "159.34"),
        ],
        record: "1000,0,0,0,2000,259,259,259",
        readings: &[
            ("power_w", "-259.20"),
            ("power_import_w", "0"),
            ("power_export_w", "259.20"),
            ("power_l1_w", "75.18"),
            ("power_export_l1_w", "0"),
            ("power_import_l2_w", "0"),
            ("power_export_l2_w", "159.34"),
        ],
        metrics: &[
            r#"p1_power_watts{direction="export"} 259.20"#,
            r#"p1_power_watts{direction="import"} 0"#,
            r#"p1_phase_power_watts{phase="l2",direction="export"} 159.34"#,
        ],
        shown: &["259"],
    },
    Kind {
        name: "power that is negative while exporting, in kW with an exponent (T4)",
        lines: &["1-0:1.8.0(1.000*kWh)", "1-0:1.7.255*255(-8.3059E-01*kW)"],
        details: &[("1-0:1.7.0", "0"), ("1-0:2.7.0", "830.59")],
        record: "1000,0,0,0,0,830,830,830",
        readings: &[("power_w", "-830.59"), ("power_import_w", "0"), ("power_export_w", "830.59")],
        metrics: &[
            r#"p1_power_watts{direction="import"} 0"#,
            r#"p1_power_watts{direction="export"} 830.59"#,
        ],
        shown: &["830"],
    },
    Kind {
        name: "states in words, versions and filler in hexadecimal (T8)",
        lines: &[
            "0-0:96.1.4(3231313130)",
            "0-0:96.14.0(TARIFF 2)",
            "0-0:96.3.10(ON)",
            "0-0:96.13.0(FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF)",
            "1-0:1.8.1(1.000*kWh)",
            "1-0:1.7.0(0.100*kW)",
        ],
        details: &[("0-0:96.14.0", "TARIFF 2")],
        record: "1000,100,100,100,0,0,0,0",
        readings: &[
            ("protocol_version", "21110"),
            ("tariff", "2"),
            ("breaker_state", "1"),
            ("text_message", ""),
        ],
        metrics: &["p1_tariff 2", "p1_breaker_state 1"],
        shown: &["21110"],
    },
    Kind {
        name: "blanks in brackets, and no star before the unit (T10)",
        lines: &[
            "1-0:1.8.1( 00007137.694*kWh )",
            "1-0:2.8.1(00000001.000 kWh)",
            "1-0:1.7.0( 00.123 * kW)",
            "1-0:2.7.0(00.000kW)",
            "0-0:96.14.0( 0002 )",
        ],
        details: &[("1-0:1.8.1", "7137694"), ("1-0:2.8.1", "1000"), ("1-0:1.7.0", "123")],
        record: "7137694,123,123,123,1000,0,0,0",
        readings: &[("energy_import_kwh", "7137.694"), ("power_w", "123"), ("tariff", "2")],
        metrics: &[r#"p1_power_watts{direction="import"} 123"#],
        shown: &["7137.694"],
    },
    Kind {
        name: "codes without medium and channel, of IEC 62056-21 (T2, T4)",
        lines: &[
            "\x020.0.0(12345678)",
            "1.8.1(1.000*kWh)",
            "1.8.2*255(2.000*kWh)",
            "1.8.1*09(0.500*kWh)",
            "2.8.1(0.250*kWh)",
            "16.7.0(-00.123*kW)",
            "32.7.0(230.1*V)",
            "6.8(12.345*MWh)",
        ],
        details: &[
            ("1-0:1.8.1", "1000"),
            ("1-0:1.8.2", "2000"),
            ("1-0:2.8.1", "250"),
            ("1-0:1.7.0", "0"),
            ("1-0:2.7.0", "123"),
            ("1-0:32.7.0", "230.1"),
        ],
        record: "3000,0,0,0,250,123,123,123",
        readings: &[
            ("unique_id", "12345678"),
            ("energy_import_kwh", "3.000"),
            ("energy_export_kwh", "0.250"),
            ("power_w", "-123"),
            ("voltage_l1_v", "230.1"),
            ("heat_gj", ""),
        ],
        metrics: &[
            r#"p1_energy_joules_total{direction="import",tariff="2"} 7200000"#,
            r#"p1_power_watts{direction="export"} 123"#,
        ],
        shown: &["12345678", "230.1"],
    },
    Kind {
        name: "a cubic metre with a superscript, and a submeter that counts GJ (T1)",
        lines: &[
            "1-0:1.8.0(1.000*kWh)",
            "1-0:1.7.0(0.500*kW)",
            "0-1:24.1.0(003)",
            "0-1:24.2.1(261122070000W)(6.135*m\u{b3})",
            "0-2:24.1.0(002)",
            "0-2:24.2.1(261122070000W)(1.800*GJ)",
        ],
        details: &[("0-1:24.2.1.B", "6135"), ("0-2:24.2.1.B", "1.800*GJ")],
        record: "1000,500,500,500,0,0,0,0",
        readings: &[("gas_m3", "6.135"), ("submeter_energy_kwh", "")],
        metrics: &["p1_gas_cubic_meters_total 6.135", "p1_submeter_energy_joules_total"],
        shown: &["6.135 m³"],
    },
    Kind {
        name: "two gas meters, a water meter that was replaced, and a heat meter that was never read",
        lines: &[
            "1-0:1.8.0(1.000*kWh)",
            "1-0:1.7.0(0.500*kW)",
            "0-1:24.1.0(003)",
            "0-1:24.2.3(261122064005W)(734.607*m3)",
            "0-2:24.1.0(003)",
            "0-2:24.2.3(261122064616W)(0.012*m3)",
            "0-3:24.1.0(007)",
            "0-3:24.2.1(261121064005W)(872.234*m3)",
            "0-4:24.1.0(007)",
            "0-4:24.2.1(261122064005W)(0.345*m3)",
            "0-5:24.1.0(004)",
            "0-5:24.2.1(000101000000W)(00000.000*GJ)",
        ],
        details: &[("0-1:24.2.3.B", "734607"), ("0-2:24.2.3.B", "12"), ("0-5:24.2.1.B", "0")],
        record: "1000,500,500,500,0,0,0,0",
        readings: &[("gas_m3", "0.012"), ("water_m3", "0.345"), ("heat_gj", "")],
        metrics: &[
            "p1_gas_cubic_meters_total 0.012",
            "p1_water_cubic_meters_total 0.345",
            "p1_heat_joules_total",
        ],
        shown: &["0.012 m³"],
    },
    Kind {
        name: "values that are empty, of another unit, or without one",
        lines: &[
            "1-0:1.8.1(1.000*kWh)",
            "1-0:1.7.0()",
            "1-0:2.7.0(0.5*kvar)",
            "1-0:32.7.0(230.1)",
            "0-1:24.1.0(003)",
            "0-1:24.2.1(632525252525W)(00000.000)",
        ],
        details: &[("1-0:1.7.0", ""), ("1-0:2.7.0", "0.5*kvar"), ("1-0:32.7.0", "230.1")],
        record: "",
        readings: &[
            ("energy_import_kwh", "1.000"),
            ("power_w", ""),
            ("power_import_w", ""),
            ("power_export_w", ""),
            ("voltage_l1_v", ""),
            ("gas_m3", ""),
        ],
        metrics: &["p1_power_watts", "p1_voltage_volts", "p1_gas_cubic_meters_total"],
        shown: &["1.000"],
    },
];
