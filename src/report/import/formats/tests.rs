//! Each format on rows of our own values: what is known of a header, and what a row tells.

use std::io::Cursor;

use clap::Parser as _;

use super::*;
use crate::history::COLUMNS;
use crate::report::import::entry::{Kind, Until};

/// What a file tells: a line each entry.
fn entries(format: Format, settings: &Settings, text: &str) -> Result<Vec<String>, String> {
    let mut lines = Lines::of("f".into(), Cursor::new(text.to_owned().into_bytes())).unwrap();
    let mut found = Vec::new();
    let mut context = Context::default();
    let read = read(&mut lines, shapes(format), settings, &mut context, &mut |name, entry| {
        found.extend(entry.map(|entry| shown(name, &entry)));
        Ok(())
    });
    read.map_err(|error| error.to_string())?;
    found.extend(context.left_out.iter().map(|(what, rows)| format!("left out {rows}: {what}")));
    Ok(found)
}

fn shown(name: &str, entry: &Entry) -> String {
    let at = match entry.at {
        Stamp::Moment(second) => format!("@{second}"),
        Stamp::Local(local) => local.to_string(),
    };
    let until = match entry.until {
        None => String::new(),
        Some(Until::Length(seconds)) => format!("+{seconds}"),
        Some(Until::AtMost(seconds)) => format!("+<{seconds}"),
        Some(Until::Stamp(Stamp::Local(local))) => format!("..{}", local.format("%H:%M")),
        Some(Until::Stamp(Stamp::Moment(second))) => format!("..@{second}"),
    };
    let value = |value: &crate::report::import::entry::Value| {
        let kind = match value.kind {
            Kind::Register => "",
            Kind::AtEnd => "end ",
            Kind::Use => "use ",
            Kind::OwnUse => "own ",
        };
        format!("{kind}{} {}", COLUMNS[value.column].name, value.number)
    };
    let values: Vec<String> = entry.values.iter().map(value).collect();
    let meter = entry.meter.as_deref().map_or(String::new(), |meter| format!(" {meter}"));
    format!("{name} {at}{until}{meter}: {}", values.join(", "))
}

fn of(format: Format, text: &str) -> Vec<String> {
    entries(format, &Settings::default(), text).unwrap()
}

/// The settings of a command line.
fn settings(words: &str) -> Settings {
    #[derive(clap::Parser)]
    struct Program {
        #[command(flatten)]
        import: crate::report::ImportOptions,
    }
    let words = std::iter::once("import").chain(words.split(' '));
    super::super::settings(&Program::try_parse_from(words).unwrap().import)
}

#[test]
fn dsmr_reader_has_tables_days_and_hours() {
    let tables = "read_at,delivered_1,returned_1,delivered_2,returned_2\n\
        2024-10-27 00:00:00+00,100.301,3.158,200.221,7.293\n\
        read_at,delivered\n2024-10-27 00:00:00+00,48.310\n";
    assert_eq!(
        of(Format::DsmrReader, tables),
        [
            "dsmr-reader @1729987200: energy_import_t1_kwh 100301, energy_import_t2_kwh 200221, energy_export_t1_kwh 3158, energy_export_t2_kwh 7293",
            "dsmr-reader @1729987200: gas_m3 48310",
        ]
    );
    let day = "Datum,a,b,c,d,e,f,g,h,i,j,k,l,m,l,m,n,o\n\
        27-10-2024,6.018,0,0.377,0,2.41,,,,,,2024-10-27T00:00:03+02:00,51.093,2.221,62.158,19.293,2024-10-27T00:05:00+02:00,23.246\n\
        02-01-2018,3.1,2.4,0.0,0.0,4.4,0.0,0.0,0.0,0.0,0.0,,,,,,,\n";
    let found = of(Format::DsmrReader, day);
    assert_eq!(
        found[0],
        "dsmr-reader-days 2024-10-27 00:00:00: energy_import_t1_kwh 51093, energy_import_t2_kwh 2221, energy_export_t1_kwh 62158, energy_export_t2_kwh 19293"
    );
    assert_eq!(
        found[1], "dsmr-reader-days 2024-10-27 00:00:00: gas_m3 23246",
        "the register of midnight"
    );
    assert!(found[2].contains("own energy_import_t1_kwh 6018"), "{found:?}");
    assert!(found[3].contains("2018-01-02 00:00:00: use energy_import_t1_kwh 3100"), "{found:?}");
    let hour = "Begintijd Uur,a,b,c,d,Gas\r\n2024-10-27T02:00:00+01:00,0.516,0.0,0.0,0.1,\r\n";
    assert_eq!(
        of(Format::DsmrReader, hour),
        [
            "dsmr-reader-hours @1729990800+3600: use energy_import_t1_kwh 516, use energy_import_t2_kwh 0, use energy_export_t1_kwh 0, use energy_export_t2_kwh 100"
        ]
    );
}

