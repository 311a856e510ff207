//! The configuration, as the programs see it.

use std::fs;
use std::process::Command;

use crate::support::{Place, binary};

/// All programs that read it, as far as they are built.
const PROGRAMS: &[&str] = &[
    "p1listener",
    "p1reader",
    "p1cat",
    "p1report",
    "p1emeter",
    #[cfg(feature = "dashboard")]
    "p1dashboard",
    #[cfg(feature = "mqtt")]
    "p1mqtt",
];

#[test]
fn an_invalid_configuration_ends_every_program_with_78_and_every_problem_is_named() {
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
            for problem in [
                "broken.yml:2: multicast.port",
                "broken.yml:3: multicast.adress",
                "broken.yml:5: p1_reader_day.flush_period",
            ] {
                assert!(errors.contains(problem), "{program}: {problem} is not in:\n{errors}");
            }
        }
    }
}

#[test]
fn a_valid_configuration_is_reported_as_ok() {
    let place = Place::new();
    let file = place.config();
    for program in PROGRAMS {
        let output = place.program(program).arg("--check-config").output().unwrap();
        let report = String::from_utf8(output.stdout).unwrap();
        assert_eq!(
            (output.status.code(), report),
            (Some(0), format!("{}: configuration OK\n", file.display()))
        );
    }
}

#[test]
fn a_check_whose_result_cannot_be_written_still_has_its_exit_status() {
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
fn the_shipped_configuration_is_valid() {
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
fn a_daemon_without_its_file_names_it() {
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
fn a_program_that_needs_no_file_reports_that_it_uses_the_defaults() {
    let usual = "/etc/p1-multicast/p1reader.yml";
    let output = Command::new(binary("p1cat")).arg("--check-config").output().unwrap();
    let report = String::from_utf8(output.stdout).unwrap();
    assert_eq!(
        (output.status.code(), report),
        (Some(0), format!("{usual}: not found, using defaults\n"))
    );
}

#[test]
fn what_can_never_work_is_not_reported_as_ok() {
    let place = Place::new();
    let file = place.path("never.yml");
    for (text, problem) in [
        ("p1_listener: {port: \"192.168.1.30:23\"}", "did you mean tcp://192.168.1.30:23?"),
        ("p1_listener: {port: ttyUSB0}", "did you mean /dev/ttyUSB0?"),
        ("p1_listener: {port: /dev/ttyUSB0\u{200b}}", "zero-width space"),
        ("p1_listener: {port: “/dev/ttyUSB0”}", "plain quotes"),
        ("multicast: {interface: \"eth0:1\"}", "did you mean eth0?"),
        ("multicast: {interface: \"fe80::1\"}", "IPv4 address"),
        ("multicast: {address: \"ff02::71\"}", "expected multicast.interface to be set too"),
        ("multicast:\n\tport: 1\n", "found a tab"),
        ("[multicast]\nport = 1\n", "found an INI file"),
    ] {
        fs::write(&file, text).unwrap();
        let output = Command::new(binary("p1listener"))
            .arg("--config-file")
            .arg(&file)
            .arg("--check-config")
            .output()
            .unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(78), "{text}: {errors}");
        assert!(errors.contains(problem), "{text}: {errors}");
    }
}

#[test]
fn two_outputs_that_meet_through_a_symbolic_link_are_refused() {
    let place = Place::new();
    fs::create_dir(place.path("records")).unwrap();
    std::os::unix::fs::symlink(place.path("records"), place.path("link")).unwrap();
    let file = place.path("link.yml");
    let check = |day: &str| {
        let [details, day] = ["records/DAY.csv", day].map(|name| place.path(name));
        let text = format!(
            "p1_reader_details: {{filename: {}}}\np1_reader_day: {{filename: {}}}\n",
            details.display(),
            day.display()
        );
        fs::write(&file, text).unwrap();
        let mut command = Command::new(binary("p1reader"));
        let output =
            command.arg("--config-file").arg(&file).arg("--check-config").output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (status, errors) = check("link/DAY.csv");
    assert_eq!(status, Some(78), "{errors}");
    let problem = "link.yml:2: p1_reader_day.filename: expected another value than p1_reader_details.filename has";
    assert!(errors.contains(problem), "{errors}");
    assert_eq!(check("link/day-DAY.csv"), (Some(0), String::new()));
}
