//! What goes out for which telegram: our own telegrams always, real ones and reference vectors where their
//! folder is there.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use super::*;
use crate::emeter::datagram::{Identity, decode, encode};
use crate::message::Encoder;
use crate::message::tests::message;
use crate::reading::Readings;
use crate::telegram::{Intake, Policy, Timestamp};

const IDENTITY: Identity = Identity { susy_id: 349, serial: 1_900_000_001 };

fn measured(objects: &[(&str, &str)]) -> Result<(Measurement, Gaps), Unfit> {
    measure(&message(0, objects))
}

/// Net power of the sum and of the phases, in tenths of W.
fn powers(objects: &[(&str, &str)]) -> [i64; 4] {
    let (measurement, _) = measured(objects).unwrap();
    let net = |circuit: &Circuit| {
        i64::from(circuit.active.import.now) - i64::from(circuit.active.export.now)
    };
    let [l1, l2, l3] = measurement.phases.map(|phase| net(&phase.circuit));
    [net(&measurement.sum), l1, l2, l3]
}

fn telegrams(bytes: &[u8]) -> Vec<Message> {
    let (mut intake, mut encoder) = (Intake::new(Policy::Ignore), Encoder::new(None));
    let (mut messages, mut rest) = (Vec::new(), bytes);
    let time = Timestamp::default();
    while let Some(received) = intake.feed(&mut rest, time) {
        let (datagram, _) = encoder.encode(received.frame.bytes(), time, time);
        messages.push(Message::parse(datagram.json).unwrap());
    }
    messages
}

const COUNTRIES: [&str; 11] = [
    "nl-esmr5",
    "nl-dsmr42",
    "nl-dsmr22",
    "be-fluvius",
    "be-wallonia",
    "lu",
    "se",
    "hu",
    "lt",
    "at",
    "heat",
];

#[test]
fn the_telegrams_of_every_country_give_what_they_always_gave() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let mut found = String::new();
    for country in COUNTRIES {
        let text = fs::read_to_string(data.join(format!("reading-{country}.txt"))).unwrap();
        for message in telegrams(text.replace('\n', "\r\n").as_bytes()) {
            write!(found, "{country}\n  ").unwrap();
            match measure(&message) {
                Ok((measurement, gaps)) => {
                    let bytes = encode(&measurement, IDENTITY, 1_832_304_015);
                    writeln!(found, "{}  {gaps}", decode(&bytes).unwrap()).unwrap();
                    let hex: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
                    for line in hex.chunks(48) {
                        writeln!(found, "  {}", line.concat()).unwrap();
                    }
                }
                Err(unfit) => writeln!(found, "nothing: {unfit}").unwrap(),
            }
        }
    }
    let golden = data.join("emeter.golden");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&golden, &found).unwrap();
    }
    assert!(found == fs::read_to_string(golden).unwrap(), "found:\n{found}");
}

fn shared(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared").join(folder)
}

#[test]
#[ignore = "needs ../shared"]
fn each_reference_telegram_gives_its_datagram_to_the_byte() {
    let mut count = 0;
    for entry in fs::read_dir(shared("emeter")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "telegram") {
            continue;
        }
        let json = fs::read(path.with_extension("json")).unwrap();
        let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
        let tick = u32::try_from(json["tick_ms"].as_u64().unwrap()).unwrap();
        let messages = telegrams(&fs::read(&path).unwrap());
        assert_eq!(messages.len(), 1, "{path:?}");
        let (measurement, _) = measure(&messages[0]).unwrap();
        let expected = fs::read(path.with_extension("bin")).unwrap();
        assert!(
            encode(&measurement, IDENTITY, tick) == expected[..],
            "{path:?}: {:#?}\nexpected {:#?}",
            measurement,
            decode(&expected)
        );
        count += 1;
    }
    assert!(count >= 14, "{count}");
}

/// What holds for each datagram, whatever the telegram.
fn check(message: &Message, name: &str) {
    let Ok((measurement, gaps)) = measure(message) else { return };
    let circuits = measurement.phases.iter().map(|phase| &phase.circuit).chain([&measurement.sum]);
    for Circuit { active, reactive, apparent, .. } in circuits {
        for it in [active, reactive, apparent] {
            assert!(it.import.now == 0 || it.export.now == 0, "{name}: {measurement:?}");
        }
    }
    let readings = Readings::of(message);
    let sum = measurement.sum.active;
    let net = i64::from(sum.import.now) - i64::from(sum.export.now);
    let power = readings.number("power_w").unwrap();
    assert!((net * 1000 - power.scaled(4).unwrap()).abs() <= 500, "{name}: {net} for {power} W");
    let is_idle = |directions: Directions| directions.import.now + directions.export.now == 0;
    if measurement.phases.iter().all(|phase| is_idle(phase.circuit.active)) {
        assert_eq!(net, 0, "{name}: the phases are 0 and the total is not");
    }
    for phase in measurement.phases.iter().filter(|phase| phase.current == 0) {
        assert!(!gaps.currents || is_idle(phase.circuit.active), "{name}: 0 A beside a power");
    }
    for (channel, reading) in [(sum.import, "energy_import_kwh"), (sum.export, "energy_export_kwh")]
    {
        let register = readings.number(reading).unwrap_or(0.into());
        let digits = u128::try_from(register.scaled(register.decimals()).unwrap()).unwrap();
        let exact = digits * 3_600_000 / 10_u128.pow(register.decimals().into());
        assert_eq!(u128::from(channel.counter), exact, "{name}");
    }
    let bytes = encode(&measurement, IDENTITY, 0);
    assert_eq!(decode(&bytes).unwrap().measurement, measurement, "{name}");
}

