//! The host that a program runs on.

/// Its name: what datagrams call their source where nothing else is configured.
pub(crate) fn name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}
