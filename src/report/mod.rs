//! `p1report`: looking back on the years that `p1reader` recorded.
//!
//! | part         | owns                                                                    |
//! |--------------|-------------------------------------------------------------------------|
//! | `selected`   | the report that the options ask for, as text or as a document           |
//! | `query`      | which periods are read and compared, and the estimates                  |
//! | `periods`    | hours, days, weeks, months and years                                    |
//! | `summary`    | today, this month and this year                                         |
//! | `lists`      | top days, peaks, base load, gaps                                        |
//! | `voltage`    | the voltage chapter                                                     |
//! | `battery`    | what batteries would have done                                          |
//! | `production` | solar production beside the meter, and its shares                       |
//! | `table`      | tables as text                                                          |
//! | `html`       | the page with pictures                                                  |
//! | `machine`    | JSON and CSV                                                            |
//! | `label`      | the names of periods and times                                          |
//! | `import`     | years from other programs                                               |
//! | `export`     | the history for other programs                                          |
//! | `range`      | the dates of the command line                                           |
//! | `alert`      | conditions for scripts                                                  |
//!
//! The history, the clock and the zone are passed in to everything but [`run`].

mod alert;
mod battery;
mod export;
mod html;
mod import;
mod label;
mod lists;
mod machine;
mod options;
mod periods;
mod production;
mod query;
mod range;
mod selected;
mod summary;
mod table;
mod voltage;

#[cfg(test)]
mod tests;

use std::fmt;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

pub use alert::Alert;
pub use export::options::{ExportFormat, ExportOptions};
pub use import::formats::{Format, GasTime, TimeIs, TimeZone};
pub use import::options::ImportOptions;
pub use options::{By, Command, Compare, EXITS, Kind, Options};
pub use range::When;

use crate::words::{ENGLISH, Words};
use export::ExportError;
use machine::Made;
use production::Production;
use query::{QueryError, Source};
use selected::Report;
use table::Style;

use crate::atomic_file;
use crate::config::{Config, Language};
use crate::history::files::{History, HistoryError};
use crate::runtime::Exit;
use crate::telegram::Timestamp;
use crate::zone::{self, HostZone, Zone};

/// The width of lines where there is no terminal.
const WIDTH: u16 = 80;

/// Prints what the options ask for. Logs what goes wrong.
pub fn run(options: &Options, config: &Config) -> Result<Exit, Exit> {
    match &options.command {
        Some(Command::Import(import)) => return run_import(import, config),
        Some(Command::Export(export)) => return run_export(export, config),
        None => {}
    }
    let variable = |name: &str| std::env::var(name).ok();
    check(options)?;
    let words = Words::chosen(options.language, None, &variable);
    let mut source = open(options.dir.as_deref(), options.meter.as_deref(), config)?;
    source.production = read_production(options)?;
    if let Some(file) = &options.html {
        let language = options.language.unwrap_or(config.html_report.language);
        let written = write_page(file, &mut source, options, language);
        log_findings(&source.history);
        written?;
        return if source.history.findings.has_unreadable { Err(Exit::Io) } else { Ok(Exit::Done) };
    }
    let report = Report::read(&mut source, options).map_err(fail_query);
    log_findings(&source.history);
    let report = report?;
    if options.json || options.csv {
        // What a table has below it.
        report.production_notes(&ENGLISH).iter().for_each(|note| log::warn!("{note}"));
    }
    let made = Made {
        time: HostZone.iso8601(Timestamp::from_seconds(source.now)),
        zone: zone::host_zone_name(&variable),
    };
    let text = report.text(options, style(options, &variable), words, &made);
    print(&text)?;
    let is_alert = |alert: &Alert| {
        let number = report.number(alert.name, alert.is_estimate);
        number.is_some_and(|number| alert.is_true(number))
    };
    if source.history.findings.has_unreadable {
        return Err(Exit::Io);
    }
    Ok(if options.alert.as_ref().is_some_and(is_alert) { Exit::Rejected } else { Exit::Done })
}

/// The solar production that the options name.
fn read_production(options: &Options) -> Result<Option<Production>, Exit> {
    let Some(file) = &options.production else { return Ok(None) };
    let production =
        Production::read(file, &HostZone).map_err(|error| fail(error.exit(), &error))?;
    production.warnings.iter().for_each(|warning| log::warn!("{warning}"));
    Ok(Some(production))
}

/// The history of this folder, or the configured one.
fn open(
    folder: Option<&Path>,
    meter: Option<&str>,
    config: &Config,
) -> Result<Source<HostZone>, Exit> {
    let pattern = in_folder(folder, &config.p1_reader_history.filename);
    let mut history = History::open(&pattern, meter).map_err(|error| fail(Exit::Io, &error))?;
    let details = in_folder(folder, &config.p1_reader_details.filename);
    let records = in_folder(folder, &config.p1_reader_day.filename);
    history
        .add_days(&details, &records, |local| HostZone.moments(local))
        .map_err(|error| fail(Exit::Io, &error))?;
    let end = history.last().map_err(|error| fail_history(&error))?;
    let Some((first, end)) = history.first().zip(end) else {
        log_findings(&history);
        let folder = pattern.parent().unwrap_or(&pattern).display();
        let reason = format!(
            "no history in {folder}: p1reader writes {} there, a row each five minutes; --dir names another folder",
            pattern.file_name().unwrap_or_default().to_string_lossy()
        );
        return Err(fail(Exit::NoInput, &reason));
    };
    if first == end {
        let begin = HostZone.iso8601(Timestamp::from_seconds(first));
        let reason = format!("the history begins at {begin}: there is nothing to report yet");
        return Err(fail(Exit::NoInput, &reason));
    }
    let now = Timestamp::from(SystemTime::now()).seconds();
    Ok(Source { history, zone: HostZone, now, first, end, production: None })
}

