//! The gpsd of smart meters: one daemon owns the meter's P1 port and multicasts every telegram on
//! the LAN; everything else subscribes.
//!
//! ```text
//! meter ──serial──▶ listener ──▶ UDP multicast ──▶ reader (files), dashboard, cat (pipes), mqtt
//! ```
//!
//! | module        | owns                                                                    |
//! |---------------|-------------------------------------------------------------------------|
//! | [`telegram`]  | what a meter says: frames, checksums, data objects. Pure, no I/O        |
//! | [`message`]   | the datagram: meta data and telegram as JSON, both ways                 |
//! | [`reading`]   | named readings: one vocabulary for every view and export                |
//! | [`multicast`] | the sender and the receiver of datagrams                                |
//! | [`config`]    | the YAML file                                                           |
//! | [`daemon`]    | what every program does: logging, signals, systemd, exit codes          |
//! | [`commands`]  | the command lines of the programs                                       |
//! | [`program`]   | the start that all programs share                                       |
//! | [`zone`]      | local time                                                              |
//! | `subscription`| a program's membership in the group, kept up for ever                   |
//! | `attempt`     | what may take long, done beside the loop                                |
//! | `dial`        | a TCP connection to a host by name                                      |
//! | `host`        | the name of the host                                                    |
//! | `choice`      | which meter is followed when several are heard                          |
//! | `senders`     | what was lost on the way, by the frame numbers of each sender           |
//! | `whole_file`  | files that are there whole or not at all                                |
//! | `words`       | lengths of time and numbers as people say them                          |
//! | [`listener`]  | `p1listener`: sources of bytes, and the loop from byte to datagram      |
//! | [`reader`]    | `p1reader`: the five outputs and the files under them                   |
//! | [`cat`]       | `p1cat`: telegrams as lines of text                                     |
//! | `dashboard`   | `p1dashboard`: the state of the meters, the panels, the terminal        |
//! | `mqtt`        | `p1mqtt`: the state of the meters for an MQTT broker and Home Assistant  |
//! | [`simulator`] | `p1sim`: a household, its meter, and the port that the meter hangs on   |
//!
//! Arrows run one way: programs use `multicast`, `reading` and `message`, those use `telegram`, and
//! `config` and `daemon` are leaves. No program uses another.

mod attempt;
pub mod cat;
mod choice;
pub mod commands;
pub mod config;
pub mod daemon;
#[cfg(feature = "dashboard")]
pub mod dashboard;
mod dial;
mod host;
pub mod listener;
pub mod message;
#[cfg(feature = "mqtt")]
pub mod mqtt;
pub mod multicast;
pub mod program;
pub mod reader;
pub mod reading;
mod senders;
pub mod simulator;
mod subscription;
pub mod telegram;
mod whole_file;
mod words;
pub mod zone;
