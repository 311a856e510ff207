//! `p1cat`: telegrams in pipes.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use p1_multicast::message::{Message, Value};
use rustix::process::{Pid, Signal, kill_process};

use crate::support::{Household, Meter, Place, Running, binary, corpus, telegram, wait_for, watts};

fn p1cat(arguments: &[&str]) -> Command {
    let mut command = Command::new(binary("p1cat"));
    command.args(arguments);
    command
}

fn run(mut command: Command, input: &[u8]) -> Output {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

#[test]
fn raw_telegrams_from_standard_input_become_lines_without_any_configuration() {
    let mut bad = telegram(2);
    bad[100] ^= 1;
    let output = run(p1cat(&["--input", "-"]), &[telegram(1), bad, telegram(3)].concat());
    assert_eq!(output.status.code(), Some(1));
    let lines = String::from_utf8(output.stdout).unwrap();
    let powers: Vec<i64> =
        lines.lines().map(|line| watts(&Message::parse(line.as_bytes()).unwrap())).collect();
    assert_eq!(powers, [1, 3]);
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(errors.lines().count(), 1, "{errors}");
    assert!(errors.contains("wrong checksum"), "{errors}");
}

#[test]
fn a_table_that_is_appended_to_has_one_header_and_keeps_its_columns() {
    let folder = tempfile::tempdir().unwrap();
    let table = folder.path().join("energy.csv");
    let append = |arguments: &[&str], watts: u32| {
        let mut command = p1cat(&["--input", "-", "--format", "csv"]);
        command.args(arguments).stdin(Stdio::piped());
        let file = File::options().create(true).append(true).open(&table).unwrap();
        let mut child = command.stdout(file).spawn().unwrap();
        child.stdin.take().unwrap().write_all(&telegram(watts)).unwrap();
        assert!(child.wait().unwrap().success());
    };
    append(&["--fields", "power_import_w,tariff"], 1);
    append(&["--fields", "power_import_w,tariff"], 2);
    append(&[], 3);
    assert_eq!(fs::read_to_string(&table).unwrap(), "power_import_w,tariff\n1,2\n2,2\n3,2\n");
    append(&["--fields", "tariff"], 4);
    assert!(fs::read_to_string(&table).unwrap().ends_with("3,2\ntariff\n2\n"), "another table");
}

#[test]
fn a_telegram_is_explained_and_can_be_shown_to_others() {
    let mut bad = telegram(2);
    bad[100] ^= 1;
    let output = run(p1cat(&["--input", "-", "--explain"]), &[telegram(1), bad].concat());
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(1), &b""[..]));
    let words = String::from_utf8(output.stdout).unwrap();
    assert!(words.contains("0.001 kW") && words.contains(", right"), "{words}");
    assert!(words.contains(", wrong: of these bytes it is "), "{words}");

    let masked = run(p1cat(&["--input", "-", "--raw", "--anonymous"]), &telegram(1));
    assert_eq!(masked.stdout.len(), telegram(1).len());
    assert_ne!(masked.stdout, telegram(1));
    let again = run(p1cat(&["--input", "-", "--anonymous"]), &masked.stdout);
    assert_eq!(again.status.code(), Some(0));
    let message = Message::parse(again.stdout.trim_ascii_end()).unwrap();
    let id = message.equipment_id().unwrap();
    assert!(id.bytes().all(|byte| matches!(byte, b'0' | b'X')), "{id}");
}

#[test]
#[ignore = "needs ../shared"]
fn every_real_telegram_with_a_good_checksum_is_printed_and_no_number_is_a_binary_float() {
    let folder = corpus();
    let index = fs::read_to_string(folder.join("INDEX.tsv")).unwrap();
    let mut printed = 0;
    for row in index.lines().skip(1) {
        let columns: Vec<&str> = row.split('\t').collect();
        let path = folder.join(columns[0]);
        let output = run(p1cat(&["--input", path.to_str().unwrap()]), b"");
        let wrong = columns[4] == "no";
        assert_eq!(output.status.code(), Some(i32::from(wrong)), "{row}");
        if wrong {
            assert!(output.stdout.is_empty() && !output.stderr.is_empty(), "{row}");
            continue;
        }
        let message = Message::parse(output.stdout.trim_ascii_end()).unwrap();
        for (key, value) in &message.telegram {
            if let Value::Number(number) = value {
                let digits = number.to_string();
                assert!(digits.trim_start_matches('-').len() <= 14, "{row}: {key} is {digits}");
            }
        }
        printed += 1;
    }
    eprintln!("{printed} telegrams printed");
    assert!(printed > 0);
}

