//! The wire format: golden datagrams, both ways, and what hostile ones come to.

use proptest::prelude::*;

use super::*;
use crate::telegram::{Framer, Telegram};

/// A telegram of this second. A value is a number if it reads as one, else a text; `'` makes it a text.
pub(crate) fn message(second: i64, objects: &[(&str, &str)]) -> Message {
    let time = Timestamp::from_seconds(second);
    let value = |text: &str| {
        let number = Decimal::parse(text.as_bytes()).map(Value::Number);
        number.unwrap_or_else(|| Value::Text(text.strip_prefix('\'').unwrap_or(text).to_owned()))
    };
    let objects = objects.iter().map(|(code, text)| ((*code).to_owned(), value(text)));
    Message { meta: Meta::new(1, time, time, None), telegram: objects.collect() }
}

fn meta() -> Meta {
    let start = Timestamp::from_micros(1_762_768_895_297_000);
    let end = Timestamp::from_micros(1_762_768_895_375_000);
    Meta { source: Some("home".into()), ..Meta::new(17, start, end, None) }
}

/// The datagram of a telegram with these lines.
fn encoded(lines: &str) -> (String, Encoded) {
    let text = format!("/TST5\\2METER\r\n\r\n{lines}\r\n!0281\r\n");
    let mut out = b"left over".to_vec();
    let result = encode(&Telegram::parse(text.as_bytes()), &meta(), &mut out);
    (String::from_utf8(out).unwrap(), result)
}

