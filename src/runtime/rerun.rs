//! Runs one test again in a process of its own, for what cannot be tried inside a test process: an
//! exit status, an environment, a closed standard error.

use std::env;
use std::process::Command;

/// Set in the child to the name of the test that started it.
const MARK: &str = "P1_MULTICAST_RERUN";

/// The command that runs `test` (full path, as `cargo test` prints it) again, or `None` when this
/// process is that child and the test is to play the child's part.
pub(super) fn rerun(test: &str) -> Option<Command> {
    if env::var_os(MARK).is_some_and(|mark| mark == test) {
        return None;
    }
    let mut command = Command::new(env::current_exe().unwrap());
    // With one thread the test has the main thread, which signals go to.
    command.args(["--exact", test, "--nocapture", "--test-threads=1"]);
    command.env(MARK, test);
    command.env_remove("JOURNAL_STREAM");
    Some(command)
}