/// Prints the history for another program.
fn run_export(options: &ExportOptions, config: &Config) -> Result<Exit, Exit> {
    if options.decimal_comma && options.format != ExportFormat::Csv {
        return Err(fail(Exit::Usage, &"--decimal-comma: for csv"));
    }
    let mut source = open(options.dir.as_deref(), options.meter.as_deref(), config)?;
    let mut out = io::BufWriter::new(io::stdout().lock());
    let exported = export::export(&mut source, options, &mut out);
    log_findings(&source.history);
    match exported {
        Ok(()) if source.history.findings.has_unreadable => Err(Exit::Io),
        Ok(()) => Ok(Exit::Done),
        Err(ExportError::Query(error)) => Err(fail_query(error)),
        Err(ExportError::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            Ok(Exit::Done)
        }
        Err(error) => Err(fail(Exit::Io, &error)),
    }
}

/// Imports files, and prints what was taken.
fn run_import(options: &ImportOptions, config: &Config) -> Result<Exit, Exit> {
    let variable = |name: &str| std::env::var(name).ok();
    let words = Words::chosen(options.language, None, &variable);
    let pattern = in_folder(options.dir.as_deref(), &config.p1_reader_history.filename);
    let folder = pattern.parent().unwrap_or(Path::new("."));
    let mut own = History::open(&pattern, options.meter.as_deref())
        .map_err(|error| fail(Exit::Io, &error))?;
    own.leave_out_imports();
    let summary = import::import(options, folder, &mut own, &HostZone).map_err(|error| {
        let exit = error.exit();
        fail(exit, &error)
    })?;
    let style = style(&Options::default(), &variable);
    print(&summary.text(style, &HostZone, words))?;
    Ok(Exit::Done)
}

/// Prints a text. That nobody reads it is no error.
fn print(text: &str) -> Result<(), Exit> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(|error| fail(Exit::Io, &format!("standard output: {error}"))),
    }
}

/// Writes the page with pictures.
fn write_page<Z: Zone + Clone>(
    file: &Path,
    source: &mut Source<Z>,
    options: &Options,
    language: Language,
) -> Result<(), Exit> {
    let words = Words::of(language);
    let page = html::Page::read(source, options, words).map_err(fail_query)?;
    // The template is ours, and what it shows is text.
    let text = page.render(language.code(), words).map_err(|error| fail(Exit::Bug, &error))?;
    atomic_file::replace(file, |out| out.write_all(text.as_bytes()))
        .map_err(|error| fail(Exit::Io, &format!("{}: {error}", file.display())))
}

#[expect(clippy::needless_pass_by_value, reason = "it maps an error")]
fn fail_query(error: QueryError) -> Exit {
    match &error {
        QueryError::History(error) => fail_history(error),
        QueryError::NeverRecorded(..) => fail(Exit::NoInput, &error),
        QueryError::Backwards => fail(Exit::Usage, &error),
    }
}

/// Options that the report does not have.
fn check(options: &Options) -> Result<(), Exit> {
    let is_periods =
        matches!(options.kind, Kind::Hours | Kind::Days | Kind::Weeks | Kind::Months | Kind::Years);
    let wrong = [
        (
            options.compare.is_some() && !is_periods,
            "--compare: for hours, days, weeks, months and years",
        ),
        (
            options.production.is_some() && !is_periods && options.kind != Kind::Summary,
            "--production: for the summary and for periods",
        ),
        (
            options.alert.is_some() && !is_periods && options.kind != Kind::Summary,
            "--alert: for the summary and for periods",
        ),
        (options.html.is_some() && options.kind != Kind::Summary, "--html: for the summary"),
        (options.oneline && options.kind != Kind::Summary, "--oneline: for the summary"),
        (
            options.kind == Kind::Summary
                && (options.from.is_some() || options.to.is_some() || options.year.is_some()),
            "a range: for every report but the summary",
        ),
    ];
    match wrong.iter().find(|(is_wrong, _)| *is_wrong) {
        Some((_, reason)) => Err(fail(Exit::Usage, reason)),
        None => Ok(()),
    }
}

/// The configured files, or those of the same name in this folder.
fn in_folder(folder: Option<&Path>, configured: &Path) -> PathBuf {
    match folder {
        Some(folder) => folder.join(configured.file_name().unwrap_or_default()),
        None => configured.to_owned(),
    }
}

fn style(options: &Options, variable: &dyn Fn(&str) -> Option<String>) -> Style {
    let out = io::stdout();
    let is_terminal = out.is_terminal();
    let columns = || {
        let known = rustix::termios::tcgetwinsize(&out).ok().map(|size| size.ws_col);
        known.filter(|columns| is_terminal && *columns >= 40).unwrap_or(WIDTH)
    };
    let is_plain = variable("NO_COLOR").is_some_and(|value| !value.is_empty());
    Style {
        width: usize::from(options.width.unwrap_or_else(columns)),
        is_ascii: options.ascii,
        has_color: is_terminal && !is_plain && variable("TERM").is_some_and(|term| term != "dumb"),
    }
}

fn log_findings(history: &History) {
    for warning in &history.findings.warnings {
        log::warn!("{warning}");
    }
}

fn fail_history(error: &HistoryError) -> Exit {
    let exit = match error {
        HistoryError::Unreadable { .. } => Exit::Io,
        HistoryError::TwoMeters(..) => Exit::Usage,
    };
    fail(exit, error)
}

fn fail(exit: Exit, reason: &dyn fmt::Display) -> Exit {
    log::error!("{reason}");
    exit
}
