//! The configuration, as the programs see it.

use std::fs;
use std::process::Command;

use crate::support::{Place, binary};

/// All that read it and are built.
const PROGRAMS: &[&str] = &[
    "p1listener",
    "p1reader",
    "p1cat",
    #[cfg(feature = "dashboard")]
    "p1dashboard",
    #[cfg(feature = "mqtt")]
    "p1mqtt",
];

#[test]
fn a_broken_configuration_ends_every_program_with_78_and_every_fault_is_named() {
    let place = Place::new();
    let file = place.path("broken.yml");
    fs::write(
        &file,
        "multicast:\n  port: 70000\n  adress: 224.7.2.1\np1_reader_day:\n  flush_period: often\n",
    )
    .unwrap();
    for program in PROGRAMS {
        for check in [&[][..], &["--check-config"]] {
            let output = Command::new(binary(program))
                .arg("--config-file")
                .arg(&file)
                .args(check)
                .output()
                .unwrap();
            let errors = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(78), "{program}: {errors}");
            for fault in [
                "broken.yml:2: multicast.port",
                "broken.yml:3: multicast.adress",
                "broken.yml:5: p1_reader_day.flush_period",
            ] {
                assert!(errors.contains(fault), "{program}: {fault} is not in:\n{errors}");
            }
        }
    }
}

#[test]
fn a_good_configuration_is_said_to_be_good() {
    let place = Place::new();
    let file = place.config();
    for program in PROGRAMS {
        let output = place.program(program).arg("--check-config").output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert_eq!(
            (output.status.code(), said),
            (Some(0), format!("{}: configuration OK\n", file.display()))
        );
    }
}

#[test]
fn a_check_whose_outcome_cannot_be_written_tells_it_by_its_status() {
    let place = Place::new();
    place.config();
    for program in PROGRAMS {
        let full = fs::File::options().write(true).open("/dev/full").unwrap();
        let output = place.program(program).arg("--check-config").stdout(full).output().unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), errors.as_str()), (Some(0), ""), "{program}");
    }
}

#[test]
fn the_shipped_configuration_is_good() {
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/etc/p1reader.yml");
    for program in PROGRAMS {
        let output = Command::new(binary(program))
            .args(["--config-file", shipped, "--check-config"])
            .output()
            .unwrap();
        assert_eq!(
            (output.status.code(), output.stderr.as_slice()),
            (Some(0), &b""[..]),
            "{program}"
        );
    }
}

#[test]
fn a_daemon_without_its_file_says_which_one_it_wants() {
    for program in ["p1listener", "p1reader"] {
        let output =
            Command::new(binary(program)).args(["--config-file", "/no/such.yml"]).output().unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(78), "{program}");
        assert!(errors.contains("/no/such.yml"), "{program}: {errors}");
    }
}

#[test]
#[ignore = "needs a machine without /etc/p1-multicast/p1reader.yml"]
fn a_program_that_needs_no_file_says_that_there_is_none_to_check() {
    let usual = "/etc/p1-multicast/p1reader.yml";
    let output = Command::new(binary("p1cat")).arg("--check-config").output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(
        (output.status.code(), said),
        (Some(0), format!("{usual}: not found, using defaults\n"))
    );
}