#[test]
fn telegrams_from_the_network_are_printed_as_they_come() {
    let Household { place, mut meter, listener, .. } = Household::start();
    let cat = |output: &Path, arguments: &[&str]| {
        let mut command = place.program("p1cat");
        command.args(arguments).stdout(File::create(output).unwrap());
        Running::start(&place, "p1cat", &mut command)
    };
    let (lines, bytes) = (place.path("lines"), place.path("bytes"));
    let mut json = cat(&lines, &["--count", "2"]);
    let mut raw = cat(&bytes, &["--raw", "--count", "1"]);
    // What is sent before the programs have joined is not theirs.
    send_until(&mut meter, 123, || {
        let printed = fs::read_to_string(&lines).unwrap().lines().count();
        printed == 2 && bytes.metadata().unwrap().len() > 0
    });
    assert!(json.wait().success() && raw.wait().success());
    for line in fs::read_to_string(lines).unwrap().lines() {
        assert_eq!(watts(&Message::parse(line.as_bytes()).unwrap()), 123);
    }
    assert_eq!(fs::read(bytes).unwrap(), telegram(123));
    listener.stop();
}

#[test]
fn silence_ends_with_69_when_there_is_a_time_out() {
    let place = Place::new();
    place.config();
    let mut command = place.program("p1cat");
    command.args(["--timeout", "1"]);
    assert_eq!(run(command, b"").status.code(), Some(69));
}

#[test]
fn what_is_held_of_an_interval_is_printed_before_a_signal_ends_it() {
    let Household { place, mut meter, listener, .. } = Household::start();
    let mut command = place.program("p1cat");
    let lines = place.path("lines");
    command.args(["--every", "86400", "--debug"]).stdout(File::create(&lines).unwrap());
    let mut cat = Running::start(&place, "p1cat", &mut command);
    send_until(&mut meter, 123, || cat.log().contains("printing meter"));
    cat.signal(Signal::TERM);
    assert_eq!(cat.wait().signal(), Some(Signal::TERM.as_raw()));
    let line = fs::read_to_string(&lines).unwrap();
    assert_eq!(watts(&Message::parse(line.trim_end().as_bytes()).unwrap()), 123);
    listener.stop();
}

