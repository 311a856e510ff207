//! Problems in a file, displayed so that the user can correct them.

use std::fmt;
use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// One error or warning about one place. Displays as `FILE:LINE: SECTION.KEY: MESSAGE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file.
    pub file: PathBuf,
    /// Line in the file, from 1. `None` for the file as a whole.
    pub line: Option<usize>,
    /// `section`, or `section.key`, or empty.
    pub key: String,
    /// What was expected and what was found.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        write!(formatter, "{}:", self.file.display())?;
        if let Some(line) = self.line {
            write!(formatter, "{line}:")?;
        }
        if !self.key.is_empty() {
            write!(formatter, " {}:", self.key)?;
        }
        write!(formatter, " {}", self.message)
    }
}

/// Why there is no configuration. Displays as one line per problem.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// The file is missing, a directory, or not readable for us.
    #[error("{}: cannot be read: {source}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
    /// All problems in the file, in its order; never empty.
    #[error("{}", one_per_line(.0))]
    Invalid(Vec<Problem>),
}

fn one_per_line(problems: &[Problem]) -> String {
    let lines: Vec<String> = problems.iter().map(Problem::to_string).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(line: Option<usize>, key: &str) -> Problem {
        Problem {
            file: "/etc/x.yml".into(),
            line,
            key: key.to_owned(),
            message: "expected A, found B".to_owned(),
        }
    }

    #[test]
    fn a_problem_displays_its_place_as_far_as_it_is_known() {
        for (problem, shown) in [
            (problem(Some(7), "a.b"), "/etc/x.yml:7: a.b: expected A, found B"),
            (problem(Some(7), ""), "/etc/x.yml:7: expected A, found B"),
            (problem(None, ""), "/etc/x.yml: expected A, found B"),
        ] {
            assert_eq!(problem.to_string(), shown);
        }
    }

    #[test]
    fn an_error_displays_one_line_per_problem() {
        let error = ConfigError::Invalid(vec![problem(Some(1), "a"), problem(Some(2), "b")]);
        assert_eq!(error.to_string().lines().count(), 2);
    }
}
