//! Ten years of history through the built `p1report`, beside mawk and `DuckDB` where they are at hand.
//!
//! `make bench` runs it, or `cargo bench --bench report`. The years are made here, 260 MB in memory; the program is
//! that of `target/shipped`. The budget: all months in 0.3 s on one core and 8 MiB. It asserts nothing, and prints
//! the sum of the years beside that of the registers.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

/// 2016-11-25 00:00:00 UTC, and ten years later.
const FIRST: i64 = 1_480_032_000;
const ROWS: i64 = 1_051_200;

const HEADER: &str = "time_utc,time_local,unique_id,telegrams,energy_import_kwh,energy_import_t1_kwh,energy_import_t2_kwh,energy_export_kwh,energy_export_t1_kwh,energy_export_t2_kwh,power_import_min_w,power_import_mean_w,power_import_max_w,power_export_min_w,power_export_mean_w,power_export_max_w,voltage_l1_min_v,voltage_l1_mean_v,voltage_l1_max_v,voltage_l2_min_v,voltage_l2_mean_v,voltage_l2_max_v,voltage_l3_min_v,voltage_l3_mean_v,voltage_l3_max_v,current_l1_max_a,current_l2_max_a,current_l3_max_a,any_power_fail_count,gas_m3,gas_time_utc,gas_unique_id";

/// The sum of all differences of import, by the second field of the key: as another program would do it.
const MAWK: &str = "FNR>1 { if (id == $3 && $5 >= old) sum += $5 - old; id = $3; old = $5 } END { printf \"%.3f\", sum }";

fn main() {
    let memory = Some(Path::new("/dev/shm")).filter(|folder| folder.is_dir());
    let folder = memory.map_or_else(tempfile::tempdir, tempfile::tempdir_in).expect("a folder");
    let import = write_years(folder.path());
    println!("report: ten years, {ROWS} rows, {} MB", size(folder.path()) / 1_000_000);
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/shipped/p1report");
    if !program.exists() {
        println!("  skipped: {} is not built (make build)", program.display());
        return;
    }
    for arguments in [
        &["months", "0"][..],
        &["days", "0"],
        &["weeks", "0"],
        &["years"],
        &["years", "--json"],
        &["days", "7"],
    ] {
        let mut command = Command::new(&program);
        command.arg("--dir").arg(folder.path()).args(arguments).env("TZ", "UTC");
        measured(&format!("p1report {}", arguments.join(" ")), &mut command);
    }
    let mut command = Command::new(&program);
    command.arg("--dir").arg(folder.path()).args(["years", "--json"]).env("TZ", "UTC");
    let output = command.output().expect("p1report runs");
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let years = json["periods"].as_array().expect("years").iter();
    let sum: f64 = years.filter_map(|year| year["energy_import_kwh"].as_f64()).sum();
    println!(
        "  sum of the years {sum:.3} kWh, of the registers {}.{:03} kWh",
        import / 1000,
        import % 1000
    );
    let files = || {
        fs::read_dir(folder.path())
            .expect("the folder")
            .map(|entry| entry.expect("an entry").path())
    };
    let mut names: Vec<_> = files().collect();
    names.sort();
    if is_there("mawk") {
        measured("mawk, one sum", Command::new("mawk").arg("-F,").arg(MAWK).args(&names));
    } else {
        println!("  skipped: mawk is not installed");
    }
    // `make bench` puts it there, where it can be had.
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/interop/bin/python");
    if has_duckdb(&python) {
        let query = format!(
            "set threads to 1; select date_trunc('month', time_local), max(energy_import_kwh) - min(energy_import_kwh) from read_csv('{}/*.csv') group by 1",
            folder.path().display()
        );
        let program = "import sys, duckdb; duckdb.execute(sys.argv[1]).fetchall()";
        let mut command = Command::new(&python);
        measured("duckdb, one core, by month", command.args(["-c", program, &query]));
    } else {
        println!(
            "  skipped: duckdb is not in target/interop (tests/interop/prepare.sh duckdb:duckdb)"
        );
    }
}

fn has_duckdb(python: &Path) -> bool {
    let mut command = Command::new(python);
    let status = command.args(["-c", "import duckdb"]).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

fn is_there(program: &str) -> bool {
    let there = Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    there.is_ok()
}

/// Runs a program five times, and prints the quickest with the most memory that it had.
fn measured(name: &str, command: &mut Command) {
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let (mut quickest, mut most) = (f64::MAX, 0);
    for _ in 0..5 {
        let begin = Instant::now();
        let Ok(mut child) = command.spawn() else {
            println!("  {name}: cannot be started");
            return;
        };
        let status = format!("/proc/{}/status", child.id());
        while child.try_wait().expect("a child").is_none() {
            let text = fs::read_to_string(&status).unwrap_or_default();
            let peak = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let peak = peak.and_then(|peak| peak.trim().split(' ').next()?.parse().ok());
            most = peak.unwrap_or(0u64).max(most);
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        quickest = quickest.min(begin.elapsed().as_secs_f64());
    }
    println!(
        "  {name:32} {quickest:6.3} s  {:5.1} MiB",
        f64::from(u32::try_from(most).unwrap_or(0)) / 1024.0
    );
}

fn size(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).expect("the folder");
    entries.map(|entry| entry.expect("an entry").metadata().expect("its size").len()).sum()
}

/// Writes the years, and tells how much the register of import rose, Wh.
fn write_years(folder: &Path) -> i64 {
    let (mut import, mut export, mut gas) = (0i64, 0i64, 0i64);
    let mut out: Option<(i32, BufWriter<File>)> = None;
    let mut line = String::new();
    for at in 0..=ROWS {
        let second = FIRST + at * 300;
        let time = chrono::DateTime::from_timestamp(second, 0).expect("a date");
        let clock = time.format("%Y-%m-%dT%H:%M:%S").to_string();
        let year: i32 = clock[..4].parse().expect("a year");
        if out.as_ref().is_none_or(|(known, _)| *known != year) {
            let file =
                File::create(folder.join(format!("p1_reader_history-{year}.csv"))).expect("a file");
            let mut writer = BufWriter::new(file);
            writeln!(writer, "{HEADER}").expect("room");
            out = Some((year, writer));
        }
        let random = at * 7919 % 101;
        if at > 0 {
            import += random / 2;
            export += random / 4 * i64::from(at / 60 % 5 == 2);
            gas += random / 20;
        }
        let k = |number: i64| format!("{}.{:03}", number / 1000, number % 1000);
        let (watts, volts) = (random * 6, format!("23{}.{}", random % 7, random % 10));
        line.clear();
        write!(
            line,
            "{clock}Z,{clock},E0098765400000121,300,{},{},{},{},{},{},{watts},{watts},{watts},0,0,0,{volts},{volts},{volts},{volts},{volts},{volts},{volts},{volts},{volts},3,2,1,4,{},{clock}Z,G0012345600000116",
            k(import), k(import / 2), k(import - import / 2), k(export), k(export / 2), k(export - export / 2), k(gas)
        )
        .expect("room");
        if let Some((_, writer)) = &mut out {
            writeln!(writer, "{line}").expect("room");
        }
    }
    if let Some((_, mut writer)) = out {
        writer.flush().expect("room");
    }
    import
}