#[test]
fn days_of_older_versions_of_dsmr_reader_and_of_its_database_are_known() {
    // Version 4: registers without their times. Before: none.
    let header = |columns: usize| "Datum".to_owned() + &",x".repeat(columns - 1);
    let row = "01-03-2021,6.018,0.1,0.377,0.2,2.41,1,1,1,1,5,51.093,2.221,62.158,19.293,23.246";
    let found = of(Format::DsmrReader, &format!("{}\n{row}\n", header(16)));
    assert_eq!(
        found[0],
        "dsmr-reader-days 2021-03-01 00:00:00: energy_import_t1_kwh 51093, energy_import_t2_kwh 2221, energy_export_t1_kwh 62158, energy_export_t2_kwh 19293"
    );
    assert_eq!(found[1], "dsmr-reader-days 2021-03-01 00:00:00: gas_m3 23246");
    for columns in [10, 11] {
        let row: Vec<&str> = row.split(',').take(columns).collect();
        let found = of(Format::DsmrReader, &format!("{}\n{}\n", header(columns), row.join(",")));
        assert_eq!(
            found,
            [
                "dsmr-reader-days 2021-03-01 00:00:00: use energy_import_t1_kwh 6018, use energy_import_t2_kwh 100, use energy_export_t1_kwh 377, use energy_export_t2_kwh 200, use gas_m3 2410"
            ]
        );
    }
    let table = "id,day,total_cost,electricity1,electricity2,electricity1_returned,electricity2_returned,gas,electricity1_reading,electricity2_reading,electricity1_returned_reading,electricity2_returned_reading,gas_reading\n\
        7,2021-03-01,5,6.018,0.1,0.377,0.2,2.41,51.093,2.221,62.158,19.293,23.246\n";
    assert_eq!(of(Format::DsmrReader, table)[..2], found[..2]);
    let hours = "id,hour_start,electricity1,electricity2,electricity1_returned,electricity2_returned,gas\n1,2021-03-01 11:00:00+00,0.1,0.2,0,0,\n";
    assert_eq!(
        of(Format::DsmrReader, hours),
        [
            "dsmr-reader-hours @1614596400+3600: use energy_import_t1_kwh 100, use energy_import_t2_kwh 200, use energy_export_t1_kwh 0, use energy_export_t2_kwh 0"
        ]
    );
}

#[test]
fn p1_monitor_has_registers_of_the_end_of_the_hour() {
    let text = "TIMESTAMP,VERBR_KWH_181,VERBR_KWH_182,GELVR_KWH_281,GELVR_KWH_282,VERBR_KWH_X,GELVR_KWH_X,TARIEFCODE,VERBR_GAS_2421,VERBR_GAS_X\n\
        2021-10-31 01:00:00,56.371,29.799,16.786,36.612,0.259000000000015,0,D,0,0\n";
    assert_eq!(
        of(Format::P1Monitor, text),
        [
            "p1-monitor 2021-10-31 01:00:00: end energy_import_t1_kwh 56371, end energy_import_t2_kwh 29799, end energy_export_t1_kwh 16786, end energy_export_t2_kwh 36612, own energy_import_kwh 259, own energy_export_kwh 0"
        ]
    );
    let water = "TIMESTAMP,TIMEPERIOD_ID,PULS_PER_TIMEUNIT,VERBR_PER_TIMEUNIT,VERBR_IN_M3_TOTAAL\n2024-01-21 09:00:00,12,86,86,496.584\n2024-01-21 00:00:00,13,1,500,497.1\n";
    assert_eq!(
        of(Format::P1Monitor, water),
        [
            "p1-monitor 2024-01-21 09:00:00+3600: end water_m3 496584, own water_m3 86",
            "p1-monitor 2024-01-21 00:00:00..00:00: end water_m3 497100",
        ]
    );
    let older = "TIMESTAMP,PULS_PER_TIMEUNIT,VERBR_PER_TIMEUNIT,VERBR_IN_M3_TOTAAL\n2020-01-21 09:00:00,86,86,496.584\n";
    assert_eq!(
        of(Format::P1Monitor, older),
        ["p1-monitor 2020-01-21 09:00:00: end water_m3 496584"],
        "hours, days or months, by the distance of the rows"
    );
}