/// The members of the telegram between header and checksum.
fn objects(lines: &str) -> String {
    let (json, _) = encoded(lines);
    let (_, objects) = json.split_once(r#""header":"/TST5\\2METER","#).unwrap();
    objects.strip_suffix(r#","checksum":"0281"}}"#).unwrap().to_owned()
}

#[test]
fn a_datagram_has_the_keys_of_2021_in_their_order_and_the_new_ones_behind() {
    let (json, result) = encoded("1-0:1.8.1(000001.651*kWh)");
    assert_eq!(
        json,
        concat!(
            r#"{"meta":{"frame-start-time":1762768895.297,"frame-number":17,"frame-end-time":1762768895.375,"#,
            r#""frame-time-duration":78,"protocol":1,"source":"home"},"#,
            r#""telegram":{"header":"/TST5\\2METER","1-0:1.8.1":1651,"checksum":"0281"}}"#
        )
    );
    assert_eq!(result, Encoded::default());
}

#[test]
fn meter_time_and_drift_are_there_when_the_meter_has_a_time() {
    let start = Timestamp::from_micros(1_762_768_895_297_000);
    let meta = Meta::new(1, start, start, Some(Timestamp::from_seconds(1_762_768_896)));
    let mut out = Vec::new();
    encode(&Telegram::parse(b"/T\r\n!\r\n"), &meta, &mut out);
    let json = String::from_utf8(out).unwrap();
    assert!(json.contains(r#""meter-time":1762768896,"clock-drift":-0.703,"#), "{json}");
    assert!(json.ends_with(r#""telegram":{"header":"/T"}}"#), "no checksum, no key: {json}");
}

#[test]
fn values_become_numbers_by_their_unit_and_everything_else_stays_text() {
    for (line, expected) in [
        ("1-0:1.7.0(00.329*kW)", r#""1-0:1.7.0":329"#),
        ("1-0:1.7.0(01.001*kW)", r#""1-0:1.7.0":1001"#),
        ("1-0:2.7.0(0000.20*kW)", r#""1-0:2.7.0":200"#),
        ("1-0:1.8.0(00052185.7825309*kWh)", r#""1-0:1.8.0":52185782.5309"#),
        ("1-0:1.8.0(009699947*Wh)", r#""1-0:1.8.0":9699947"#),
        ("1-0:1.8.0(01.2345*MWh)", r#""1-0:1.8.0":1234500"#),
        ("1-0:1.7.0(002124.86*W)", r#""1-0:1.7.0":2124.86"#),
        ("1-0:1.7.0(0.00212*MW)", r#""1-0:1.7.0":2120"#),
        ("1-0:16.7.0(+01.001*kW)", r#""1-0:16.7.0":1001"#),
        ("1-0:1.7.0(1.001E+03*W)", r#""1-0:1.7.0":1001"#),
        ("1-0:1.7.0 (01.001*kW)", r#""1-0:1.7.0":1001"#),
        ("01-00:01.07.00(01.001*kW)", r#""01-00:01.07.00":1001"#),
        ("1-0:1.8.1(00010117.368 kWh)", r#""1-0:1.8.1":10117368"#),
        ("0-1:24.2.1(6135*dm3)", r#""0-1:24.2.1":6135"#),
        ("0-1:24.2.1(6135.5*L)", r#""0-1:24.2.1":6135.5"#),
        ("1-0:3.7.0(1.234*kvar)", r#""1-0:3.7.0":1234"#),
        ("1-0:3.8.0(00000011.221*kVArh)", r#""1-0:3.8.0":11221"#),
        ("0-0:17.0.0(00.5*kW)", r#""0-0:17.0.0":500"#),
        ("0-0:17.0.0(00.5*kVA)", r#""0-0:17.0.0":"00.5*kVA""#),
        ("0-1:24.2.1(0.012*GJ)", r#""0-1:24.2.1":12"#),
        ("1-0:32.7.0(231.4*V)", r#""1-0:32.7.0":231.4"#),
        ("1-0:32.7.0(230.0*v)", r#""1-0:32.7.0":230.0"#),
        ("1-0:31.7.0(002*A)", r#""1-0:31.7.0":2"#),
        ("1-0:31.7.0(001.64*A)", r#""1-0:31.7.0":1.64"#),
        ("1-0:14.7.0(50.01*Hz)", r#""1-0:14.7.0":"50.01*Hz""#),
        ("0-0:96.14.0(0002)", r#""0-0:96.14.0":"0002""#),
        ("0-1:24.2.1(00000.000)", r#""0-1:24.2.1":"00000.000""#),
        ("0-0:96.13.0()", r#""0-0:96.13.0":"""#),
        ("0-0:98.1.0", r#""0-0:98.1.0":"""#),
        ("1-0:1.8.1(00010117.368kWh)", r#""1-0:1.8.1":10117368"#),
        ("1-1:31.4.0(65.0*A,-65.0*A)", r#""1-1:31.4.0":"65.0*A,-65.0*A""#),
        ("1-0:1.8.0(999999999999999999*kWh)", r#""1-0:1.8.0":"999999999999999999*kWh""#),
    ] {
        assert_eq!(objects(line), expected, "{line}");
    }
}

#[test]
fn a_number_in_another_unit_than_its_object_measures_keeps_it() {
    let of_device = |kind: &str, value: &str| {
        let all = objects(&format!("0-2:24.1.0({kind})\r\n0-2:24.2.1(260307213550W)({value})"));
        all.rsplit_once("24.2.1.B\":").unwrap().1.to_owned()
    };
    for (kind, value, expected) in [
        ("012", "156.373*m3", r#""156.373*m3""#),
        ("004", "1234.567*kWh", r#""1234.567*kWh""#),
        ("010", "12.345*MWh", r#""12.345*MWh""#),
        ("004", "156.373*GJ", "156373"),
        ("003", "156.373*m3", "156373"),
        ("003", "156373*dm3", "156373"),
        ("004", "156373*l", r#""156373*l""#),
        ("022", "0.1*GJ", r#""0.1*GJ""#),
        ("003", "156.373*kWh", r#""156.373*kWh""#),
        ("007", "0.1*GJ", r#""0.1*GJ""#),
        ("002", "1*kWh", "1000"),
        ("002", "1*m3", r#""1*m3""#),
        ("", "1*m3", "1000"),
        ("015", "1*kWh", "1000"),
    ] {
        assert_eq!(of_device(kind, value), expected, "{kind} {value}");
    }
    for (line, expected) in [
        ("1-0:1.8.1(5*kW)", r#""1-0:1.8.1":"5*kW""#),
        ("1-1:1.7.0.255(5*kvar)", r#""1-1:1.7.0.255":"5*kvar""#),
        ("01-00:01.07.00(5*kvar)", r#""01-00:01.07.00":"5*kvar""#),
        ("1-0:41.7.0(5*A)", r#""1-0:41.7.0":"5*A""#),
        ("1-0:72.7.0(5*A)", r#""1-0:72.7.0":"5*A""#),
        ("1-0:9.7.0(5*kVA)", r#""1-0:9.7.0":5000"#),
        ("1-0:99.1.0(5*kW)", r#""1-0:99.1.0":5000"#),
    ] {
        assert_eq!(objects(line), expected, "{line}");
    }
}

#[test]
fn a_reading_over_two_lines_in_another_unit_keeps_it() {
    let of_heat = |unit: &str| {
        let line =
            format!("0-1:24.03.0.255(090212160000)(00)(60)(1)(0-1:24.2.1)({unit})\r\n( 1.50)");
        objects(&format!("0-1:24.1.0(4)\r\n{line}")).split_once("24.2.1.A").unwrap().1.to_owned()
    };
    assert_eq!(of_heat("GJ"), r#"":"090212160000","0-1:24.2.1.B":1500"#);
    assert_eq!(of_heat("kwh"), r#"":"090212160000","0-1:24.2.1.B":"1.50*kWh""#);
}

#[test]
fn a_text_is_never_cut_below_the_shortest_limit() {
    let clock = "0-0:1.0.0(07E8061C050A2B2B00FF8880)\r\n0-0:96.1.1(453030343730303030313233343501)";
    let many: Vec<String> =
        (0..420).map(|n| format!("1-0:{n}.7.0(abcdefghijklmnopqrstuvwxyz01)")).collect();
    let (json, result) = encoded(&format!("{clock}\r\n{}", many.join("\r\n")));
    assert!(json.len() > MAX_DATAGRAM);
    let message = Message::parse(json.as_bytes()).unwrap();
    let text = |code: &str| message.get(code).and_then(Value::text).map(str::to_owned);
    assert_eq!(text("0-0:1.0.0").as_deref(), Some("07E8061C050A2B2B00FF8880"));
    assert_eq!(text("0-0:96.1.1").as_deref(), Some("453030343730303030313233343501"));
    assert_eq!(result.cut, 0);
}

#[test]
fn two_values_are_a_and_b_and_more_are_the_text_after_the_code() {
    for (line, expected) in [
        (
            "0-1:24.2.1(210608130002S)(00006.135*m3)",
            r#""0-1:24.2.1.A":"210608130002S","0-1:24.2.1.B":6135"#,
        ),
        ("1-1:31.4.0(100*A)(-063*A)", r#""1-1:31.4.0.A":100,"1-1:31.4.0.B":-63"#),
        (
            "1-0:99.97.0(1)(0-0:96.7.19)(000104180320W)(0000237126*s)",
            r#""1-0:99.97.0":"(1)(0-0:96.7.19)(000104180320W)(0000237126*s)""#,
        ),
        ("1-0:1.8.1(1*kWh) # note", r#""1-0:1.8.1":"(1*kWh) # note""#),
    ] {
        assert_eq!(objects(line), expected, "{line}");
    }
}

#[test]
fn the_two_line_reading_of_old_meters_becomes_that_of_new_ones() {
    assert_eq!(
        objects("0-2:24.3.0(090212160000)(00)(60)(1)(0-2:24.2.1)(m3)\r\n(00001.001)"),
        r#""0-2:24.2.1.A":"090212160000","0-2:24.2.1.B":1001"#
    );
    let heat_and_cold = "0-2:24.1.0(04)\r\n0-2:24.3.0(090212160000)(00)(60)(1)(0-2:24.2.1)(GJ)\r\n(1.001)\r\n\
                         0-2:24.3.1(090212170000)(00)(60)(1)(0-2:24.2.1)(GJ)\r\n(9.009)";
    assert_eq!(
        objects(heat_and_cold),
        r#""0-2:24.1.0":"04","0-2:24.2.1.A":"090212160000","0-2:24.2.1.B":1001,"0-2:24.3.1.A":"090212170000","0-2:24.3.1.B":9009"#
    );
}

#[test]
fn a_channel_that_is_none_is_no_key() {
    let (json, _) = encoded("\"1:24.3.0(090212160000)(00)(60)(1)(0-1:24.2.1)(m3)\r\n(00001.001)");
    let message = Message::parse(json.as_bytes()).unwrap();
    let line = message.get("line-1").unwrap().text().unwrap();
    assert!(line.starts_with("\"1:24.3.0(0902"), "{line}");
}

#[test]
fn of_a_repeated_code_the_last_reading_stays_and_the_rest_is_counted() {
    let (json, result) = encoded(
        "0-1:24.2.1(210608130002S)(1*m3)\r\n0-1:24.2.1(210608140002S)(2*m3)\r\n0-1:24.2.1(632525252525S)(00000000)",
    );
    assert!(json.contains(r#""0-1:24.2.1.A":"210608140002S","0-1:24.2.1.B":2000"#), "{json}");
    assert_eq!((json.matches("24.2.1.A").count(), result.repeated), (1, 2));
    let (json, result) = encoded(
        "0-1:24.3.0(090212160000)(00)(60)(1)(0-1:24.2.1)(m3)\r\n(1.001)\r\n0-1:24.2.1(210608130002S)(2*m3)",
    );
    assert!(json.contains(r#""0-1:24.2.1.A":"210608130002S","0-1:24.2.1.B":2000,"#), "{json}");
    assert_eq!((json.matches("24.2.1.A").count(), result.repeated), (1, 1));
}

#[test]
fn of_a_repeated_code_the_newest_sensible_time_stays_wherever_it_stands() {
    let kept = |first: &str, second: &str| {
        let (json, result) = encoded(&format!("0-1:24.2.1({first})\r\n0-1:24.2.1({second})"));
        assert_eq!((json.matches("24.2.1.B").count(), result.repeated), (1, 1));
        let message = Message::parse(json.as_bytes()).unwrap();
        message.number("0-1:24.2.1.B").map(Decimal::whole)
    };
    let (new, dead) = ("200426223001S)(2*m3", "171105201324W)(1*m3");
    assert_eq!((kept(new, dead), kept(dead, new)), (Some(2000), Some(2000)));
    let nonsense = "632525252525S)(3*m3";
    assert_eq!((kept(dead, nonsense), kept(nonsense, dead)), (Some(1000), Some(1000)));
    assert_eq!(kept(dead, "171105201324W)(4*m3"), Some(4000), "of equal times the later line");
    let blank = "261122075001W)(";
    assert_eq!((kept(dead, blank), kept(blank, dead)), (Some(1000), Some(1000)));
}

#[test]
fn thousands_of_objects_with_one_code_are_sorted_out() {
    let lines = (0..3000).map(|n| format!("0-0:17.0.0({n}*kW)"));
    let (json, result) = encoded(&lines.collect::<Vec<_>>().join("\r\n"));
    assert!(json.contains(r#""0-0:17.0.0":2999000,"checksum""#), "{json}");
    assert_eq!(result.repeated, 2999);
}

#[test]
fn a_line_without_a_code_is_kept_under_its_number() {
    assert_eq!(objects("checksum(1)"), r#""line-1":"checksum(1)""#);
    assert_eq!(
        objects("1-0:1.7.0(1*W)\r\n0-1:24.2.1.A(x)\r\n~~\"~"),
        r#""1-0:1.7.0":1,"line-2":"0-1:24.2.1.A(x)","line-3":"~~\"~""#
    );
}

#[test]
fn bytes_that_are_not_ascii_are_escaped_and_can_be_told() {
    let mut text = b"/T\r\n0-0:96.13.0(".to_vec();
    text.extend(0..=b'\'');
    text.extend([b'\\', 0x7F, 0x80, 0xFF]);
    text.extend(b")\r\n!\r\n");
    // The line feed and what follows it up to the bracket are a wrapped text.
    let mut out = Vec::new();
    encode(&Telegram::parse(&text), &meta(), &mut out);
    assert!(out.is_ascii());
    let message = Message::parse(&out).unwrap();
    let read = message.get("0-0:96.13.0").unwrap().text().unwrap();
    let bytes: Vec<u8> = read.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    assert_eq!(bytes, text[b"/T\r\n0-0:96.13.0(".len()..text.len() - b")\r\n!\r\n".len()]);
}

#[test]
fn the_longest_texts_are_cut_where_the_old_reader_s_buffer_ends_and_no_register_is() {
    let ff = |count| "\u{ff}".repeat(count);
    let (_, result) = encoded(&format!("0-0:96.13.0({})", "30".repeat(1024)));
    assert_eq!(result, Encoded::default(), "the longest message of the standard goes whole");
    let lines = format!(
        "0-0:96.13.0({})\r\n1-0:99.97.0({})\r\n1-0:1.8.1(123456.789*kWh)",
        ff(2000),
        "x".repeat(900)
    );
    let (json, result) = encoded(&lines);
    assert!(json.len() <= MAX_DATAGRAM, "{}", json.len());
    assert!(json.contains(r#"[cut]","1-0:99.97.0":"xxx"#) && json.contains("123456789"), "{json}");
    assert_eq!(result.cut, 1);
}

#[test]
fn a_three_phase_esmr_5_telegram_with_gas_fits_in_one_packet() {
    let lines = include_str!("../../tests/data/esmr50-three-phase.txt").replace('\n', "\r\n");
    let telegram = Telegram::parse(lines.as_bytes());
    let meter_time = telegram.time();
    let mut out = Vec::new();
    let start = Timestamp::from_micros(1_795_330_010_297_000);
    encode(
        &telegram,
        &Meta { source: Some("raspberrypi".into()), ..Meta::new(86_400, start, start, meter_time) },
        &mut out,
    );
    assert!(out.len() < 1472, "{} bytes", out.len());
    let golden = include_str!("../../tests/data/esmr50-three-phase.json");
    assert_eq!(String::from_utf8(out).unwrap(), golden.trim_end());
}

#[test]
fn what_is_written_is_read_back() {
    let (json, _) =
        encoded("1-0:1.8.1(000001.651*kWh)\r\n1-0:32.7.0(230.0*V)\r\n0-0:96.14.0(0002)");
    let message = Message::parse(json.as_bytes()).unwrap();
    assert_eq!(message.meta, meta());
    assert_eq!(message.number("1-0:1.8.1"), Some(Decimal::new(1651, 0)));
    assert_eq!(message.get("1-0:32.7.0").unwrap().to_string(), "230.0");
    assert_eq!(message.get("0-0:96.14.0").unwrap().text(), Some("0002"));
    let mut again = Vec::new();
    message.write_json(&mut again);
    assert_eq!(String::from_utf8(again).unwrap(), json);
}

#[test]
fn a_meter_time_with_a_fraction_is_written_as_it_was_read() {
    let (json, _) = encoded("1-0:1.7.0(1*W)");
    let json = json.replace(r#""protocol""#, r#""meter-time":1766.25097,"protocol""#);
    let message = Message::parse(json.as_bytes()).unwrap();
    let mut again = Vec::new();
    message.write_json(&mut again);
    assert_eq!(Message::parse(&again).unwrap(), message);
}

#[test]
fn datagrams_of_the_python_programs_are_read() {
    // As json.dumps(…, indent=0) writes it, with a float of microseconds and a key of another program.
    let datagram = "{\n\"meta\": {\n\"frame-start-time\": 1624447290.1234567,\n\"frame-number\": 3,\n\
        \"frame-end-time\": 1624447290.2,\n\"frame-time-duration\": 77,\n\"current-time\": 1e3,\n\"list\": [1]\n},\n\
        \"telegram\": {\n\"header\": \"/ISK5\\\\2M550T\",\n\"1-0:32.7.0\": 231.4,\n\"1-0:1.8.1\": 1651\n}\n}";
    let message = Message::parse(datagram.as_bytes()).unwrap();
    assert_eq!(message.meta.frame_start.micros(), 1_624_447_290_123_456);
    assert_eq!(message.meta.frame_duration_ms, 77);
    assert_eq!(
        message.meta.other,
        [("current-time".to_owned(), Value::Number(Decimal::new(1000, 0)))]
    );
    assert_eq!(message.get("header").unwrap().text(), Some("/ISK5\\2M550T"));
    assert_eq!(message.get("1-0:32.7.0").unwrap().to_string(), "231.4");
}

#[test]
fn a_datagram_that_is_no_message_is_an_error_that_says_what_is_wrong() {
    let with =
        |meta: &str, telegram: &str| format!(r#"{{"meta":{{{meta}}},"telegram":{{{telegram}}}}}"#);
    let good =
        r#""frame-start-time":1.5,"frame-number":1,"frame-end-time":1.5,"frame-time-duration":0"#;
    assert!(Message::parse(with(good, "").as_bytes()).is_ok());
    let deep = format!("{}{}", "[".repeat(30_000), "]".repeat(30_000));
    for (datagram, said) in [
        (String::new(), "not a telegram"),
        ("[]".into(), "not a telegram"),
        ("{}".into(), "meta"),
        (r#"{"meta":{}}"#.into(), "telegram"),
        (r#"{"meta":1,"telegram":{}}"#.into(), "an object"),
        (with(&good.replace("frame-number", "x"), ""), "meta lacks \"frame-number\""),
        (with(&good.replace(":1,", ":-1,"), ""), "\"frame-number\" cannot be -1"),
        (with(&good.replace(":1,", ":\"1\","), ""), "frame-number"),
        (with(&good.replace(":1.5,\"frame-n", ":1e300,\"frame-n"), ""), "frame-start-time"),
        (
            with(&good.replace(":1.5,\"frame-n", ":1e17,\"frame-n"), ""),
            "\"frame-start-time\" cannot be 1000",
        ),
        (
            with(&good.replace(":1.5,\"frame-n", ":1793109032570.50297,\"frame-n"), ""),
            "\"frame-start-time\" cannot be 1793109032570.50297",
        ),
        (with(good, r#""1-0:1.8.1":null"#), "1-0:1.8.1"),
        (with(good, r#""1-0:1.8.1":true"#), "1-0:1.8.1"),
        (with(good, r#""1-0:1.8.1":{}"#), "1-0:1.8.1"),
        (with(good, r#""1-0:1.8.1":NaN"#), "not a telegram"),
        (
            with(good, r#""1-0:1.8.1":1234567890123456789"#),
            "\"1-0:1.8.1\" is neither a string nor a number of at most 18 digits: 1234567890123456789",
        ),
        (with(good, &format!("\"x\":{}", "9".repeat(400))), "x"),
        (with(good, &format!("\"x\":{deep}")), "x"),
        (format!("{{\"meta\":{deep}"), "not a telegram"),
    ] {
        let error = Message::parse(datagram.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(said) && error.len() < 300, "{said}: {error}");
    }
    assert!(Message::parse(b"{\"meta\":\"\xff\"}").is_err());
}

#[test]
fn the_equipment_id_is_decoded_where_it_is_hexadecimal() {
    let id = |line: &str| {
        let message = Message::parse(encoded(line).0.as_bytes()).unwrap();
        message.equipment_id().map(Cow::into_owned)
    };
    assert_eq!(id("0-0:96.1.1(4530303437303030303132333435)").as_deref(), Some("E0047000012345"));
    assert_eq!(
        id("0-0:96.1.1()\r\n0-0:42.0.0(ADC3100000158491)").as_deref(),
        Some("ADC3100000158491")
    );
    assert_eq!(id("0.0(          120858)").as_deref(), Some("120858"));
    assert_eq!(id("0-0:96.1.0(9903218166)").as_deref(), Some("9903218166"));
    assert_eq!(id("0-0:0.0.0*255(9901)\r\n0-0:96.1.0.255(9902)").as_deref(), Some("9902"));
    assert_eq!(id("1-1:0.0.5(35373036)\r\n1-1:96.1.1(36383431)").as_deref(), Some("5706"));
    assert_eq!(id("0-0:96.1.0*1(9901)"), None, "another period");
    assert_eq!(id("1-0:1.7.0(1*kW)"), None);
}

proptest! {
    #[test]
    fn any_telegram_gives_a_datagram_that_is_read_back_with_every_key_once(
        text in proptest::collection::vec(prop_oneof![
            Just(b"(".to_vec()), Just(b")".to_vec()), Just(b"\r\n".to_vec()), Just(b"1-0:1.8.1".to_vec()),
            Just(b"0-1:24.2.1".to_vec()), Just(b"5*kWh".to_vec()), proptest::collection::vec(any::<u8>(), 0..5),
        ], 0..60),
    ) {
        let text = [b"/T\r\n", &text.concat()[..], b"\r\n!\r\n"].concat();
        let mut framer = Framer::default();
        let mut rest = &text[..];
        while let Some(frame) = framer.feed(&mut rest, Timestamp::default()) {
            let telegram = Telegram::parse(frame.bytes());
            let mut out = Vec::new();
            let result = encode(&telegram, &meta(), &mut out);
            prop_assert!(out.is_ascii());
            let message = Message::parse(&out).unwrap();
            let second = |(key, _): &&(String, Value)| key.as_bytes().ends_with(b".B");
            let objects = message.telegram.len() - message.telegram.iter().filter(second).count() - 1;
            prop_assert_eq!(objects, telegram.objects.len() - result.repeated + usize::from(telegram.checksum.is_some()));
            let mut again = Vec::new();
            message.write_json(&mut again);
            prop_assert_eq!(again, out);
        }
    }
}

#[test]
fn a_key_that_comes_again_and_again_has_its_last_value_in_its_first_place() {
    let members = (0..3000).map(|n| format!("\"{}\":{n}", n % 1000)).collect::<Vec<_>>().join(",");
    let meta = r#"{"frame-start-time":1,"frame-number":1,"frame-end-time":2,"frame-time-duration":3,"frame-number":7}"#;
    let message =
        Message::parse(format!(r#"{{"meta":{meta},"telegram":{{{members}}}}}"#).as_bytes());
    let message = message.unwrap();
    assert_eq!(message.meta.frame_number, 7);
    let expected = (0..1000).map(|n| (n.to_string(), Value::Number(Decimal::new(2000 + n, 0))));
    assert!(message.telegram.into_iter().eq(expected));
}

#[test]
fn the_name_of_a_meter_is_its_identifier_decoded_and_made_fit_for_files_and_topics() {
    let name_of = |id: &str| message(0, &[("0-0:96.1.1", id)]).meter_name();
    assert_eq!(name_of("'4530303437"), "E0047");
    assert_eq!(name_of("E-0_47"), "E-0_47");
    assert_eq!(name_of("../../etc/passwd\0"), "______etc_passwd_");
    assert_eq!(name_of("p1/+/#"), "p1____");
    assert_eq!(name_of(&"é".repeat(100)), "_".repeat(64));
    assert_eq!(message(0, &[]).meter_name(), "unknown");
    assert_eq!(name_of(""), "unknown");
}

#[test]
fn a_meter_without_an_identifier_has_the_name_of_its_listener_where_hosts_are_told_apart() {
    let name_of = |source: Option<&str>, objects: &[(&str, &str)]| {
        let mut message = message(0, objects);
        message.meta.source = source.map(str::to_owned);
        message.meter_or_source_name()
    };
    assert_eq!(name_of(Some("attic"), &[("0-0:96.1.1", "E-0_47")]), "E-0_47");
    assert_eq!(name_of(Some("the attic"), &[]), "the_attic");
    assert_eq!(name_of(Some(""), &[]), "unknown");
    assert_eq!(name_of(None, &[]), "unknown");
}
