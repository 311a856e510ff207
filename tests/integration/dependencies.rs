//! The crates that we build on: why each is there, and what may come in with it.
//!
//! Works offline, on what `cargo metadata` tells of the lock file. `cargo audit` knows the advisories.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

use serde_json::Value;

/// Licences of a crate that is in the programs; each is in debian/copyright.
const LICENSES: [&str; 8] =
    ["0BSD", "Apache-2.0", "BSD-3-Clause", "ISC", "MIT", "MPL-2.0", "Unicode-3.0", "Zlib"];

/// Crates that are there in two versions, and who wants the other one.
const DOUBLES: [(&str, &str); 8] = [
    ("bitflags", "serialport's nix"),
    ("getrandom", "ring"),
    ("linux-raw-sys", "cursive's crossterm"),
    ("rustix", "cursive's crossterm"),
    ("rustls-webpki", "rumqttc, for an error type"),
    ("signal-hook", "cursive"),
    ("syn", "macros of cursive, when it is built"),
    ("unicode-width", "cursive"),
];

/// Crates that must not come in, and why.
const BANNED: [(&str, &str); 5] = [
    ("mqttbytes", "out of its repository since 2022"),
    ("openssl-sys", "TLS is rustls, which needs no library of the host"),
    ("native-tls", "TLS is rustls, which needs no library of the host"),
    ("serde_yaml", "archived; yaml_serde is maintained"),
    ("libudev-sys", "ports are found in /dev and /sys"),
];

struct Crate {
    name: String,
    version: String,
    license: String,
    rust_version: Option<String>,
    source: Option<String>,
}

/// The crates in the programs and in what builds them, with or without those for tests.
fn crates() -> Vec<Crate> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let arguments = ["metadata", "--format-version=1", "--locked", "--offline", "--all-features"];
    let output = Command::new(cargo)
        .args(arguments)
        .args(["--filter-platform", "x86_64-unknown-linux-gnu"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let nodes: BTreeMap<&str, &Value> = metadata["resolve"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| (node["id"].as_str().unwrap(), node))
        .collect();
    let (mut reached, mut next) =
        (BTreeSet::new(), vec![metadata["resolve"]["root"].as_str().unwrap()]);
    while let Some(id) = next.pop() {
        if reached.insert(id) {
            let needed = nodes[id]["deps"].as_array().unwrap().iter().filter(|dependency| {
                let kinds = dependency["dep_kinds"].as_array().unwrap();
                kinds.iter().any(|kind| kind["kind"] != "dev")
            });
            next.extend(needed.map(|dependency| dependency["pkg"].as_str().unwrap()));
        }
    }
    let packages = metadata["packages"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    packages
        .filter(|package| reached.contains(package["id"].as_str().unwrap()))
        .map(|package| Crate {
            name: text(&package["name"]).unwrap(),
            version: text(&package["version"]).unwrap(),
            license: text(&package["license"]).unwrap_or_default(),
            rust_version: text(&package["rust_version"]),
            source: text(&package["source"]),
        })
        .filter(|one| one.name != "p1-multicast")
        .collect()
}

/// Whether the terms of this SPDX expression can be met with [`LICENSES`].
fn is_allowed(expression: &str) -> bool {
    // Old crates write a slash for OR. Brackets only ever enclose alternatives.
    let expression = expression.replace('/', " OR ").replace(['(', ')'], " ");
    let is_known = |term: &str| LICENSES.contains(&term.trim());
    let alternatives = |terms: &str| terms.split(" OR ").any(is_known);
    expression.split(" AND ").all(alternatives)
}

#[test]
fn each_crate_that_we_ask_for_has_a_reason_beside_it() {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let text = fs::read_to_string(manifest).unwrap();
    let (mut is_list, mut before, mut count) = (false, "", 0);
    for line in text.lines() {
        if line.starts_with('[') {
            is_list = line == "[dependencies]" || line == "[dev-dependencies]";
        } else if is_list && line.contains(" = ") {
            assert!(before.starts_with("# "), "no reason for {line}");
            count += 1;
        }
        before = line;
    }
    assert!(count > 20, "{count}");
}

#[test]
fn no_crate_in_the_programs_is_banned_doubled_from_elsewhere_or_under_other_terms() {
    let crates = crates();
    assert!(crates.len() > 50, "{}", crates.len());
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for one in &crates {
        let Crate { name, version, license, source, .. } = one;
        versions.entry(name).or_default().insert(version);
        let ban = BANNED.iter().find(|(banned, _)| banned == name);
        assert!(ban.is_none(), "{name}: {}", ban.unwrap().1);
        assert!(is_allowed(license), "{name} {version}: {license:?}");
        let source = source.as_deref().unwrap_or_default();
        assert!(
            source.starts_with("registry+") && source.contains("crates.io"),
            "{name}: {source}"
        );
    }
    versions.retain(|_, versions| versions.len() > 1);
    let doubles: Vec<&str> = versions.keys().copied().collect();
    assert_eq!(doubles, DOUBLES.map(|(name, _)| name), "{versions:?}");
}

#[test]
fn no_crate_in_the_programs_needs_a_younger_compiler_than_we_promise() {
    let minor = |version: &str| version.split('.').nth(1).unwrap().parse::<u32>().unwrap();
    let promised = minor(env!("CARGO_PKG_RUST_VERSION"));
    for Crate { name, version, rust_version, .. } in crates() {
        let needed = rust_version.as_deref().map_or(0, minor);
        assert!(needed <= promised, "{name} {version} needs Rust 1.{needed}");
    }
}

#[test]
fn terms_are_met_by_one_alternative_of_each_part() {
    for (expression, expected) in [
        ("MIT", true),
        ("MIT OR Apache-2.0", true),
        ("Unlicense/MIT", true),
        ("GPL-3.0-only", false),
        ("GPL-3.0-only OR MIT", true),
        ("Apache-2.0 AND ISC", true),
        ("MIT AND GPL-3.0-only", false),
        ("(MIT OR Apache-2.0) AND Unicode-3.0", true),
        ("", false),
    ] {
        assert_eq!(is_allowed(expression), expected, "{expression}");
    }
}
