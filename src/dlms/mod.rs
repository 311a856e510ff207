//! Encrypted telegrams: frames of bytes, keys, and the text of telegrams in them.
//!
//! Pure: no input or output, no clock, no configuration, and nothing else of this crate. Keys and times are
//! passed in.
//!
//! | part        | owns                                                                |
//! |-------------|---------------------------------------------------------------------|
//! | `decoder`   | the frames in a stream of bytes                                     |
//! | `opener`    | which tag is demanded, and what is wrong with the keys              |
//! | `ciphering` | the frame that begins with `DB`, and its cipher                     |
//! | `polish`    | the frame of Polish meters, between two plain lines                 |
//! | `keys`      | the keys, and the forms in which they are given                     |
//! | `checksum`  | CRC-16/ARC and CRC-16/X-25                                          |
//!
//! ```
//! use p1_multicast::dlms::{Authenticity, Decoder, Event, Key, Keys, Sealer};
//!
//! let (decryption, authentication) = (Key::new([7; 16]), Key::new([9; 16]));
//! let meter = Sealer { title: Some(*b"TST\0\0\0\0\x01"), control: 0x30, decryption, authentication };
//! let mut line = Vec::new();
//! meter.seal(b"/TST5METER\r\n\r\n1-0:1.7.0(00.329*kW)\r\n!FA8C\r\n", 1, &mut line);
//!
//! let mut decoder = Decoder::default();
//! decoder.set_keys(Some(Keys { decryption, authentication: Some(authentication) }));
//! let Some(Event::Telegram(opened)) = decoder.feed(&mut &line[..], 0) else { panic!() };
//! assert!(opened.text.starts_with(b"/TST5METER"));
//! assert_eq!(opened.authenticity, Authenticity::Verified);
//! ```

mod checksum;
mod ciphering;
mod decoder;
mod keys;
mod opener;
mod polish;

pub use ciphering::{MAX_FRAME, Sealer, TITLE_LENGTH};
pub use decoder::{Counts, Decoder, Event, Fit, Opened, Refused};
pub use keys::{Key, KeyError, Keys};
pub use opener::{Authenticity, Refusal};
