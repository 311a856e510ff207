//! Encrypted and binary telegrams: frames of bytes, keys, and the text of telegrams in them.
//!
//! Pure: no input or output, no clock, no configuration, and nothing of this crate but the checksums of
//! [`telegram`](crate::telegram). Keys and times are passed in.
//!
//! | part        | owns                                                                |
//! |-------------|---------------------------------------------------------------------|
//! | `decoder`   | the frames in a stream of bytes                                     |
//! | `pending`   | the bytes that are kept until a frame is complete                   |
//! | `attempt`   | from a complete frame to the text of a telegram                     |
//! | `event`     | what comes of them                                                  |
//! | `opener`    | which tag is demanded, and what is wrong with the keys              |
//! | `ciphering` | the frame that begins with `DB`, and its cipher                     |
//! | `polish`    | the frame of Polish meters, between two plain lines                 |
//! | `keys`      | the keys, and the forms in which they are given                     |
//! | `hdlc`      | HDLC frames; `mbus`, frames of wired M-Bus                          |
//! | `transfer`  | what comes in several of them                                       |
//! | `axdr`      | values as DLMS encodes them                                         |
//! | `push`      | the readings in what a meter pushes; `tables`, lists without codes  |
//! | `recording` | where the frames in a recording end                                 |
//! | `compose`   | a push as the text of a telegram                                    |
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
//! assert_eq!(opened.authenticity, Some(Authenticity::Verified));
//! ```

mod attempt;
mod axdr;
mod ciphering;
mod compose;
mod decoder;
mod event;
mod hdlc;
mod keys;
mod mbus;
mod opener;
mod pending;
mod polish;
mod push;
mod recording;
mod tables;
mod transfer;

pub(crate) use ciphering::Found;
pub use ciphering::{MAX_FRAME, Sealer, TITLE_LENGTH};
pub use decoder::Decoder;
pub use event::{Counts, Event, Fit, Opened, Refused};
pub(crate) use hdlc::HdlcFrame;
pub use keys::{Key, KeyError, Keys};
pub(crate) use mbus::MBusFrame;
pub use opener::{Authenticity, Refusal};
pub use recording::first_frame;
