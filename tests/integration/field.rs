//! Telegrams from public reports: what p1cat makes of them, against their expectations.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::support::{Place, binary, corpus};

/// What `p1cat --input` prints of a file.
fn printed(file: &Path, options: &[&str]) -> String {
    let mut command = Command::new(binary("p1cat"));
    let output = command.arg("--input").arg(file).args(options).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// The value of a row, as text; `None` when there is none.
fn found(file: &Path, view: &str, key: &str) -> Option<String> {
    let options: &[&str] = if view == "readings" { &["--format", "readings"] } else { &[] };
    let out = printed(file, options);
    let lines: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let value = match view {
        "count" => return Some(lines.len().to_string()),
        "readings" => &lines.first()?[key],
        "meta" => &lines.first()?["meta"][key],
        _ => &lines.first()?["telegram"][key],
    };
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// What `p1listener --probe` says of a file that is sent again and again.
fn probed(file: &Path) -> String {
    let place = Place::new();
    let stream = place.path("stream");
    fs::write(&stream, fs::read(file).unwrap().repeat(4)).unwrap();
    let config = place.path("probe.yml");
    let text =
        format!("p1_listener: {{port: {}}}\nmulticast: {{interface: lo}}\n", stream.display());
    fs::write(&config, text).unwrap();
    let mut command = Command::new(binary("p1listener"));
    let output = command.arg("--probe").arg("--config-file").arg(config).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

fn is_met(found: Option<&str>, expected: &str) -> bool {
    let Some(found) = found else { return expected == "-" };
    let number = |text: &str| text.parse::<f64>().ok();
    expected.split('|').any(|one| match (number(found), number(one)) {
        _ if one == "*" => true,
        (Some(found), Some(one)) => (found - one).abs() < 6e-4,
        _ => found == one,
    })
}

#[test]
#[ignore = "needs ../shared"]
fn telegrams_from_the_field_mean_what_they_say() {
    let folder = corpus().join("field");
    let expectations = fs::read_to_string(folder.join("EXPECT.tsv")).unwrap();
    let rows = expectations.lines().filter(|row| !row.starts_with('#') && !row.is_empty());
    let mut missed = Vec::new();
    for row in rows {
        let columns: Vec<&str> = row.split('\t').collect();
        let [name, view, key, expected, ..] = columns[..] else { panic!("{row}") };
        let file = folder.join(name);
        let ok = match view {
            "probe" => {
                let said = probed(&file);
                expected.split('|').any(|word| said.contains(word))
            }
            "explain" if expected == "hour" => printed(&file, &["--explain"]).contains("hour"),
            "explain" => !printed(&file, &["--explain"]).contains("lines are odd"),
            _ => is_met(found(&file, view, key).as_deref(), expected),
        };
        if !ok {
            missed.push(row);
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
}
