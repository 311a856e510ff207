//! `p1reader --test`: a recording that touches no file of the service.
//!
//! Owns the folder of its own that it goes to, and how the settings change for it.

use std::fs::{self, DirBuilder};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use crate::config::Config;

/// How many names are tried for the folder.
const MAX_TRIES: u32 = 100;

/// The folder of a test.
#[derive(Debug)]
pub(super) struct Trial {
    folder: PathBuf,
}

impl Trial {
    /// Makes a folder below `parent` that only we can read, as meter readings are private.
    pub fn begin(parent: &Path) -> io::Result<Self> {
        let name = |number| format!("p1reader-test-{}", std::process::id() + number);
        for folder in (0..MAX_TRIES).map(|number| parent.join(name(number))) {
            match DirBuilder::new().mode(0o700).create(&folder) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                made => return made.map(|()| Self { folder }),
            }
        }
        Err(ErrorKind::AlreadyExists.into())
    }

    /// The settings for the test: each file has its whole path below the folder, so that two outputs with one name
    /// stay apart. Nothing is removed, and a small `/tmp` will do.
    pub fn settings(&self, mut config: Config) -> Config {
        for file in config.filenames_mut() {
            *file = self.folder.join(file.strip_prefix("/").unwrap_or(file));
        }
        let Config {
            p1_reader_details: details,
            p1_reader_interval: interval,
            p1_reader_day: day,
            ..
        } = &mut config;
        for output in [details, interval, day] {
            output.keep_days = None;
        }
        config.p1_reader.min_free = 0;
        config
    }

    /// Tells on standard output where the files are.
    pub fn end(&self) {
        let folder = self.folder.display();
        // An empty folder is of no use to anybody.
        let text = match fs::remove_dir(&self.folder) {
            Ok(()) => "no file was written".to_owned(),
            Err(_) => format!("the files of this test are in {folder}"),
        };
        // If standard output is closed, nobody wants to know.
        let _ = writeln!(io::stdout(), "{text}");
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_test_has_a_folder_of_its_own_and_leaves_none_that_is_empty() {
        let parent = tempfile::tempdir().unwrap();
        let [one, other] = [(); 2].map(|()| Trial::begin(parent.path()).unwrap());
        assert_ne!(one.folder, other.folder);
        let mode = fs::metadata(&one.folder).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        fs::write(other.folder.join("file"), "").unwrap();
        one.end();
        other.end();
        assert!(!one.folder.exists() && other.folder.exists());
        assert!(Trial::begin(Path::new("/no/such/folder")).is_err());
    }

    #[test]
    fn every_file_goes_to_the_folder_of_the_test_and_none_is_removed() {
        let parent = tempfile::tempdir().unwrap();
        let trial = Trial::begin(parent.path()).unwrap();
        let config = trial.settings(Config::default());
        for (section, _, file) in config.outputs() {
            assert!(file.starts_with(&trial.folder), "{section}: {}", file.display());
        }
        assert_eq!(config.html_report.filename, trial.folder.join("run/p1-multicast/lastm.html"));
        assert_eq!(config.p1_reader_interval.keep_days, None);
        assert_eq!(config.p1_reader.min_free, 0);
    }
}