#[test]
#[ignore = "needs ../shared"]
fn real_telegrams_give_one_direction_phases_that_agree_and_the_meters_own_digits() {
    let (mut count, mut folders) = (0, vec![shared("telegrams")]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "txt") {
                for message in telegrams(&fs::read(&path).unwrap()) {
                    check(&message, &path.display().to_string());
                    count += 1;
                }
            }
        }
    }
    assert!(count > 100, "{count}");
}

#[test]
fn power_goes_out_net() {
    assert_eq!(powers(&[("1-0:1.7.0", "170"), ("1-0:2.7.0", "270")]), [-1000, -1000, 0, 0]);
    assert_eq!(powers(&[("1-0:16.7.0", "-613")])[0], -6130, "one number with a sign");
    assert_eq!(powers(&[("1-0:1.7.0", "5")])[0], 50, "a meter without export");
}

#[test]
fn a_telegram_without_power_gives_nothing() {
    assert_eq!(measured(&[("1-0:1.8.0", "1000")]), Err(Unfit::NoPower));
    assert_eq!(measured(&[("1-0:2.7.0", "270")]), Err(Unfit::NoPower), "the import is missing");
    let unreadable = [("1-0:1.7.0", "170"), ("1-0:2.7.0", "'?*kW")];
    assert_eq!(measured(&unreadable), Err(Unfit::NoPower), "the export cannot be read");
}

const TOTAL: [(&str, &str); 2] = [("1-0:1.7.0", "0"), ("1-0:2.7.0", "3000")];

/// Powers of a total of -3000 W beside these.
fn beside_export(phases: &[(&str, &str)]) -> [i64; 4] {
    powers(&[&TOTAL[..], phases].concat())
}

#[test]
fn phases_that_would_turn_a_controller_the_wrong_way_give_way_to_the_total() {
    let on_l1 = [-30_000, -30_000, 0, 0];
    assert_eq!(beside_export(&[]), on_l1, "no phases");
    let import_only = [("1-0:21.7.0", "300"), ("1-0:41.7.0", "0"), ("1-0:61.7.0", "0")];
    assert_eq!(beside_export(&import_only), on_l1, "the phases do not tell of export");
    let unreadable = [("1-0:21.7.0", "0"), ("1-0:22.7.0", "'?*kW"), ("1-0:42.7.0", "1000")];
    assert_eq!(beside_export(&unreadable), on_l1, "a phase cannot be read");
    let import_only = [("1-0:1.7.0", "2000"), ("1-0:2.7.0", "0"), ("1-0:21.7.0", "4000")];
    assert_eq!(powers(&import_only), [20_000, 20_000, 0, 0], "L2 exports, and does not tell");
}

#[test]
fn phases_that_are_a_little_off_are_the_meters_own() {
    let phases =
        [("1-0:21.7.0", "0"), ("1-0:22.7.0", "2900"), ("1-0:41.7.0", "54"), ("1-0:42.7.0", "0")];
    assert_eq!(beside_export(&phases), [-30_000, -29_000, 540, 0]);
    let rounded =
        [("1-0:1.7.0", "1"), ("1-0:2.7.0", "0"), ("1-0:22.7.0", "1"), ("1-0:21.7.0", "0")];
    assert_eq!(powers(&rounded), [10, -10, 0, 0]);
}

#[test]
fn a_current_is_derived_only_where_the_meter_sends_none() {
    let current = |more: &[(&str, &str)]| {
        let objects = [&[("1-0:1.7.0", "5000"), ("1-0:21.7.0", "5000")], more].concat();
        let (measurement, gaps) = measured(&objects).unwrap();
        (measurement.phases[0].current, gaps.currents)
    };
    assert_eq!(current(&[]), (21_739, true), "at 230 V");
    assert_eq!(current(&[("1-0:32.7.0", "250.0")]), (20_000, true));
    assert_eq!(current(&[("1-0:31.7.0", "-21")]), (21_000, false), "no sign");
    assert_eq!(current(&[("1-0:31.7.0", "0")]), (0, false), "the meter's own, rounded");
}

#[test]
fn what_does_not_fit_is_damage_and_gives_nothing() {
    for (code, value, what) in [
        ("1-0:1.7.0", "429496729.6", "the power"),
        ("1-0:1.8.0", "-1", "a register"),
        ("1-0:32.7.0", "4294967.296", "a voltage"),
        ("1-0:32.7.0", "-230", "a voltage"),
    ] {
        let objects = [("1-0:1.7.0", "5"), ("1-0:2.7.0", "0"), (code, value)];
        let objects = if code == objects[0].0 { &objects[1..] } else { &objects[..] };
        assert_eq!(measured(objects), Err(Unfit::OutOfRange(what)), "{code} {value}");
    }
    let (largest, _) = measured(&[("1-0:1.7.0", "429496729.5")]).unwrap();
    assert_eq!(largest.sum.active.import.now, u32::MAX);
}

#[test]
fn counters_are_exact_and_cut_off_within_a_watt_second() {
    let counter = |text| {
        let (measurement, _) = measured(&[("1-0:1.7.0", "0"), ("1-0:1.8.0", text)]).unwrap();
        measurement.sum.active.import.counter
    };
    assert_eq!(counter("1999999998"), 7_199_999_992_800);
    assert_eq!(counter("0.4999"), 1799, "Wh with decimals");
}

#[test]
fn the_log_tells_what_stands_in_place_of_what_the_meter_does_not_send() {
    let (_, gaps) = measured(&[("1-0:1.7.0", "744")]).unwrap();
    assert_eq!(
        gaps.to_string(),
        "no usable phase powers: the total stands on L1; no currents: derived from the powers; no voltages: 0 V"
    );
    assert_eq!(Gaps::default().to_string(), "");
}
