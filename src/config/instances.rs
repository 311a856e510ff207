//! Other services of this host that run the same program for another meter, `p1reader@NAME` with `NAME.yml`.
//!
//! Owns which of them are enabled, and what two of them must not share: `--check-config` refuses it. What cannot be
//! known here is found by the locks of the files.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Config, Problem, in_real_folder, load};

/// Where systemd keeps which services are enabled.
pub const UNITS: &str = "/etc/systemd/system";

/// What the configuration at `file` shares with that of an enabled service of the same program. Only services whose
/// configuration is in the same folder count: a draft elsewhere is compared with nothing.
pub fn conflicts(units: &Path, program: &str, file: &Path, config: &Config) -> Vec<Problem> {
    let environment = |name: &str| std::env::var(name).ok();
    let own = in_real_folder(file);
    let others = enabled(units, program).into_iter().filter_map(|(unit, name)| {
        let other = own.with_file_name(name);
        let loaded = (other != own).then(|| load(&other, &environment))?.ok()?;
        Some((unit, loaded.config))
    });
    let problem = |(key, message): (String, String)| Problem {
        file: file.to_owned(),
        line: None,
        key,
        message,
    };
    let shared = others.flat_map(|(unit, other)| match program {
        "p1reader" => shared_files(&unit, config, &other),
        "p1listener" => shared_raw_port(&unit, config, &other),
        _ => Vec::new(),
    });
    shared.map(problem).collect()
}

/// Two recorders write to the same files. Those whose name has `METER` may be of different meters.
fn shared_files(unit: &str, config: &Config, other: &Config) -> Vec<(String, String)> {
    let files = |config: &Config| -> Vec<(&'static str, PathBuf)> {
        let outputs = config.outputs().into_iter().filter(|(_, enabled, _)| *enabled);
        outputs.map(|(section, _, file)| (section, in_real_folder(file))).collect()
    };
    let theirs = files(other);
    let has_meter =
        |file: &Path| file.file_name().is_some_and(|name| name.to_string_lossy().contains("METER"));
    let shared = files(config)
        .into_iter()
        .filter(|(_, file)| !has_meter(file) && theirs.iter().any(|(_, other)| other == file));
    let message = |file: &Path| {
        format!("expected other files than those of {unit}, found {} in both", file.display())
    };
    shared.map(|(section, file)| (format!("{section}.filename"), message(&file))).collect()
}

/// Two listeners with a port each send their raw telegrams to one.
fn shared_raw_port(unit: &str, config: &Config, other: &Config) -> Vec<(String, String)> {
    let (ours, theirs) = (&config.multicast, &other.multicast);
    match ours.raw_port {
        Some(port)
            if ours.address == theirs.address
                && ours.port != theirs.port
                && theirs.raw_port == Some(port) =>
        {
            let message = format!(
                "expected another port than that of {unit}, whose meter is another one, found {port} in both"
            );
            vec![("multicast.raw_port".to_owned(), message)]
        }
        _ => Vec::new(),
    }
}

/// The enabled services of this program, and the names of their configuration files.
fn enabled(units: &Path, program: &str) -> Vec<(String, String)> {
    let entries = |folder: &Path| fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let wanted = entries(units).map(|entry| entry.path());
    let wanted = wanted
        .filter(|path| path.extension().is_some_and(|kind| kind == "wants" || kind == "requires"));
    let units = wanted
        .flat_map(|folder| entries(&folder).map(|entry| entry.file_name()).collect::<Vec<_>>());
    let mut services: Vec<_> = units.filter_map(|unit| service(program, unit.to_str()?)).collect();
    services.sort();
    services.dedup();
    services
}

/// The service and its configuration, if it is one of this program.
fn service(program: &str, unit: &str) -> Option<(String, String)> {
    let rest = unit.strip_prefix(program)?.strip_suffix(".service")?;
    let name = if rest.is_empty() { "p1reader" } else { rest.strip_prefix('@')? };
    (!name.is_empty()).then(|| (unit.to_owned(), format!("{name}.yml")))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The keys that `--check-config` of this program refuses for `attic.yml`.
    fn refused(program: &str, enabled: &[&str], main: &str, attic: &str) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let units = folder.path().join("units");
        let wants = units.join("multi-user.target.wants");
        fs::create_dir_all(&wants).unwrap();
        for unit in enabled {
            fs::write(wants.join(unit), "").unwrap();
        }
        fs::write(folder.path().join("p1reader.yml"), main).unwrap();
        let file = folder.path().join("attic.yml");
        fs::write(&file, attic).unwrap();
        let config = load(&file, &|_| None).unwrap().config;
        let problems = conflicts(&units, program, &file, &config);
        assert!(
            problems.iter().all(|problem| problem.message.contains(enabled[0])),
            "{problems:?}"
        );
        problems.into_iter().map(|problem| problem.key).collect()
    }

    const ATTIC: &str = "
multicast: {port: 52003}
p1_reader_details: {filename: /v/attic-DAY.csv}
p1_reader_interval: {filename: /v/attic-PERIOD.csv}
p1_reader_day: {enabled: false}
html_report: {filename: /v/METER.html}
";

    #[test]
    fn files_of_another_enabled_recorder_are_refused() {
        let main = "html_report: {filename: /v/METER.html}";
        let refused = |enabled: &[&str]| refused("p1reader", enabled, main, ATTIC);
        assert_eq!(
            refused(&["p1reader.service", "p1reader@attic.service"]),
            ["p1_reader_history.filename", "weekly_log.filename"]
        );
        for enabled in [
            "p1listener.service",
            "p1reader@attic.service",
            "p1reader@gone.service",
            "p1reader2.service",
        ] {
            assert!(refused(&[enabled]).is_empty(), "{enabled}");
        }
    }

    #[test]
    fn a_raw_port_of_another_enabled_listener_is_refused_unless_both_ports_are_the_same() {
        let refused =
            |program: &str, main: &str| refused(program, &["p1listener.service"], main, ATTIC);
        assert_eq!(refused("p1listener", ""), ["multicast.raw_port"]);
        assert!(refused("p1reader", "").is_empty());
        for main in ["port: 52003", "raw_port: 52005", "raw_port: off", "address: 224.7.2.2"] {
            assert!(refused("p1listener", &format!("multicast: {{{main}}}")).is_empty(), "{main}");
        }
    }

    #[test]
    fn two_names_of_one_file_are_the_same() {
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(folder.path(), folder.path().join("link")).unwrap();
        let there = |name: &str| folder.path().join(name);
        assert_eq!(in_real_folder(&there("link/DAY.csv")), in_real_folder(&there("DAY.csv")));
        assert_eq!(in_real_folder(Path::new("/no/such/DAY.csv")), Path::new("/no/such/DAY.csv"));
    }
}
