//! Publishes the state of smart meters to an MQTT broker.

use std::process::ExitCode;

use p1_multicast::mqtt::{self, EXITS, Options};
use p1_multicast::runtime::{Exit, Program, arguments, exit};

fn main() -> ExitCode {
    exit::status(run(), EXITS)
}

fn run() -> Result<Exit, Exit> {
    let options: Options = arguments::parse()?;
    let program = Program::start("p1mqtt", options.common.clone());
    let config = program.config_or_default()?;
    mqtt::run(config, || program.reload())
}