#[test]
fn homewizard_has_registers_and_does_not_say_the_unit_of_water() {
    let text = "time,Import T1 kWh,Import T2 kWh,Export T1 kWh,Export T2 kWh\n2025-10-26 03:00,84.83,47.277,31.077,75.128\n2025-10-26 03:15,,,,\n";
    assert_eq!(
        of(Format::Homewizard, text),
        [
            "homewizard 2025-10-26 03:00:00: energy_import_t1_kwh 84830, energy_import_t2_kwh 47277, energy_export_t1_kwh 31077, energy_export_t2_kwh 75128"
        ]
    );
    let three = "time,Import kWh,Export kWh,L1 max W,L2 max W,L3 max W\n2025-06-24 20:30,42.123,0.150,0,-16,-18\n";
    assert_eq!(
        of(Format::Homewizard, three),
        ["homewizard 2025-06-24 20:30:00: energy_import_kwh 42123, energy_export_kwh 150"]
    );
    let water = "time,water usage dl\n2025-03-28 13:15,116\n";
    let error = entries(Format::Homewizard, &Settings::default(), water).unwrap_err();
    assert!(error.starts_with("f:2: the unit of the water is not certain"), "{error}");
    let battery = "time,Import kWh,Export kWh,State of charge %\n2025-03-28 13:15,1,2,55\n";
    let error = entries(Format::Homewizard, &Settings::default(), battery).unwrap_err();
    assert_eq!(error, "f:2: this is a battery, and no meter of the house");
    let found = entries(Format::Homewizard, &settings("homewizard f --unit l"), water).unwrap();
    assert_eq!(found, ["homewizard 2025-03-28 13:15:00: water_m3 116"]);
}

#[test]
fn fluvius_has_a_row_a_register_and_gas_twice() {
    let text = "\u{feff}Van datum;Van tijdstip;Tot datum;Tot tijdstip;EAN;Meter;Metertype;Register;Volume;Eenheid;Validatiestatus\r\n\
        29-10-2023;02:45:00;29-10-2023;02:00:00;=\"5410\";1SAG1;Digitale Meter;Afname Nacht;0,297;kWh;Gelezen\r\n\
        29-10-2023;02:45:00;29-10-2023;03:00:00;=\"5410\";1SAG1;Digitale Meter;Injectie Dag;;kWh;Geen verbruik\r\n\
        29-10-2023;02:00:00;29-10-2023;03:00:00;=\"5411\";7FLO1;Digitale Meter;Afname;5,445;kWh;Gevalideerd\r\n\
        29-10-2023;02:00:00;29-10-2023;03:00:00;=\"5411\";7FLO1;Digitale Meter;Afname;0,471;m³;Gevalideerd\r\n";
    assert_eq!(
        of(Format::Fluvius, text),
        [
            "fluvius 2023-10-29 02:45:00..02:00: use energy_import_t2_kwh 297",
            "fluvius 2023-10-29 02:45:00..03:00: use energy_export_t1_kwh 0",
            "fluvius 2023-10-29 02:00:00..03:00: use gas_m3 471",
            "left out 1: Afname in kWh",
        ]
    );
}

