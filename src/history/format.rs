//! The format of the history file.
//!
//! Owns the columns with their units and their order, how times are written, and the part of a file's name that
//! stands for its year. p1reader(8) has the same for people.

use chrono::{DateTime, NaiveDateTime};

use crate::meter::DeviceRegister;
use crate::reading::Registers;
use crate::telegram::Decimal;

/// A row ends at each multiple of this many seconds since 1970.
pub(crate) const PERIOD_SECONDS: i64 = 300;

/// A row or reading that comes at most so long after a multiple of five minutes counts for it, in seconds.
const MAX_LATE: i64 = 60;

/// The most files of one year: without a letter, then with `b` to `z`.
pub(crate) const MAX_FILES_A_YEAR: u8 = 26;

/// A column.
#[derive(Debug)]
pub(crate) struct Column {
    /// Its name in the header: lower-case ASCII, the unit last.
    pub name: &'static str,
    /// What its fields hold.
    pub content: Content,
}

/// What the fields of a column hold.
#[derive(Debug)]
pub(crate) enum Content {
    /// The moment that the row is about, UTC: `2026-11-25T13:10:00Z`. With the meter it is the key.
    TimeUtc,
    /// What a clock on the wall shows then: `2026-11-25T14:10:00`.
    TimeLocal,
    /// How many telegrams the row is made of.
    Telegrams,
    /// A register of energy, kWh with three decimals.
    Energy(fn(&Registers) -> Option<Decimal>),
    /// The number of the reading of this name, with so many decimals; what is beyond them is cut off.
    Number(&'static str, u8),
    /// The moment that the reading of this name tells, UTC as in [`Content::TimeUtc`].
    Moment(&'static str),
    /// The text of the reading of this name.
    Text(&'static str),
    /// Made of what each telegram of the row shows of a quantity, with so many decimals.
    Statistic(Quantity, Statistic, u8),
}

/// What each telegram of a row shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quantity {
    /// Power from the grid, W.
    PowerImport,
    /// Power to the grid, W.
    PowerExport,
    /// The voltage of the phase at this place, V.
    Voltage(usize),
    /// The current of the phase at this place, A.
    Current(usize),
    /// The mean import of the running quarter of an hour, W.
    AveragePower,
}

/// What is made of the numbers of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Statistic {
    /// The lowest.
    Min,
    /// The arithmetic mean.
    Mean,
    /// The highest.
    Max,
}

/// Every column there is, in order. A file has those of which its meter sends values, and always the first
/// four. Names and order never change; new ones come last.
#[rustfmt::skip]
pub(crate) const COLUMNS: &[Column] = &[
    column("time_utc", Content::TimeUtc),
    column("time_local", Content::TimeLocal),
    text("unique_id", "unique_id"),
    column("telegrams", Content::Telegrams),

    energy("energy_import_kwh", |it| it.import.total),
    energy("energy_import_t1_kwh", |it| it.import.tariffs[0]),
    energy("energy_import_t2_kwh", |it| it.import.tariffs[1]),
    energy("energy_import_t3_kwh", |it| it.import.tariffs[2]),
    energy("energy_import_t4_kwh", |it| it.import.tariffs[3]),
    energy("energy_import_t5_kwh", |it| it.import.tariffs[4]),
    energy("energy_import_t6_kwh", |it| it.import.tariffs[5]),
    energy("energy_import_t7_kwh", |it| it.import.tariffs[6]),
    energy("energy_import_t8_kwh", |it| it.import.tariffs[7]),
    energy("energy_export_kwh", |it| it.export.total),
    energy("energy_export_t1_kwh", |it| it.export.tariffs[0]),
    energy("energy_export_t2_kwh", |it| it.export.tariffs[1]),
    energy("energy_export_t3_kwh", |it| it.export.tariffs[2]),
    energy("energy_export_t4_kwh", |it| it.export.tariffs[3]),
    energy("energy_export_t5_kwh", |it| it.export.tariffs[4]),
    energy("energy_export_t6_kwh", |it| it.export.tariffs[5]),
    energy("energy_export_t7_kwh", |it| it.export.tariffs[6]),
    energy("energy_export_t8_kwh", |it| it.export.tariffs[7]),
    number("reactive_energy_import_kvarh", 3),
    number("reactive_energy_export_kvarh", 3),

    statistic("power_import_min_w", Quantity::PowerImport, Statistic::Min, 0),
    statistic("power_import_mean_w", Quantity::PowerImport, Statistic::Mean, 0),
    statistic("power_import_max_w", Quantity::PowerImport, Statistic::Max, 0),
    statistic("power_export_min_w", Quantity::PowerExport, Statistic::Min, 0),
    statistic("power_export_mean_w", Quantity::PowerExport, Statistic::Mean, 0),
    statistic("power_export_max_w", Quantity::PowerExport, Statistic::Max, 0),
    statistic("voltage_l1_min_v", Quantity::Voltage(0), Statistic::Min, 1),
    statistic("voltage_l1_mean_v", Quantity::Voltage(0), Statistic::Mean, 1),
    statistic("voltage_l1_max_v", Quantity::Voltage(0), Statistic::Max, 1),
    statistic("voltage_l2_min_v", Quantity::Voltage(1), Statistic::Min, 1),
    statistic("voltage_l2_mean_v", Quantity::Voltage(1), Statistic::Mean, 1),
    statistic("voltage_l2_max_v", Quantity::Voltage(1), Statistic::Max, 1),
    statistic("voltage_l3_min_v", Quantity::Voltage(2), Statistic::Min, 1),
    statistic("voltage_l3_mean_v", Quantity::Voltage(2), Statistic::Mean, 1),
    statistic("voltage_l3_max_v", Quantity::Voltage(2), Statistic::Max, 1),
    statistic("current_l1_max_a", Quantity::Current(0), Statistic::Max, 2),
    statistic("current_l2_max_a", Quantity::Current(1), Statistic::Max, 2),
    statistic("current_l3_max_a", Quantity::Current(2), Statistic::Max, 2),

    statistic("average_power_15m_max_w", Quantity::AveragePower, Statistic::Max, 0),
    number("monthly_power_peak_w", 0),
    moment("monthly_power_peak_timestamp", "monthly_power_peak_timestamp"),

    number("any_power_fail_count", 0),
    number("long_power_fail_count", 0),
    number("voltage_sag_l1_count", 0),
    number("voltage_sag_l2_count", 0),
    number("voltage_sag_l3_count", 0),
    number("voltage_swell_l1_count", 0),
    number("voltage_swell_l2_count", 0),
    number("voltage_swell_l3_count", 0),

    number("gas_m3", 3),
    moment("gas_time_utc", "gas_timestamp"),
    text("gas_unique_id", "gas_unique_id"),
    number("water_m3", 3),
    moment("water_time_utc", "water_timestamp"),
    text("water_unique_id", "water_unique_id"),
    number("warm_water_m3", 3),
    moment("warm_water_time_utc", "warm_water_timestamp"),
    text("warm_water_unique_id", "warm_water_unique_id"),
    number("heat_gj", 3),
    number("heat_m3", 3),
    moment("heat_time_utc", "heat_timestamp"),
    text("heat_unique_id", "heat_unique_id"),
    number("inlet_heat_gj", 3),
    number("inlet_heat_m3", 3),
    moment("inlet_heat_time_utc", "inlet_heat_timestamp"),
    text("inlet_heat_unique_id", "inlet_heat_unique_id"),
    number("cooling_gj", 3),
    number("cooling_m3", 3),
    moment("cooling_time_utc", "cooling_timestamp"),
    text("cooling_unique_id", "cooling_unique_id"),
    number("submeter_energy_kwh", 3),
    moment("submeter_energy_time_utc", "submeter_energy_timestamp"),
    text("submeter_energy_unique_id", "submeter_energy_unique_id"),
];

const fn column(name: &'static str, content: Content) -> Column {
    Column { name, content }
}

const fn energy(name: &'static str, register: fn(&Registers) -> Option<Decimal>) -> Column {
    column(name, Content::Energy(register))
}

const fn number(name: &'static str, decimals: u8) -> Column {
    column(name, Content::Number(name, decimals))
}

const fn moment(name: &'static str, reading: &'static str) -> Column {
    column(name, Content::Moment(reading))
}

const fn text(name: &'static str, reading: &'static str) -> Column {
    column(name, Content::Text(reading))
}

const fn statistic(
    name: &'static str,
    quantity: Quantity,
    statistic: Statistic,
    decimals: u8,
) -> Column {
    column(name, Content::Statistic(quantity, statistic, decimals))
}

/// Some of the [`COLUMNS`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ColumnSet(u128);

const _: () = assert!(COLUMNS.len() <= 128, "a column has a bit");

impl ColumnSet {
    /// Those that every file has.
    pub const ALWAYS: Self = Self(0b1111);

