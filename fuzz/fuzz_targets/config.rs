//! Configuration files.
//!
//! Promises: no panic, and every fault has a message of bounded length.
#![no_main]

use libfuzzer_sys::fuzz_target;
use p1_multicast::config;
use std::path::Path;

/// In bytes. A message repeats five texts from the file at most, each cut to 60 characters, and a character
/// that cannot be printed takes up to ten bytes.
const MAX_MESSAGE: usize = 4096;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let environment = |name: &str| (name == "HOME").then(|| "/root".to_owned());
    if let Err(error) = config::parse(text, Path::new("fuzz.yml"), &environment) {
        for message in error.to_string().lines() {
            assert!(message.starts_with("fuzz.yml:"));
            assert!(message.len() < MAX_MESSAGE, "{message}");
        }
    }
});
