//! Where keys come from, those of a meter and that of the group: credentials of systemd's, or files.
//!
//! Owns their names. No message contains a key.

use std::path::{Path, PathBuf};

use crate::dlms::{Key, KeyError, Keys};
use crate::message::{NoKey, SigningKey};
use crate::runtime::secret::{Secret, SecretError, SecretName};

const DECRYPTION: SecretName = SecretName { what: "decryption key", credential: "decryption_key" };
const AUTHENTICATION: SecretName =
    SecretName { what: "authentication key", credential: "authentication_key" };

const SIGNING: SecretName = SecretName { what: "multicast key", credential: "multicast_key" };

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// A file cannot be read.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// There is no key in it.
    #[error("the {what} in {}: {error}", file.display())]
    Key {
        /// Which key.
        what: &'static str,
        /// Where it was found.
        file: PathBuf,
        /// What is wrong with it.
        error: KeyError,
    },
    /// There is no key of the group in it.
    #[error("the {} in {}: {error}", SIGNING.what, file.display())]
    Signing {
        /// Where it was found.
        file: PathBuf,
        /// What is wrong with it.
        error: NoKey,
    },
    /// The one key is of no use without the other.
    #[error("there is an authentication key, but no decryption key")]
    NoDecryptionKey,
}

/// The keys of the meter in the files of the decryption key and of the authentication key, if there are any;
/// `credentials` is the directory of systemd's credentials, which take precedence.
pub fn read(
    decryption: Option<&Path>,
    authentication: Option<&Path>,
    credentials: Option<&Path>,
) -> Result<Option<Keys>, KeysError> {
    let decryption = DECRYPTION.read(credentials, decryption)?;
    let authentication = AUTHENTICATION.read(credentials, authentication)?;
    let authentication =
        authentication.map(|secret| parse(AUTHENTICATION.what, secret, Key::parse_authentication));
    match (decryption, authentication.transpose()?) {
        (Some(secret), authentication) => {
            let decryption = parse(DECRYPTION.what, secret, Key::parse_decryption)?;
            Ok(Some(Keys { decryption, authentication }))
        }
        (None, Some(_)) => Err(KeysError::NoDecryptionKey),
        (None, None) => Ok(None),
    }
}

/// The key that telegrams are signed with, if there is one.
pub fn read_signing_key(
    file: Option<&Path>,
    credentials: Option<&Path>,
) -> Result<Option<SigningKey>, KeysError> {
    let Some(Secret { text, file }) = SIGNING.read(credentials, file)? else { return Ok(None) };
    SigningKey::parse(&text).map(Some).map_err(|error| KeysError::Signing { file, error })
}

fn parse(
    what: &'static str,
    Secret { text, file }: Secret,
    parse: fn(&str) -> Result<Key, KeyError>,
) -> Result<Key, KeysError> {
    parse(&text).map_err(|error| KeysError::Key { what, file, error })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    const DECRYPTION_DIGITS: &str = "000102030405060708090a0b0c0d0e0f";
    const AUTHENTICATION_DIGITS: &str = "d0d1d2d3d4d5d6d7d8d9dadbdcdddedf";

    fn file(folder: &Path, name: &str, content: &str) -> PathBuf {
        let path = folder.join(name);
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    #[test]
    fn keys_come_from_files_or_from_credentials_which_take_precedence() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        let decryption = file(path, "ek", &format!("{DECRYPTION_DIGITS}\n"));
        let authentication = file(path, "ak", &format!("30{AUTHENTICATION_DIGITS}\n"));
        let expected = Keys {
            decryption: Key::parse_decryption(DECRYPTION_DIGITS).unwrap(),
            authentication: Some(Key::parse_authentication(AUTHENTICATION_DIGITS).unwrap()),
        };
        let both = read(Some(&decryption), Some(&authentication), None);
        assert_eq!(both.unwrap(), Some(expected));
        let without = Keys { authentication: None, ..expected };
        assert_eq!(read(Some(&decryption), None, None).unwrap(), Some(without));
        assert_eq!(read(None, None, Some(path)).unwrap(), None);
        file(path, "decryption_key", AUTHENTICATION_DIGITS);
        let key = Key::parse_decryption(AUTHENTICATION_DIGITS).unwrap();
        let expected = Keys { decryption: key, ..without };
        assert_eq!(read(Some(&decryption), None, Some(path)).unwrap(), Some(expected));
    }

    #[test]
    fn the_key_of_the_group_has_64_digits() {
        let folder = tempfile::tempdir().unwrap();
        let path = file(folder.path(), "k", &DECRYPTION_DIGITS.repeat(2));
        let key = SigningKey::parse(&DECRYPTION_DIGITS.repeat(2)).unwrap();
        assert_eq!(read_signing_key(Some(&path), None).unwrap(), Some(key));
        assert_eq!(read_signing_key(None, Some(folder.path())).unwrap(), None);
        let path = file(folder.path(), "k", DECRYPTION_DIGITS);
        let message = read_signing_key(Some(&path), None).unwrap_err().to_string();
        let expected =
            format!("the multicast key in {}: expected 64 hexadecimal digits", path.display());
        assert_eq!(message, expected);
    }

    #[test]
    fn a_key_of_the_wrong_form_is_refused_with_the_name_of_its_file_and_none_of_its_digits() {
        let folder = tempfile::tempdir().unwrap();
        let path = file(folder.path(), "ek", &DECRYPTION_DIGITS[1..]);
        let message = read(Some(&path), None, None).unwrap_err().to_string();
        let expected = "expected 32 hexadecimal digits, found 31 characters";
        assert_eq!(message, format!("the decryption key in {}: {expected}", path.display()));
        let path = file(folder.path(), "ak", AUTHENTICATION_DIGITS);
        let message = read(None, Some(&path), None).unwrap_err().to_string();
        assert_eq!(message, "there is an authentication key, but no decryption key");
        let message = read(Some(Path::new("/no/such")), None, None).unwrap_err().to_string();
        assert!(message.starts_with("cannot read the decryption key in /no/such: "), "{message}");
    }
}
