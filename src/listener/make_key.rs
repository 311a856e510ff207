//! `--make-key`: a new key for the signatures of telegrams.
//!
//! Owns the file that it makes: of the user alone, and never in the place of another one.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use crate::message::SigningKey;
use crate::runtime::Exit;

/// Writes a new key to a file that is not there yet. A failure is logged.
pub fn make_key(path: &Path) -> Result<Exit, Exit> {
    match write(path) {
        Ok(()) => Ok(Exit::Done),
        Err(error) => {
            log::error!("cannot write a key to {}: {error}", path.display());
            Err(Exit::Io)
        }
    }
}

fn write(path: &Path) -> io::Result<()> {
    let mut bytes = [0; 32];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    writeln!(file, "{}", SigningKey::new(bytes).digits())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_key_is_written_once_and_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        assert_eq!(make_key(&path), Ok(Exit::Done));
        let text = fs::read_to_string(&path).unwrap();
        assert!(SigningKey::parse(text.trim_end()).is_ok());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(make_key(&path), Err(Exit::Io), "there is one");
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
}