#[test]
fn fluvius_is_read_in_any_language_and_from_meters_without_tariffs() {
    // The names of these columns and registers are a translation, and were not seen; the order is that of the others.
    let french = "Du (date);Du (heure);Au (date);Au (heure);Code EAN;Compteur;Type de compteur;Registre;Volume;Unité;Statut de validation;Description\n\
        1/9/2025;00:00:00;1/9/2025;00:15:00;=541;1SAG1;Compteur numérique;Prélèvement Nuit;0,065;kWh;Lu;\n\
        1/9/2025;00:15:00;1/9/2025;00:30:00;=541;1SAG1;Compteur numérique;Injection Jour;;kWh;Pas de consommation;\n";
    assert_eq!(
        of(Format::Fluvius, french),
        [
            "fluvius 2025-09-01 00:00:00..00:15: use energy_import_t2_kwh 65",
            "fluvius 2025-09-01 00:15:00..00:30: use energy_export_t1_kwh 0",
        ]
    );
    let two = french.replace("Injection Jour", "Prélèvement Nuit").replacen("=541", "=542", 1);
    let error = entries(Format::Fluvius, &Settings::default(), &two).unwrap_err();
    assert_eq!(
        error,
        "f:3: expected one connection, found =542 and =541 with energy_import_t2_kwh: choose one with --where"
    );
    let dutch = "Van (datum);Van (tijdstip);Tot (datum);Tot (tijdstip);EAN-code;Meter;Metertype;Register;Volume;Eenheid;Validatiestatus;Omschrijving\n\
        19-12-2022;00:00:00;19-12-2022;00:15:00;=541448860000856885;;AMR-meter;Afname Actief;3,179;kWh;Gevalideerd;Bureau\n\
        19-12-2022;00:00:00;19-12-2022;00:15:00;=541448860000856885;;AMR-meter;Afname Reactief;0,151;kVArh;Gevalideerd;Bureau\n\
        19-12-2022;00:00:00;19-12-2022;00:15:00;=541448860000856885;;AMR-meter;Injectie Actief;0,002;MWh;Gevalideerd;Bureau\n\
        01-12-2022;00:00:00;01-01-2023;00:00:00;=541448860000856885;;AMR-meter;Piekvermogen;5,151;kW;Gevalideerd;Bureau\n";
    assert_eq!(
        of(Format::Fluvius, dutch),
        [
            "fluvius 2022-12-19 00:00:00..00:15: use energy_import_kwh 3179",
            "fluvius 2022-12-19 00:00:00..00:15: use energy_export_kwh 2000",
            "left out 1: Afname Reactief in kVArh",
            "left out 1: Piekvermogen in kW",
        ]
    );
}

#[test]
fn liander_has_days_of_all_meters() {
    let text = "eancodeasn,meternummer,meterreadingdate,reading1,usage1,reading2,usage2,reading3,usage3,reading4,usage4      \n\
        8710,E0040,06-06-2023,1570.4,4.2,1789.4,7.5,0,0,0,0      \n8711,G0030,06-06-2023,143.6,4.4,,,,,,      \n";
    assert_eq!(
        of(Format::Liander, text),
        [
            "liander 2023-06-06 00:00:00 E0040: energy_import_t2_kwh 1570400, energy_import_t1_kwh 1789400, energy_export_t2_kwh 0, energy_export_t1_kwh 0",
            "liander 2023-06-05 00:00:00 E0040: own energy_import_t2_kwh 4200, own energy_import_t1_kwh 7500, own energy_export_t2_kwh 0, own energy_export_t1_kwh 0",
            "liander 2023-06-06 00:00:00 G0030: gas_m3 143600",
            "liander 2023-06-05 00:00:00 G0030: own gas_m3 4400",
        ]
    );
}

#[test]
fn slimmemeterportal_has_use_in_one_tariff_of_two() {
    let text = "datum_tijd,levering_normaal,levering_laag,teruglevering_normaal,teruglevering_laag,buitentemperatuur\n\
        29-10-2023 02:45:00 +0200,,\"0,10\",,\"0,00\",\"12,70\"\n";
    assert_eq!(
        of(Format::Slimmemeterportal, text),
        [
            "slimmemeterportal @1698540300: use energy_import_t2_kwh 0, use energy_import_t1_kwh 100, use energy_export_t2_kwh 0, use energy_export_t1_kwh 0"
        ]
    );
    let gas =
        "datum_tijd,levering,buitentemperatuur\n01-01-2023 02:00:00 +0100,\"0,31\",\"13,80\"\n";
    assert_eq!(
        of(Format::Slimmemeterportal, gas),
        ["slimmemeterportal @1672534800: use gas_m3 310"]
    );
}

