//! The record of five minutes: the line of `p1_reader_interval` and `p1_reader_day`, both ways.
//!
//! Owns its format, which is that of 2021. `p1reader` makes records; reports and imports read them.

use std::io::Write;

use chrono::NaiveDateTime;

/// How a record writes its time.
const TIME: &str = "%Y-%m-%d %H:%M:%S";

/// The record of five minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    /// Local time of the last telegram.
    pub time: NaiveDateTime,
    /// From the grid: total, Wh; lowest, mean and highest power, W.
    pub import: [i64; 4],
    /// The same to the grid.
    pub export: [i64; 4],
}

impl Record {
    /// Adds the line of this record.
    pub fn write(&self, out: &mut Vec<u8>) {
        let time = self.time.format(TIME);
        let [in_total, in_low, in_mean, in_high] = self.import;
        let [out_total, out_low, out_mean, out_high] = self.export;
        // Writing to memory does not fail.
        let _ = writeln!(
            out,
            "{time}, {in_total}, {in_low:4}, {in_mean:4}, {in_high:4},    \
             {out_total}, {out_low:4}, {out_mean:4}, {out_high:4}"
        );
    }

    /// Reads a line of [`Record::write`]; `None` if it is none.
    pub fn parse(line: &str) -> Option<Self> {
        let (time, numbers) = line.split_once(',')?;
        let time = NaiveDateTime::parse_from_str(time.trim(), TIME).ok()?;
        let numbers: Option<Vec<i64>> =
            numbers.split(',').map(|number| number.trim().parse().ok()).collect();
        let numbers = numbers?;
        let (import, export) = numbers.split_at_checked(4)?;
        Some(Self { time, import: import.try_into().ok()?, export: export.try_into().ok()? })
    }

    /// The totals of import and export, Wh.
    pub fn energy(&self) -> [i64; 2] {
        [self.import[0], self.export[0]]
    }

    /// The highest import and export, W.
    pub fn highest(&self) -> [i64; 2] {
        [self.import[3], self.export[3]]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_has_the_format_of_2021_to_the_byte() {
        let time = chrono::NaiveDate::from_ymd_opt(2026, 11, 22).unwrap();
        let record = Record {
            time: time.and_hms_opt(6, 50, 0).unwrap(),
            import: [8_884_652, 200, 604, 999],
            export: [14058, 0, 249, 499],
        };
        let mut out = Vec::new();
        record.write(&mut out);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "2026-11-22 06:50:00, 8884652,  200,  604,  999,    14058,    0,  249,  499\n"
        );
    }

    #[test]
    fn a_record_can_be_read_back_from_its_line() {
        let line = "2026-11-22 06:50:00, 8884652,  200,  604,  999,    14058,    0,  249,  499";
        let record = Record::parse(line).unwrap();
        let mut out = Vec::new();
        record.write(&mut out);
        assert_eq!(String::from_utf8(out).unwrap().trim_end(), line);
        assert_eq!((record.energy(), record.highest()), ([8_884_652, 14058], [999, 499]));
        for part in [&line[..line.len() - 8], "", "x, 1, 2, 3, 4, 5, 6, 7, 8"] {
            assert_eq!(Record::parse(part), None);
        }
    }
}