#[test]
fn a_signal_is_the_end_of_an_input_that_has_none() {
    let mut command = p1cat(&["--input", "-", "--every", "86400"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(&telegram(123)).unwrap();
    wait_for("the telegram to be read", || {
        (rustix::io::ioctl_fionread(&input).unwrap() == 0).then_some(())
    });
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.signal(), Some(Signal::INT.as_raw()));
    assert_eq!(watts(&Message::parse(output.stdout.trim_ascii_end()).unwrap()), 123);
}

#[test]
fn a_closed_pipe_ends_it_quietly() {
    let place = Place::new();
    let file = place.path("telegrams");
    fs::write(&file, telegram(1).repeat(1000)).unwrap();
    let script = format!("{} --input {} | head -n 1", binary("p1cat").display(), file.display());
    let mut command = Command::new("bash");
    command.args(["-c", &format!("set -o pipefail; {script}")]);
    let output = run(command, b"");
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
    assert_eq!(String::from_utf8(output.stdout).unwrap().lines().count(), 1);
}

#[test]
fn what_cannot_be_read_is_named() {
    for (arguments, status, said) in [
        (&["--input", "/no/such/file"][..], 74, "/no/such/file"),
        (&["--config-file", "/no/such.yml"], 78, "/no/such.yml"),
        (&["--count", "many"], 64, "many"),
        (&["--explain"], 64, "--input"),
        (&["--anonymous"], 64, "--input"),
        (&["--input", "x", "--explain", "--raw"], 64, "--raw"),
        (&["--raw", "--source", "attic"], 64, "address"),
        (&["--frobnicate"], 64, "--frobnicate"),
        (&["--format", "xml"], 64, "json, readings, csv, influx, prometheus, obis, text"),
        (&["--format", "%{watt}"], 64, "power_w"),
        (&["--format", "%{power_w"], 64, "byte 0"),
        (&["--format", "csv", "--fields", "power_w,watt"], 64, "\"watt\""),
        (&["--fields", "power_w"], 64, "--fields goes with"),
        (&["--format", "prometheus", "--fields", "power_w"], 64, "power_import_w"),
        (&["--raw", "--format", "csv"], 64, "--format"),
        (&["--every", "0"], 64, "1..=86400"),
    ] {
        let output = run(p1cat(arguments), b"");
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {errors}");
        assert!(errors.contains(said), "{arguments:?}: {errors}");
    }
}

/// Sends telegrams of this power, one after another, until `done` says that it is enough.
fn send_until(meter: &mut Meter, watts: u32, mut done: impl FnMut() -> bool) {
    meter.send_until("what is done with a telegram", &telegram(watts), || done().then_some(()));
}

#[test]
fn an_output_file_is_replaced_whole_by_telegrams_from_the_network() {
    let Household { place, mut meter, listener, .. } = Household::start();
    let output = place.path("p1.prom");
    let mut command = place.program("p1cat");
    command.args(["--format", "prometheus", "--output", output.to_str().unwrap()]);
    let cat = Running::start(&place, "p1cat", &mut command);
    for watts in [123, 456] {
        let line = format!("p1_power_watts{{direction=\"import\",source=\"test\"}} {watts}\n");
        send_until(&mut meter, watts, || {
            let text = fs::read_to_string(&output).unwrap_or_default();
            assert!(text.is_empty() || text.ends_with('\n'), "{text}");
            text.contains(&line)
        });
    }
    assert_eq!(cat.log(), "");
    listener.stop();
}

#[test]
fn with_an_output_file_it_goes_on_though_nobody_reads_standard_output() {
    let Household { place, mut meter, listener, .. } = Household::start();
    let output = place.path("latest");
    let mut command = place.program("p1cat");
    command.args(["--count", "1", "--output", output.to_str().unwrap()]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    send_until(&mut meter, 1, || child.try_wait().unwrap().is_some());
    assert_eq!(fs::read_to_string(&output).unwrap().lines().count(), 1);
    listener.stop();
}

#[test]
fn an_output_that_cannot_be_written_is_named_and_ends_it() {
    let place = Place::new();
    let file = place.path("telegrams");
    fs::write(&file, telegram(1)).unwrap();
    let input = file.to_str().unwrap();
    let output = run(p1cat(&["--input", input, "--output", "/no/such/folder/p1.prom"]), b"");
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(74), "{errors}");
    assert!(errors.contains("/no/such/folder/p1.prom"), "{errors}");
}

#[test]
fn a_client_that_goes_ends_its_program_though_no_telegram_comes() {
    let place = Place::new();
    place.config();
    let mut command = place.program("p1cat");
    let mut child = command.arg("--raw").stdout(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let status = wait_for("the end of p1cat", || child.try_wait().unwrap());
    assert_eq!(status.code(), Some(0));
}

#[test]
fn clients_of_a_socket_get_whole_telegrams_and_one_that_does_not_read_disturbs_nobody() {
    let Household { place, mut meter, listener, .. } = Household::start();
    let client = || {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let mut command = place.program("p1cat");
        command.arg("--raw").stdout(OwnedFd::from(theirs));
        (ours, Running::start(&place, "p1cat", &mut command))
    };
    let (stalled, _stalled_cat) = client();
    let (mut reading, _reading_cat) = client();
    reading.set_read_timeout(Some(std::time::Duration::from_millis(1))).unwrap();
    let mut stream = Vec::new();
    send_until(&mut meter, 123, || {
        let _ = reading.read_to_end(&mut stream);
        stream.len() >= 3 * telegram(123).len()
    });
    assert!(stream.starts_with(&telegram(123).repeat(3)));
    drop(stalled);
    listener.stop();
}

/// As `p1metrics.socket` starts it: the connection is standard input and output.
#[test]
fn a_scrape_by_http_is_answered_with_the_next_telegram_and_in_silence_with_status_503() {
    let Household { place, mut meter, listener, .. } = Household::start();
    let scrape = |arguments: &[&str]| {
        let (mut client, server) = UnixStream::pair().unwrap();
        let server = OwnedFd::from(server);
        let mut command = place.program("p1cat");
        command.args(["--http", "--format", "prometheus"]).args(arguments);
        client.write_all(b"GET /metrics HTTP/1.1\r\nHost: pi\r\n\r\n").unwrap();
        let child = command.stdin(server.try_clone().unwrap()).stdout(server).spawn().unwrap();
        (client, child)
    };
    let answer = |mut client: UnixStream| {
        let mut text = String::new();
        client.read_to_string(&mut text).unwrap();
        text
    };
    let (client, mut child) = scrape(&[]);
    send_until(&mut meter, 123, || child.try_wait().unwrap().is_some());
    let text = answer(client);
    assert!(text.starts_with("HTTP/1.1 200 OK\r\n"), "{text}");
    assert!(text.contains("p1_power_watts{direction=\"import\",source=\"test\"} 123\n"), "{text}");
    listener.stop();
    let (client, mut child) = scrape(&["--timeout", "1"]);
    assert!(child.wait().unwrap().success());
    assert!(answer(client).starts_with("HTTP/1.1 503 "));
}

#[test]
fn a_command_runs_when_a_condition_comes_true_and_gets_the_readings() {
    let place = Place::new();
    let config = place.config();
    let (mut meter, listener) = place.listen();
    let file = place.path("told");
    let script = format!("echo $P1_POWER_IMPORT_W $P1_WHEN >{}", file.display());
    let config = config.display().to_string();
    let arguments =
        ["--config-file", &config, "--count", "1", "--when", "power_import_w > 400", "--exec"];
    let mut child = p1cat(&arguments).args(["sh", "-c", &script]).spawn().unwrap();
    let telegrams = [telegram(300), telegram(423)].concat();
    let status = meter.send_until("the end of p1cat", &telegrams, || child.try_wait().unwrap());
    assert!(status.success(), "{status}");
    assert_eq!(fs::read_to_string(file).unwrap(), "423 power_import_w > 400\n");
    listener.stop();
}
