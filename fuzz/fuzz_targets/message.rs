//! Datagrams from the network.
//!
//! Promises: no panic; what is read as a message can be written and read again, the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use p1_multicast::message::Message;

fuzz_target!(|data: &[u8]| {
    let Ok(message) = Message::parse(data) else { return };
    let _ = message.equipment_id();
    let mut json = Vec::new();
    message.write_json(&mut json);
    assert_eq!(Message::parse(&json).expect("what was written"), message);
});
