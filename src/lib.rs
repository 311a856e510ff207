//! The gpsd of smart meters: one daemon owns the meter's P1 port and multicasts every telegram on
//! the LAN; everything else subscribes.
//!
//! ```text
//! meter ──serial──▶ listener ──▶ UDP multicast ──▶ reader (files), dashboard, cat (pipes), mqtt, emeter
//! ```
//!
//! | module        | owns                                                                       |
//! |---------------|----------------------------------------------------------------------------|
//! | [`telegram`]  | what a meter says in text: frames, checksums, data objects. Pure, no I/O   |
//! | [`dlms`]      | encrypted telegrams: frames, keys, the text in them. Pure, no I/O          |
//! | [`message`]   | the datagram: meta data and telegram as JSON, both ways                    |
//! | [`reading`]   | named readings: one table of names and units, one rule for totals          |
//! | `meter`       | what a subscriber knows of its meters: a list, which one to follow, today  |
//! | `history`     | the years: rows of five minutes, use by period, gaps                       |
//! | [`multicast`] | sockets: sender, receiver, interfaces                                      |
//! | `subscriber`  | the one way to receive telegrams: which meter, each once, losses counted   |
//! | `publisher`   | the one way to send: to a group and to single hosts, failures logged       |
//! | [`config`]    | the YAML file                                                              |
//! | [`runtime`]   | what every program does: options, log, signals, systemd, exit codes        |
//! | [`zone`]      | local time                                                                 |
//! | `words`       | every word that is shown, in Dutch and English: one table                  |
//! | `text`        | durations, counts and foreign text as log messages show them               |
//! | `atomic_file` | files replaced by rename                                                   |
//! | `gzip`        | compressed files                                                           |
//! | `key_files`   | keys of a meter that encrypts and of signatures, from files or credentials |
//! | [`listener`]  | `p1listener`: sources of bytes, and the loop from byte to datagram         |
//! | [`reader`]    | `p1reader`: the outputs and the files under them                           |
//! | [`report`]    | `p1report`: the years, as tables, JSON, CSV and a page                     |
//! | [`cat`]       | `p1cat`: telegrams as lines of text                                        |
//! | `dashboard`   | `p1dashboard`: the state of the meters, the panels, the terminal           |
//! | `mqtt`        | `p1mqtt`: the state of the meters for an MQTT broker and Home Assistant    |
//! | [`emeter`]    | `p1emeter`: telegrams as datagrams of an energy meter, for what acts       |
//! | [`simulator`] | `p1sim`: a household, its meter, and the port that the meter is wired to   |
//!
//! Imports run one way: `bin → a program → publisher, subscriber, history → meter → reading → message → dlms, telegram`.
//! All of them may use `runtime`, which uses `config`, which uses the types that it fills in: those of `multicast`,
//! `telegram` and `words`. No program imports another.

mod atomic_file;
pub mod cat;
pub mod config;
#[cfg(feature = "dashboard")]
pub mod dashboard;
pub mod dlms;
pub mod emeter;
mod gzip;
mod history;
mod key_files;
pub mod listener;
pub mod message;
mod meter;
#[cfg(feature = "mqtt")]
pub mod mqtt;
pub mod multicast;
mod publisher;
pub mod reader;
pub mod reading;
pub mod report;
pub mod runtime;
pub mod simulator;
mod subscriber;
pub mod telegram;
#[cfg(test)]
mod tests;
mod text;
mod words;
pub mod zone;

/// What the fuzz targets need of private modules.
#[cfg(fuzzing)]
pub mod fuzzing {
    pub use crate::subscriber::{Arrival, Guard};
}
