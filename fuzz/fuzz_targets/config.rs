//! Configuration files.
//!
//! Promises: no panic, and every fault has a message of bounded length.
#![no_main]

use libfuzzer_sys::fuzz_target;
use p1_multicast::config;
use std::path::Path;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let environment = |name: &str| (name == "HOME").then(|| "/root".to_owned());
    if let Err(error) = config::parse(text, Path::new("fuzz.yml"), &environment) {
        assert!(!error.to_string().is_empty());
    }
});
