//! Publishes the state of smart meters to an MQTT broker.

use std::process::ExitCode;

use p1_multicast::commands;
use p1_multicast::mqtt;
use p1_multicast::runtime::Program;
use p1_multicast::runtime::{Exit, arguments};

fn main() -> ExitCode {
    run().unwrap_or_else(|exit| exit).into()
}

fn run() -> Result<Exit, Exit> {
    let options: commands::Mqtt = arguments::parse()?;
    let program = Program::start("p1mqtt", options.common);
    Ok(mqtt::run(program.config_or_default()?, || program.reload()))
}