#[test]
fn home_assistant_has_entities_that_are_guessed_or_chosen() {
    let text = "statistic_id,unit_of_measurement,start_ts,state,sum\n\
        sensor.energy_consumption_tarif_1,kWh,1756677600.0,89.72,12.233\n\
        sensor.gas_consumption,m³,1756677600.0,48.31,81.02\nsensor.outdoor_temperature,°C,1756677600.0,12,\n";
    assert_eq!(
        of(Format::Homeassistant, text),
        [
            "homeassistant @1756677600+<3600: end energy_import_t1_kwh 89720",
            "homeassistant @1756677600+<3600: end gas_m3 48310",
            "left out 1: sensor.outdoor_temperature",
        ]
    );
    let dutch = "statistic_id,start_ts,state\n\
        sensor.electricity_meter_energieverbruik_tarief_1,1756677600.0,1\n\
        sensor.electricity_meter_energieproductie_tarief_2,1756677600.0,2\n\
        sensor.gas_meter_gasverbruik,1756677600.0,3\nsensor.p1_meter_energy_import_today,1756677600.0,4\n\
        sensor.solaredge_energy_production,1756677600.0,5\n";
    assert_eq!(
        of(Format::Homeassistant, dutch),
        [
            "homeassistant @1756677600+<3600: end energy_import_t1_kwh 1000",
            "homeassistant @1756677600+<3600: end energy_export_t2_kwh 2000",
            "homeassistant @1756677600+<3600: end gas_m3 3000",
            "left out 1: sensor.p1_meter_energy_import_today",
            "left out 1: sensor.solaredge_energy_production",
        ]
    );
    let chosen =
        settings("homeassistant f --column energy_export_kwh=sensor.energy_consumption_tarif_1");
    let found = entries(Format::Homeassistant, &chosen, text).unwrap();
    assert_eq!(found[0], "homeassistant @1756677600+<3600: end energy_export_kwh 89720");
    let history = "entity_id,state,last_changed\nsensor.p1_energy_import_t1,unavailable,2025-08-31T23:41:12.310Z\nsensor.p1_energy_import_t1,9.5,2025-08-31T23:00:00.000Z\n";
    assert_eq!(
        of(Format::Homeassistant, history),
        ["homeassistant @1756681200: energy_import_t1_kwh 9500"]
    );
    let both = "entity_id,state,last_changed\nsensor.a_gas,1,2025-08-31T23:00:00Z\nsensor.b_gas,1,2025-08-31T23:00:00Z\n";
    let error = entries(Format::Homeassistant, &Settings::default(), both).unwrap_err();
    assert!(error.contains("choose with --column gas_m3=ID"), "{error}");
    let old = "statistic_id,start,state\nsensor.p1_gas,2022-01-01 00:00:00.000000,9.5\n";
    assert_eq!(
        of(Format::Homeassistant, old),
        ["homeassistant @1640995200+<3600: end gas_m3 9500"],
        "UTC"
    );
    let energy = "entity_id,type,unit,2025-10-25T22:00:00.000Z,2025-10-25T23:00:00.000Z\n\
        sensor.energy_consumption_tarif_1,grid_consumption,kWh,0.208,\n\
        sensor.energy_consumption_tarif_1_cost,grid_consumption_cost,EUR,0.1,0.1\n\
        sensor.returned,grid_return,Wh,12,13\n";
    assert_eq!(
        of(Format::Homeassistant, energy),
        [
            "homeassistant-energy @1761429600: use energy_import_t1_kwh 208",
            "homeassistant-energy @1761429600: use energy_export_kwh 12",
            "homeassistant-energy @1761433200: use energy_export_kwh 13",
            "left out 1: grid_consumption_cost of sensor.energy_consumption_tarif_1_cost",
        ]
    );
    let used =
        "statistic_id,start,unit,delta\nsensor:p1_energy_import_t1,2025-10-26 01:00,kWh,0.516\n";
    assert_eq!(
        of(Format::Homeassistant, used),
        ["homeassistant-use @1761440400+3600: use energy_import_t1_kwh 516"]
    );
}