    /// Adds the column at this place of [`COLUMNS`].
    pub fn insert(&mut self, place: usize) {
        self.0 |= 1 << place;
    }

    /// Whether the column at this place is one of them.
    pub fn contains(self, place: usize) -> bool {
        self.0 >> place & 1 == 1
    }

    /// These and those.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Their places, in order.
    pub fn places(self) -> impl Iterator<Item = usize> {
        (0..COLUMNS.len()).filter(move |&place| self.contains(place))
    }

    /// The first line of a file with these columns.
    pub fn header(self) -> String {
        let names: Vec<_> = self.places().map(|place| COLUMNS[place].name).collect();
        names.join(",") + "\n"
    }
}

/// The place in [`COLUMNS`] of each column of a file with this first line: `None` for one that is unknown.
///
/// `None` where the line is no header of a history file.
pub(crate) fn parse_header(line: &[u8]) -> Option<Vec<Option<usize>>> {
    let line = String::from_utf8_lossy(line);
    let names = line.trim_end_matches(['\n', '\r']).split(',');
    let place = |name: &str| COLUMNS.iter().position(|column| column.name == name);
    let places: Vec<_> = names.map(place).collect();
    ColumnSet::ALWAYS.places().all(|place| places.contains(&Some(place))).then_some(places)
}

/// The column with the time of a device's reading: `gas_time_utc`.
pub(crate) fn time_column(register: &DeviceRegister) -> String {
    register.time.replace("_timestamp", "_time_utc")
}

/// The time of a row or reading of this second: the multiple of five minutes that it counts for, else the second itself.
pub(crate) fn on_the_grid(second: i64) -> i64 {
    let late = second.rem_euclid(PERIOD_SECONDS);
    if late <= MAX_LATE { second - late } else { second }
}

/// The number of the five minutes that this second lies in or ends.
pub(crate) fn five_minutes_of(second: i64) -> i64 {
    (second - 1).div_euclid(PERIOD_SECONDS)
}

/// A text for a field: without quotes, and on one line.
pub(crate) fn plain(text: &str) -> String {
    let is_odd = |c: char| c.is_control() || matches!(c, ',' | '"');
    text.trim().replace(is_odd, "_")
}

/// A moment in Unix seconds as it is written: `2026-11-25T13:10:00Z`.
pub(crate) fn utc_text(second: i64) -> String {
    let utc = DateTime::from_timestamp(second, 0).unwrap_or_default();
    utc.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The same as the clock on the wall shows it: `2026-11-25T14:10:00`.
pub(crate) fn local_text(local: NaiveDateTime) -> String {
    local.format("%Y-%m-%dT%H:%M:%S").to_string()
}

/// What stands for a year in the name of its file number `part`, from 0: `2026`, `2026b`, `2026c`.
pub(crate) fn year_name(year: i32, part: u8) -> String {
    match part {
        0 => format!("{year:04}"),
        _ => format!("{year:04}{}", char::from(b'a' + part.min(MAX_FILES_A_YEAR - 1))),
    }
}

/// The name of a file of an import, with `NAME` and `YEAR` in their places.
pub(crate) const IMPORT_FILE: &str = "p1_import-NAME-YEAR.csv";

/// The name of the file of an import for a year.
pub(crate) fn import_file(name: &str, year: i32) -> String {
    IMPORT_FILE.replace("NAME", name).replace("YEAR", &format!("{year:04}"))
}

/// The name of the import and the year that a file's name tells; `None` for the name of another file.
pub(crate) fn parse_import_file(file: &str) -> Option<(&str, i32)> {
    let (name, year) = file.strip_prefix("p1_import-")?.strip_suffix(".csv")?.rsplit_once('-')?;
    let is_year = year.len() == 4 && year.bytes().all(|byte| byte.is_ascii_digit());
    year.parse().ok().filter(|_| is_year && !name.is_empty()).map(|year| (name, year))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::VOCABULARY;

    #[test]
    fn every_column_has_a_name_of_its_own_and_a_reading_that_exists() {
        for (place, column) in COLUMNS.iter().enumerate() {
            assert!(COLUMNS[..place].iter().all(|other| other.name != column.name));
            if let Content::Number(reading, _) | Content::Moment(reading) | Content::Text(reading) =
                column.content
            {
                assert!(VOCABULARY.iter().any(|known| known.name == reading), "{reading}");
            }
        }
    }

    #[test]
    fn every_register_of_the_vocabulary_has_a_column() {
        for reading in VOCABULARY {
            if reading.kind == crate::reading::Kind::Total {
                assert!(
                    COLUMNS.iter().any(|column| column.name == reading.name),
                    "{}",
                    reading.name
                );
            }
        }
    }

    #[test]
    fn a_header_is_read_back_also_with_columns_of_a_later_version() {
        let mut set = ColumnSet::ALWAYS;
        set.insert(4);
        set.insert(COLUMNS.len() - 1);
        let header = set.header();
        assert_eq!(
            header,
            "time_utc,time_local,unique_id,telegrams,energy_import_kwh,submeter_energy_unique_id\n"
        );
        let places: Vec<_> = set.places().map(Some).collect();
        assert_eq!(parse_header(header.as_bytes()), Some(places));
        let later = header.replace("energy_import_kwh", "ozone_g");
        assert_eq!(parse_header(later.as_bytes()).unwrap()[4], None);
        assert_eq!(parse_header(b"datum;1-3:0.2.8\n"), None);
    }

    #[test]
    fn files_of_a_year_sort_by_their_names() {
        let names = [year_name(2026, 0), year_name(2026, 1), year_name(2026, 25)];
        assert_eq!(names, ["2026", "2026b", "2026z"]);
        assert_eq!(year_name(1970, 0), "1970");
    }

    #[test]
    fn files_of_imports_have_a_name_and_a_year() {
        let file = import_file("dsmr-reader", 2019);
        assert_eq!(file, "p1_import-dsmr-reader-2019.csv");
        assert_eq!(parse_import_file(&file), Some(("dsmr-reader", 2019)));
        for other in ["p1_import-2019.csv", "p1_import--2019.csv", "p1_import-x-19.csv", "x.csv"] {
            assert_eq!(parse_import_file(other), None, "{other}");
        }
    }

    #[test]
    fn moments_are_written_in_utc() {
        assert_eq!(utc_text(1_795_612_200), "2026-11-25T13:10:00Z");
    }
}
