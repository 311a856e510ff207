//! Secrets: a credential of systemd's, or a file that others may not read.
//!
//! Owns the two places and the checks. A secret is never logged, and no error contains it.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};

/// The longest secret, in bytes.
const MAX_LENGTH: u64 = 1024;

/// The permissions of others than the owner and the group.
const OTHERS: u32 = 0o007;

/// Why a secret cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    #[error("cannot read the {what} in {}: {source}", file.display())]
    Unreadable { what: &'static str, file: PathBuf, source: io::Error },
    #[error(
        "the {what} file {} may be read by others (mode {mode:03o}): chmod o= {}",
        file.display(), file.display()
    )]
    OpenToOthers { what: &'static str, file: PathBuf, mode: u32 },
    #[error("the {what} in {} is not one line of text of 1 to {MAX_LENGTH} bytes", file.display())]
    NotOneLine { what: &'static str, file: PathBuf },
}

/// A secret, and where it was found.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    /// The only line of the file.
    pub text: String,
    /// The file.
    pub file: PathBuf,
}

/// One secret of a program.
#[derive(Clone, Copy, Debug)]
pub struct SecretName {
    /// What messages call it: `decryption key`.
    pub what: &'static str,
    /// The name of the credential: `LoadCredential=NAME:/path` in the unit.
    pub credential: &'static str,
}

impl SecretName {
    /// Reads the secret: the credential in the directory `credentials` (systemd's `$CREDENTIALS_DIRECTORY`) if
    /// there is text in it, else the content of `file`, else none.
    pub fn read(
        self,
        credentials: Option<&Path>,
        file: Option<&Path>,
    ) -> Result<Option<Secret>, SecretError> {
        if let Some(credential) = credentials.map(|directory| directory.join(self.credential)) {
            // systemd keeps it from others. An empty one is the unit's default.
            match self.content(&credential, |_| true) {
                Ok(text) if text.trim_ascii().is_empty() => {}
                Err(SecretError::Unreadable { source, .. })
                    if source.kind() == io::ErrorKind::NotFound => {}
                Ok(text) => return self.line(credential, &text).map(Some),
                Err(error) => return Err(error),
            }
        }
        let Some(file) = file else { return Ok(None) };
        let text = self.content(file, |mode| mode & OTHERS == 0)?;
        self.line(file.to_owned(), &text).map(Some)
    }

    /// The bytes of a file, if its permissions are safe. They are checked on the opened file.
    fn content(self, path: &Path, is_safe: impl Fn(u32) -> bool) -> Result<Vec<u8>, SecretError> {
        let unreadable =
            |source| SecretError::Unreadable { what: self.what, file: path.to_owned(), source };
        // Opening a FIFO without a writer must not block.
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let opened = rustix::fs::open(path, flags, Mode::empty());
        let file = File::from(opened.map_err(|error| unreadable(error.into()))?);
        let mode = file.metadata().map_err(unreadable)?.permissions().mode() & 0o777;
        if !is_safe(mode) {
            let file = path.to_owned();
            return Err(SecretError::OpenToOthers { what: self.what, file, mode });
        }
        let mut bytes = Vec::new();
        file.take(MAX_LENGTH + 2).read_to_end(&mut bytes).map_err(unreadable)?;
        Ok(bytes)
    }

    /// The only line, without its end.
    fn line(self, file: PathBuf, bytes: &[u8]) -> Result<Secret, SecretError> {
        let text = std::str::from_utf8(bytes).unwrap_or_default();
        let text = text.strip_suffix('\n').unwrap_or(text);
        let text = text.strip_suffix('\r').unwrap_or(text);
        let is_valid =
            !text.is_empty() && text.len() as u64 <= MAX_LENGTH && !text.contains(['\n', '\0']);
        if is_valid {
            Ok(Secret { text: text.to_owned(), file })
        } else {
            Err(SecretError::NotOneLine { what: self.what, file })
        }
    }
}

/// systemd's directory of credentials, if the service has one.
#[must_use]
pub fn credentials_directory() -> Option<PathBuf> {
    std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const PASSWORD: SecretName = SecretName { what: "password", credential: "password" };

    fn file(folder: &Path, name: &str, content: &[u8], mode: u32) -> PathBuf {
        let path = folder.join(name);
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    fn read(credentials: Option<&Path>, file: Option<&Path>) -> Result<Option<String>, String> {
        let secret = PASSWORD.read(credentials, file);
        secret.map(|secret| Some(secret?.text)).map_err(|error| error.to_string())
    }

    fn password(file: &Path) -> Result<Option<String>, String> {
        read(None, Some(file))
    }

    #[test]
    fn the_secret_is_the_only_line_of_the_file() {
        let folder = tempfile::tempdir().unwrap();
        for content in ["sesam öffne dich", "sesam öffne dich\n", "sesam öffne dich\r\n"] {
            let file = file(folder.path(), "p", content.as_bytes(), 0o600);
            assert_eq!(password(&file), Ok(Some("sesam öffne dich".into())));
        }
        for content in [&b""[..], b"\n", b"two\nlines\n", b"\xff", &[b'x'; 2000]] {
            let file = file(folder.path(), "p", content, 0o640);
            let message = password(&file).unwrap_err();
            assert!(message.ends_with("is not one line of text of 1 to 1024 bytes"), "{message}");
        }
    }

    #[test]
    fn a_file_that_others_may_read_is_refused_with_its_name_and_mode() {
        let folder = tempfile::tempdir().unwrap();
        for (mode, sound) in [(0o600, true), (0o640, true), (0o644, false), (0o602, false)] {
            let file = file(folder.path(), "p", b"sesam", mode);
            let shown = file.display();
            let message = format!(
                "the password file {shown} may be read by others (mode {mode:o}): chmod o= {shown}"
            );
            let expected = if sound { Ok(Some("sesam".into())) } else { Err(message) };
            assert_eq!(password(&file), expected);
        }
    }

    #[test]
    fn a_fifo_without_a_writer_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let fifo = folder.path().join("fifo");
        rustix::fs::mkfifoat(rustix::fs::CWD, &fifo, Mode::RUSR | Mode::WUSR).unwrap();
        let message = password(&fifo).unwrap_err();
        assert!(message.ends_with("is not one line of text of 1 to 1024 bytes"), "{message}");
    }

    #[test]
    fn a_missing_file_is_named() {
        let message = password(Path::new("/no/such/file")).unwrap_err();
        assert!(
            message.starts_with("cannot read the password in /no/such/file: No such"),
            "{message}"
        );
    }

    #[test]
    fn a_credential_takes_precedence_over_the_file_unless_it_is_empty() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        let other = file(path, "other", b"other", 0o600);
        let read = |file| read(Some(path), file).unwrap();
        assert_eq!(read(None), None);
        assert_eq!(read(Some(&*other)), Some("other".into()));
        file(path, "password", b"\n", 0o400);
        assert_eq!(read(Some(&*other)), Some("other".into()));
        file(path, "password", b"sesam\n", 0o444);
        assert_eq!(read(Some(&*other)), Some("sesam".into()));
    }
}
