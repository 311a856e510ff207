//! The columns of the details, of telegrams of many meters.

use super::*;
use crate::history::details::TIME;
use crate::reader::tests::message;

/// The header of a new file and the row of a telegram in it.
fn file(objects: &[(&str, &str)]) -> String {
    let time = chrono::NaiveDate::from_ymd_opt(2026, 11, 22).unwrap();
    let time = time.and_hms_opt(7, 52, 36).unwrap();
    let (mut columns, mut out) = (Columns::new(), Vec::new());
    let message = message(0, objects);
    let cells = columns.place(&message);
    assert_eq!(cells.values.len(), columns.len());
    columns.write_row(&mut out, time, cells, &Registers::of(&message));
    String::from_utf8(columns.head()).unwrap() + &String::from_utf8(out).unwrap()
}

fn row(objects: &[(&str, &str)]) -> String {
    file(objects).lines().nth(2).unwrap().to_owned()
}

/// The cells of a row between its time and the further objects.
fn classic(objects: &[(&str, &str)]) -> Vec<String> {
    let row = row(objects);
    let cells = row.split(';').skip(1).take(36);
    cells.map(str::to_owned).collect()
}

#[test]
fn values_stand_in_their_columns_whatever_the_order_of_the_meter() {
    let cells =
        classic(&[("0-1:24.2.1.B", "6135"), ("1-0:32.7.0", "226.20"), ("1-3:0.2.8", "'50")]);
    assert_eq!((&*cells[0], &*cells[20], &*cells[35]), ("50", "226.20", "6135"));
    assert_eq!(cells.iter().filter(|cell| !cell.is_empty()).count(), 4);
}

#[test]
fn a_missing_power_out_is_zero_and_other_missing_values_are_empty() {
    let cells = classic(&[]);
    assert_eq!(cells[9], "0");
    assert_eq!(cells.concat(), "0");
    assert_eq!(classic(&[("1-0:2.7.0", "42")])[9], "42");
    for other in ["1-0:15.7.0", "15.7.0*255", "1-0:16.7.0"] {
        assert_eq!(classic(&[(other, "'")])[9], "", "{other} may be power to the grid");
    }
}

#[test]
fn objects_stand_in_their_columns_however_their_codes_are_spelled() {
    let cells = classic(&[
        ("1-1:2.7.0", "2345"),
        ("1-0:1.8.1*255", "7"),
        ("01-0:32.7.0.255", "230.1"),
        ("0-0:1.0.0.255", "'230301061719W"),
        ("0-1:24.2.1*255.B", "6135"),
        ("1-0:1.7.255*255", "209.56"),
        ("1-0:01.8.02", "8"),
        ("51.07.0", "3"),
    ]);
    assert_eq!((&*cells[4], &*cells[24]), ("8", "3"));
    assert_eq!((&*cells[9], &*cells[3], &*cells[20]), ("2345", "7", "230.1"));
    assert_eq!((&*cells[1], &*cells[35], &*cells[8]), ("230301061719W", "6135", "209.56"));
    let cells = classic(&[("1-3:0.2.8", "'50"), ("1-2:1.8.1", "7"), ("1-2:32.7.0", "230.1")]);
    assert_eq!((&*cells[0], &*cells[3], &*cells[20]), ("50", "7", "230.1"));
    let both = file(&[("1-1:1.8.1", "5"), ("1-0:1.8.1", "7")]);
    assert!(both.contains(";1-1:1.8.1;") && both.ends_with(";5;\n"), "{both}");
    assert!(both.contains(";7;"), "{both}");
}

#[test]
fn signed_power_stands_in_both_columns_and_no_zero_is_made_up() {
    let powers = |objects: &[(&str, &str)]| {
        let cells = classic(objects);
        (cells[8].clone(), cells[9].clone())
    };
    let pair = |power_in: &str, power_out: &str| (power_in.to_owned(), power_out.to_owned());
    assert_eq!(powers(&[("1-0:16.7.0*255", "-259.20")]), pair("0", "259.20"));
    assert_eq!(powers(&[("1-0:1.7.0*255", "-830.59")]), pair("0", "830.59"));
    assert_eq!(powers(&[("1-0:16.7.0", "'?")]), pair("", ""));
    assert_eq!(powers(&[("1-0:1.7.0", "5"), ("1-0:2.7.0.255", "'")]), pair("5", ""));
    assert_eq!(powers(&[("1-0:1.7.0", "5")]), pair("5", "0"));
    assert_eq!(classic(&[("1-0:56.7.0", "-5")])[30], "5", "power out L2");
}

#[test]
fn further_objects_follow_in_columns_named_by_their_codes_in_the_order_of_the_meter() {
    let file = file(&[("1-0:99.1.0", "-5"), ("1-0:1.7.0", "1"), ("0-0:17.0.0", "'x")]);
    let lines: Vec<_> = file.lines().collect();
    assert!(lines[0].ends_with(";0-1:24.2.1.B;1-0:99.1.0;0-0:17.0.0"), "{file}");
    assert!(lines[1].ends_with(";Gas meting;1-0:99.1.0;0-0:17.0.0;"), "{file}");
    assert!(lines[2].ends_with(";;-5;x;"), "{file}");
}

#[test]
fn a_row_is_one_line_whatever_is_in_a_text() {
    let file = file(&[("0-0:96.13.0", "'a\r\nb\u{85}c\0;\"q\""), ("x\n", "'y")]);
    assert_eq!(file.lines().count(), 3, "{file}");
    assert!(file.contains(";\"a  b c ;\"\"q\"\"\";") && file.contains(";x \n"), "{file}");
}

#[test]
fn a_key_that_is_too_long_for_a_code_is_left_out() {
    let file = file(&[(&"1".repeat(65), "5"), (&"2".repeat(64), "6")]);
    assert!(!file.contains(&"1".repeat(65)), "{file}");
    assert!(file.ends_with(";6;\n"), "{file}");
}

#[test]
fn columns_are_bounded() {
    let codes: Vec<_> = (0..600).map(|n| format!("x{n}")).collect();
    let objects: Vec<_> = codes.iter().map(|code| (code.as_str(), "1")).collect();
    assert!(file(&objects).lines().all(|line| line.split(';').count() <= MAX_COLUMNS + 1));
}

#[test]
fn rows_can_be_moved_into_the_columns_of_another_file() {
    let mut ours = Columns::new();
    let message = message(0, &[("b", "1"), ("1-0:1.7.0", "'2;3")]);
    let cells = ours.place(&message);
    let mut rows = Vec::new();
    ours.write_row(&mut rows, NaiveDateTime::default(), cells, &Registers::of(&message));
    let mut file = Columns::parse(b"a;1-0:1.7.0;datum\n").unwrap();
    let fitted = String::from_utf8(ours.fit(&rows, &mut file)).unwrap();
    assert!(fitted.starts_with(";\"2;3\";01-01-1970 00:00:00;"), "{fitted}");
    assert!(fitted.ends_with(";1;\n") && fitted.split(';').count() == file.len() + 2);
    assert!(!ours.extend(&file) && !file.extend(&ours) && file.extend(&file.clone()));
}

#[test]
fn the_time_is_written_as_it_is_read() {
    for second in [0, 1_795_330_010, 253_370_764_799] {
        let time = chrono::DateTime::from_timestamp(second, 0).unwrap().naive_utc();
        assert_eq!(time_cell(time), time.format(TIME).to_string());
    }
}

#[test]
fn header_and_checksum_are_no_columns() {
    let file = file(&[("header", "'/TST5"), ("checksum", "'0281")]);
    assert!(!file.contains("header") && !file.contains("checksum"), "{file}");
}
