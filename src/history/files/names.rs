//! The names of files in a folder, and which of them a pattern means.

use std::fs;
use std::io;
use std::path::Path;

use super::HistoryError;

/// The folder and the last component of a path with placeholders.
pub(super) fn split_pattern(pattern: &Path) -> (&Path, String) {
    let name = pattern.file_name().unwrap_or_default().to_string_lossy().into_owned();
    (pattern.parent().unwrap_or(Path::new(".")), name)
}

/// The names in a folder, in order; none where there is no such folder.
pub(super) fn names(folder: &Path) -> Result<Vec<String>, HistoryError> {
    let unreadable = |source| HistoryError::Unreadable { path: folder.to_owned(), source };
    let mut names = Vec::new();
    match fs::read_dir(folder) {
        Ok(entries) => {
            for entry in entries {
                names.extend(entry.map_err(unreadable)?.file_name().into_string());
            }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(unreadable(error)),
    }
    names.sort_unstable();
    Ok(names)
}

/// Whether this is the name of a file of `pattern`: `YEAR` stands for four digits and perhaps a letter, `METER` for
/// any text.
pub(super) fn is_year_file(name: &str, pattern: &str) -> bool {
    let Some((before, after)) = pattern.split_once("YEAR") else { return name == pattern };
    let fits = |text: &str, pattern: &str| match pattern.split_once("METER") {
        Some((start, end)) => {
            text.len() > pattern.len() - "METER".len()
                && text.starts_with(start)
                && text.ends_with(end)
        }
        None => text == pattern,
    };
    name.as_bytes().windows(4).enumerate().any(|(at, year)| {
        let rest = at + 4;
        let letter = usize::from(name.as_bytes().get(rest).is_some_and(u8::is_ascii_lowercase));
        year.iter().all(u8::is_ascii_digit)
            && fits(&name[..at], before)
            && [rest, rest + letter].into_iter().any(|rest| fits(&name[rest..], after))
    })
}