#[test]
fn any_other_table_has_columns_by_options() {
    let text = "OpnameDatum;StandNormaal;StandDal\n2023-08-02;974;924\n";
    let with = settings(
        "csv f --column time=OpnameDatum --column energy_import_t2_kwh=StandNormaal --column energy_import_t1_kwh=StandDal",
    );
    assert_eq!(
        entries(Format::Csv, &with, text).unwrap(),
        ["csv 2023-08-02 00:00:00: energy_import_t1_kwh 924000, energy_import_t2_kwh 974000"]
    );
    let toon = settings("csv f --no-header --column time=1 --column energy_import_t1_kwh=2:Wh");
    assert_eq!(
        entries(Format::Csv, &toon, "1540634400,8220605\n").unwrap(),
        ["csv @1540634400: energy_import_t1_kwh 8220605"]
    );
    let engie = "\"Datum\",\"EAN\",\"Verbruik\",\"Type\"\n\"2022-10-30T02:00:00+02:00\",\"87\",\"0.388\",\"Elektriciteit\"\n\"2022-10-30T02:00:00+02:00\",\"87\",\"0.1\",\"Gas\"\n";
    let with = settings(
        "csv f --use --where Type=Elektriciteit --column time=Datum --column energy_import_kwh=Verbruik",
    );
    assert_eq!(
        entries(Format::Csv, &with, engie).unwrap(),
        ["csv @1667088000: use energy_import_kwh 388"]
    );
    let with = settings("csv f --no-header --use --where 4=Gas --column time=1 --column gas_m3=3");
    let (_, rows) = engie.split_once('\n').unwrap();
    assert_eq!(entries(Format::Csv, &with, rows).unwrap(), ["csv @1667088000: use gas_m3 100"]);
    let zonneplan = "DateFrom,DateTo,Use\n2024-10-27 02:00:00,2024-10-27 03:00:00,0.759\n";
    let with = settings(
        "csv f --use --column time=DateFrom --column until=DateTo --column energy_import_kwh=Use",
    );
    assert_eq!(
        entries(Format::Csv, &with, zonneplan).unwrap(),
        ["csv 2024-10-27 02:00:00..03:00: use energy_import_kwh 759"]
    );
    let parts = "Datum;Tijd;Stand\n1-8-2023;7:15;\"1.974,5\"\n";
    let with =
        settings("csv f --column date=Datum --column time=Tijd --column energy_import_kwh=Stand");
    assert_eq!(
        entries(Format::Csv, &with, parts).unwrap(),
        ["csv 2023-08-01 07:15:00: energy_import_kwh 1974500"]
    );
    let own = "time_utc,time_local,unique_id,energy_import_kwh,gas_time_utc\n2026-11-25T13:10:00Z,2026-11-25T14:10:00,E1,12.345,2026-11-25T13:00:00Z\n";
    assert_eq!(of(Format::Csv, own), ["csv @1795612200 E1: energy_import_kwh 12345"]);
    let influx = "name,tags,time,energy_import_kwh,gas_m3,gas_timestamp,meter,power_w\n\
        p1,,1792879500000000000,1000.1,50,1792879200,E1,7\n";
    assert_eq!(
        of(Format::Csv, influx),
        ["csv @1792879200: gas_m3 50000", "csv @1792879500 E1: energy_import_kwh 1000100"]
    );
}

#[test]
fn what_is_wrong_is_named_with_its_file_line_and_column() {
    for (format, words, text, expected) in [
        (Format::Liander, "liander f", "datum;x\n", "f:1: expected eancodeasn,meternummer"),
        (Format::Liander, "liander f", "", "f:1: expected eancodeasn"),
        (
            Format::Liander,
            "liander f",
            "datum_tijd;levering\n",
            "f:1: expected eancodeasn,meternummer,meterreadingdate,reading1,usage1,reading2,…; found \"datum_tijd;levering\"; this is a table of the format slimmemeterportal",
        ),
        (
            Format::DsmrReader,
            "dsmr-reader f",
            "read_at,delivered\n2024-13-27 00:00,1\n",
            "f:2: column read_at: expected a time such as 2024-10-27 02:00:00, found \"2024-13-27 00:00\"",
        ),
        (
            Format::Csv,
            "csv f",
            "time,gas_m3\n10/27/2024 2:00 PM,1\n",
            "f:2: column time: expected a time such as 2024-10-27 02:00:00, found \"10/27/2024 2:00 PM\", which p1report import reads with --time-format '%m/%d/%Y %I:%M %p'",
        ),
        (
            Format::DsmrReader,
            "dsmr-reader f",
            "read_at,delivered\n2024-10-27 00:00,x\n",
            "f:2: column delivered: expected a number, found \"x\"",
        ),
        (
            Format::Csv,
            "csv f",
            "a,b\n1,2\n",
            "f:1: name the column of the time: --column time=COLUMN; there are a, b",
        ),
        (Format::Csv, "csv f --column time=a", "a,b\n1,2\n", "f:1: name the column of a number"),
        (
            Format::Csv,
            "csv f --column time=c --column gas_m3=b",
            "a,b\n1,2\n",
            "f:1: there is no column \"c\"; there are a, b",
        ),
        (
            Format::Csv,
            "csv f --column time=a --column gas_m3=b",
            "a,b\n\"1,2\n",
            "f:2: expected a closing quote: the line is cut off",
        ),
        (
            Format::Csv,
            "csv f --column time=a --column gas_m3=b --unit kWh",
            "a,b\n2024-01-01,2\n",
            "f:2: column b: kWh is no unit of gas_m3",
        ),
    ] {
        let error = entries(format, &settings(words), text).unwrap_err();
        assert!(error.starts_with(expected), "{error}");
    }
}
