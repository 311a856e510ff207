//! The tables of [`super`]: a line a code. A code that is none does not compile.
//!
//! Sources: DSMR P1 companion standards 2.2 to 5.0.2, Luxembourg E-Meter P1 1.1.3, Swedish H1 2.0, the
//! list of the Lithuanian grid operator, IEC 62056-6-1, and published telegrams.

use super::Kind::{
    Count, Current, Demand, DeviceType, Duration, Factor, Frequency, Identifier, Limit, Log, Power,
    Reading, Register, State, Text, Time, Version, Voltage,
};
use super::{Entry, Kind};
use crate::telegram::{Obis, Unit};

const NONE: Option<Unit> = None;
const KWH: Option<Unit> = Some(Unit::KiloWh);
const KVARH: Option<Unit> = Some(Unit::KiloVarh);
const KW: Option<Unit> = Some(Unit::KiloWatt);
const KVAR: Option<Unit> = Some(Unit::KiloVar);
const KVA: Option<Unit> = Some(Unit::KiloVoltAmpere);
const V: Option<Unit> = Some(Unit::Volt);
const A: Option<Unit> = Some(Unit::Ampere);
const HZ: Option<Unit> = Some(Unit::Hertz);
const S: Option<Unit> = Some(Unit::Second);
const M3: Option<Unit> = Some(Unit::CubicMetre);

const fn row(
    code: &'static str,
    kind: Kind,
    unit: Option<Unit>,
    countries: &'static str,
    name: &'static str,
) -> Entry {
    Entry { code, obis: Obis::literal(code), kind, unit, countries, name }
}

#[rustfmt::skip]
pub(super) static ENTRIES: &[Entry] = &[
    // Telegram and meter
    row("1-3:0.2.8",    Version,    NONE, "AT LU NL",          "Version of the P1 output"),
    row("0-0:96.1.4",   Version,    NONE, "BE CH",             "Version of the P1 output, Belgian"),
    row("1-0:0.2.0",    Version,    NONE, "LT",                "Firmware version"),
    row("0-0:1.0.0",    Time,       NONE, "AT BE CH DK FI HU LT LU NL NO SE", "Time of the telegram"),
    row("0-0:1.1.0",    Time,       NONE, "NL",                "Time of the telegram, heat gateway"),
    row("1-0:0.9.1",    Time,       NONE, "SI",                "Time of day of the meter"),
    row("1-0:0.9.2",    Time,       NONE, "SI",                "Date of the meter"),
    row("0-0:96.1.1",   Identifier, NONE, "BE LT NL",          "Equipment identifier"),
    row("0-0:96.1.0",   Identifier, NONE, "BE HU NL PL",       "Serial number"),
    row("0-0:96.1.2",   Identifier, NONE, "BE CH",             "EAN code of the connection"),
    row("0-0:42.0.0",   Identifier, NONE, "HU LU NL",          "Logical device name"),
    row("0-0:0.0.0",    Identifier, NONE, "CH",                "Device address"),
    row("1-0:0.0.0",    Identifier, NONE, "BE DE",             "Electricity identifier"),
    row("0-0:96.1.255", Identifier, NONE, "DE",                "Manufacturer's number"),
    row("1-0:96.5.5",   State,      NONE, "DE",                "Status of the meter"),
    row("1-0:0.4.2",    State,      NONE, "NO SE",             "Current transformer ratio"),
    row("1-0:0.4.3",    State,      NONE, "NO SE",             "Voltage transformer ratio"),
    row("1-0:0.8.2",    Duration,   S,    "LT",                "Measurement period"),
    row("1-0:94.32.1",  State,      NONE, "BE",                "Nominal voltage"),
    row("0-0:94.98.31", Text,       NONE, "PL",                "Polish object 31"),
    row("0-0:94.98.32", Text,       NONE, "PL",                "Polish object 32"),

    // Tariff, breaker, limits
    row("0-0:96.14.0",  State,      NONE, "BE CH HU NL",       "Running tariff"),
    row("0-0:17.0.0",   Limit,      KW,   "BE HU LU NL PL",    "Power threshold"),
    row("0-0:96.3.10",  State,      NONE, "BE HU LU NL",       "Breaker"),
    row("0-0:24.4.0",   State,      NONE, "NL",                "Breaker, DSMR 2.2"),
    row("0-0:96.50.68", State,      NONE, "HU",                "Breaker, Hungarian"),
    row("1-0:31.4.0",   Limit,      A,    "BE HU LU",          "Current threshold"),
    row("1-0:34.4.0",   Limit,      A,    "LU",                "Current threshold, as printed in the standard"),
    row("1-0:51.4.0",   Limit,      A,    "HU",                "Current threshold L2"),
    row("1-0:71.4.0",   Limit,      A,    "HU",                "Current threshold L3"),

    // Active energy
    row("1-0:1.8.0",    Register,   KWH,  "AT DE DK FI HU LT LU NL NO SE", "Energy import"),
    row("1-0:1.8.1",    Register,   KWH,  "AT BE CH HU LT NL PL", "Energy import, tariff 1"),
    row("1-0:1.8.2",    Register,   KWH,  "AT BE CH HU LT NL PL", "Energy import, tariff 2"),
    row("1-0:1.8.3",    Register,   KWH,  "BE HU LT PL",       "Energy import, tariff 3"),
    row("1-0:1.8.4",    Register,   KWH,  "BE HU LT PL",       "Energy import, tariff 4"),
    row("1-0:1.8.5",    Register,   KWH,  "BE",                "Energy import, tariff 5"),
    row("1-0:2.8.0",    Register,   KWH,  "AT DE DK FI HU LT LU NL NO SE", "Energy export"),
    row("1-0:2.8.1",    Register,   KWH,  "AT BE CH HU LT NL", "Energy export, tariff 1"),
    row("1-0:2.8.2",    Register,   KWH,  "AT BE CH HU LT NL", "Energy export, tariff 2"),
    row("1-0:2.8.3",    Register,   KWH,  "BE HU LT",          "Energy export, tariff 3"),
    row("1-0:2.8.4",    Register,   KWH,  "BE HU LT",          "Energy export, tariff 4"),
    row("1-0:2.8.5",    Register,   KWH,  "BE",                "Energy export, tariff 5"),
    row("1-0:15.8.0",   Register,   KWH,  "HU",                "Energy, import and export together"),

    // Reactive energy
    row("1-0:3.8.0",    Register,   KVARH, "AT DK FI HU LT LU NO SE", "Reactive energy import"),
    row("1-0:3.8.1",    Register,   KVARH, "AT LT",            "Reactive energy import, tariff 1"),
    row("1-0:3.8.2",    Register,   KVARH, "AT LT",            "Reactive energy import, tariff 2"),
    row("1-0:3.8.3",    Register,   KVARH, "LT",               "Reactive energy import, tariff 3"),
    row("1-0:3.8.4",    Register,   KVARH, "LT",               "Reactive energy import, tariff 4"),
    row("1-0:4.8.0",    Register,   KVARH, "AT DK FI HU LT LU NO SE", "Reactive energy export"),
    row("1-0:4.8.1",    Register,   KVARH, "AT LT",            "Reactive energy export, tariff 1"),
    row("1-0:4.8.2",    Register,   KVARH, "AT LT",            "Reactive energy export, tariff 2"),
    row("1-0:4.8.3",    Register,   KVARH, "LT",               "Reactive energy export, tariff 3"),
    row("1-0:4.8.4",    Register,   KVARH, "LT",               "Reactive energy export, tariff 4"),
    row("1-0:5.8.0",    Register,   KVARH, "HU",               "Reactive energy, quadrant I"),
    row("1-0:6.8.0",    Register,   KVARH, "HU",               "Reactive energy, quadrant II"),
    row("1-0:7.8.0",    Register,   KVARH, "HU",               "Reactive energy, quadrant III"),
    row("1-0:8.8.0",    Register,   KVARH, "HU",               "Reactive energy, quadrant IV"),

    // Power of this moment
    row("1-0:1.7.0",    Power,      KW,   "AT BE CH DE DK FI HU LT LU NL NO SE SI", "Power import"),
    row("1-0:2.7.0",    Power,      KW,   "AT BE CH DK FI HU LT LU NL NO SE SI", "Power export"),
    row("1-0:15.7.0",   Power,      KW,   "NL",                "Power, import and export together"),
    row("1-0:21.7.0",   Power,      KW,   "BE CH DE DK FI LT LU NL NO SE", "Power import L1"),
    row("1-0:41.7.0",   Power,      KW,   "BE CH DE DK FI LT LU NL NO SE", "Power import L2"),
    row("1-0:61.7.0",   Power,      KW,   "BE CH DE DK FI LT LU NL NO SE", "Power import L3"),
    row("1-0:22.7.0",   Power,      KW,   "BE CH DK FI LT LU NL NO SE", "Power export L1"),
    row("1-0:42.7.0",   Power,      KW,   "BE CH DK FI LT LU NL NO SE", "Power export L2"),
    row("1-0:62.7.0",   Power,      KW,   "BE CH DK FI LT LU NL NO SE", "Power export L3"),
    row("1-0:3.7.0",    Power,      KVAR, "AT DK FI LT LU NO SE", "Reactive power import"),
    row("1-0:4.7.0",    Power,      KVAR, "AT DK FI LT LU NO SE", "Reactive power export"),
    row("1-0:5.7.0",    Power,      KVAR, "HU",                "Reactive power, quadrant I"),
    row("1-0:6.7.0",    Power,      KVAR, "HU",                "Reactive power, quadrant II"),
    row("1-0:7.7.0",    Power,      KVAR, "HU",                "Reactive power, quadrant III"),
    row("1-0:8.7.0",    Power,      KVAR, "HU",                "Reactive power, quadrant IV"),
    row("1-0:23.7.0",   Power,      KVAR, "DK FI LT LU NO SE", "Reactive power import L1"),
    row("1-0:43.7.0",   Power,      KVAR, "DK FI LT LU NO SE", "Reactive power import L2"),
    row("1-0:63.7.0",   Power,      KVAR, "DK FI LT LU NO SE", "Reactive power import L3"),
    row("1-0:24.7.0",   Power,      KVAR, "DK FI LT LU NO SE", "Reactive power export L1"),
    row("1-0:44.7.0",   Power,      KVAR, "DK FI LT LU NO SE", "Reactive power export L2"),
    row("1-0:64.7.0",   Power,      KVAR, "DK FI LT LU NO SE", "Reactive power export L3"),
    row("1-0:9.7.0",    Power,      KVA,  "LT LU",             "Apparent power import"),
    row("1-0:29.7.0",   Power,      KVA,  "LT",                "Apparent power import L1"),
    row("1-0:49.7.0",   Power,      KVA,  "LT",                "Apparent power import L2"),
    row("1-0:69.7.0",   Power,      KVA,  "LT",                "Apparent power import L3"),
    row("1-0:10.7.0",   Power,      KVA,  "LT LU",             "Apparent power export"),
    row("1-0:30.7.0",   Power,      KVA,  "LT",                "Apparent power export L1"),
    row("1-0:50.7.0",   Power,      KVA,  "LT",                "Apparent power export L2"),
    row("1-0:70.7.0",   Power,      KVA,  "LT",                "Apparent power export L3"),

    // Power factor and frequency
    row("1-0:13.7.0",   Factor,     NONE, "HU LT",             "Power factor"),
    row("1-0:33.7.0",   Factor,     NONE, "HU LT",             "Power factor L1"),
    row("1-0:53.7.0",   Factor,     NONE, "HU LT",             "Power factor L2"),
    row("1-0:73.7.0",   Factor,     NONE, "HU LT",             "Power factor L3"),
    row("1-0:13.3.0",   Factor,     NONE, "LT",                "Lowest power factor"),
    row("1-0:14.7.0",   Frequency,  HZ,   "HU LT",             "Frequency"),

    // Voltage
    row("1-0:12.7.0",   Voltage,    V,    "LT",                "Voltage, any phase"),
    row("1-0:32.7.0",   Voltage,    V,    "BE CH DK FI HU LT LU NL NO SE SI", "Voltage L1"),
    row("1-0:52.7.0",   Voltage,    V,    "BE CH DK FI HU LT LU NL NO SE SI", "Voltage L2"),
    row("1-0:72.7.0",   Voltage,    V,    "BE CH DK FI HU LT LU NL NO SE SI", "Voltage L3"),
    row("1-0:32.24.0",  Voltage,    V,    "LT",                "Average voltage L1"),
    row("1-0:52.24.0",  Voltage,    V,    "LT",                "Average voltage L2"),
    row("1-0:72.24.0",  Voltage,    V,    "LT",                "Average voltage L3"),

    // Current, without a sign
    row("1-0:11.7.0",   Current,    A,    "LT",                "Current, any phase"),
    row("1-0:31.7.0",   Current,    A,    "BE CH DK FI HU LT LU NL NO SE SI", "Current L1"),
    row("1-0:51.7.0",   Current,    A,    "BE CH DK FI HU LT LU NL NO SE SI", "Current L2"),
    row("1-0:71.7.0",   Current,    A,    "BE CH DK FI HU LT LU NL NO SE SI", "Current L3"),
    row("1-0:90.7.0",   Current,    A,    "LT",                "Sum of the currents"),
    row("1-0:91.7.0",   Current,    A,    "LT",                "Current in the neutral"),

    // Demand: power averaged over the running period, over the last one, and the highest of the month
    row("1-0:1.4.0",    Demand,     KW,   "BE CH LT",          "Average import of the running quarter"),
    row("1-0:2.4.0",    Demand,     KW,   "LT",                "Average export of the running period"),
    row("1-0:3.4.0",    Demand,     KVAR, "LT",                "Average reactive import of the running period"),
    row("1-0:4.4.0",    Demand,     KVAR, "LT",                "Average reactive export of the running period"),
    row("1-0:9.4.0",    Demand,     KVA,  "LT",                "Average apparent import of the running period"),
    row("1-0:10.4.0",   Demand,     KVA,  "LT",                "Average apparent export of the running period"),
    row("1-0:1.5.0",    Demand,     KW,   "LT",                "Average import of the last period"),
    row("1-0:2.5.0",    Demand,     KW,   "LT",                "Average export of the last period"),
    row("1-0:3.5.0",    Demand,     KVAR, "LT",                "Average reactive import of the last period"),
    row("1-0:4.5.0",    Demand,     KVAR, "LT",                "Average reactive export of the last period"),
    row("1-0:9.5.0",    Demand,     KVA,  "LT",                "Average apparent import of the last period"),
    row("1-0:10.5.0",   Demand,     KVA,  "LT",                "Average apparent export of the last period"),
    row("1-0:1.24.0",   Demand,     KW,   "LT",                "Average power import"),
    row("1-0:15.24.0",  Demand,     KW,   "LT",                "Average power, import and export together"),
    row("1-0:16.24.0",  Demand,     KW,   "LT",                "Average power, import less export"),
    row("1-0:1.6.0",    Demand,     KW,   "BE CH",             "Highest quarter of this month"),
    row("0-0:98.1.0",   Log,        NONE, "BE CH HU",          "Highest quarters of past months, or closing of a month"),
    row("0-0:98.1.1",   Log,        NONE, "BE",                "Billing profile"),
    row("0-0:0.1.0",    Count,      NONE, "BE",                "Billing periods"),

    // Quality of the supply
    row("0-0:96.7.21",  Count,      NONE, "CH LU NL",          "Power failures in any phase"),
    row("0-0:96.7.9",   Count,      NONE, "CH NL",             "Long power failures in any phase"),
    row("0-0:96.7.19",  Duration,   S,    "CH NL",             "Length of a long power failure"),
    row("1-0:99.97.0",  Log,        NONE, "CH NL",             "Log of long power failures"),
    row("1-0:32.32.0",  Count,      NONE, "CH LT LU NL",       "Voltage sags L1"),
    row("1-0:52.32.0",  Count,      NONE, "CH LT LU NL",       "Voltage sags L2"),
    row("1-0:72.32.0",  Count,      NONE, "CH LT LU NL",       "Voltage sags L3"),
    row("1-0:32.36.0",  Count,      NONE, "CH LT LU NL",       "Voltage swells L1"),
    row("1-0:52.36.0",  Count,      NONE, "CH LT LU NL",       "Voltage swells L2"),
    row("1-0:72.36.0",  Count,      NONE, "CH LT LU NL",       "Voltage swells L3"),
    row("1-0:32.33.0",  Duration,   S,    "LT",                "Length of the last voltage sag L1"),
    row("1-0:52.33.0",  Duration,   S,    "LT",                "Length of the last voltage sag L2"),
    row("1-0:72.33.0",  Duration,   S,    "LT",                "Length of the last voltage sag L3"),
    row("1-0:32.34.0",  Voltage,    V,    "LT",                "Depth of the last voltage sag L1"),
    row("1-0:52.34.0",  Voltage,    V,    "LT",                "Depth of the last voltage sag L2"),
    row("1-0:72.34.0",  Voltage,    V,    "LT",                "Depth of the last voltage sag L3"),
    row("1-0:32.37.0",  Duration,   S,    "LT",                "Length of the last voltage swell L1"),
    row("1-0:52.37.0",  Duration,   S,    "LT",                "Length of the last voltage swell L2"),
    row("1-0:72.37.0",  Duration,   S,    "LT",                "Length of the last voltage swell L3"),
    row("1-0:32.38.0",  Voltage,    V,    "LT",                "Height of the last voltage swell L1"),
    row("1-0:52.38.0",  Voltage,    V,    "LT",                "Height of the last voltage swell L2"),
    row("1-0:72.38.0",  Voltage,    V,    "LT",                "Height of the last voltage swell L3"),

    // Messages of the grid operator
    row("0-0:96.13.0",  Text,       NONE, "BE CH HU LT LU NL", "Text message"),
    row("0-0:96.13.1",  Text,       NONE, "CH NL",             "Text message code"),
    row("0-0:96.13.2",  Text,       NONE, "LU",                "Text message, second"),
    row("0-0:96.13.3",  Text,       NONE, "LU",                "Text message, third"),
    row("0-0:96.13.4",  Text,       NONE, "LU",                "Text message, fourth"),
    row("0-0:96.13.5",  Text,       NONE, "LU",                "Text message, fifth"),

    // Devices on the M-Bus, and what is switched by channel
    row("0-n:24.1.0",   DeviceType, NONE, "BE LU NL",          "Type of M-Bus device"),
    row("0-n:96.1.0",   Identifier, NONE, "LU NL",             "Identifier of M-Bus device"),
    row("0-n:96.1.1",   Identifier, NONE, "BE",                "Identifier of M-Bus device, Belgian"),
    row("0-n:96.1.2",   Identifier, NONE, "BE",                "EAN code of M-Bus connection"),
    row("0-n:24.2.1",   Reading,    NONE, "BE LU NL",          "Reading of M-Bus device"),
    row("0-n:24.2.2",   Reading,    NONE, "BE",                "Reading of M-Bus device, second register"),
    row("0-n:24.2.3",   Reading,    NONE, "BE NL",             "Reading of M-Bus device, not temperature converted"),
    row("0-n:24.3.0",   Reading,    NONE, "NL",                "Reading of M-Bus device over two lines"),
    row("0-n:24.3.1",   Reading,    NONE, "NL",                "Reading of cooling device over two lines"),
    row("0-n:24.4.0",   State,      NONE, "BE LU NL",          "Valve or switch of M-Bus device"),
    row("0-n:96.3.10",  State,      NONE, "BE LU",             "Relay"),

    // Devices by medium: DSMR 2.2 as written, and some meters before it
    row("5-0:0.0.0",    Identifier, NONE, "NL",                "Identifier of heat meter"),
    row("5-0:23.1.0",   Reading,    NONE, "NL",                "Heat reading"),
    row("5-0:23.2.0",   Reading,    NONE, "NL",                "Heat reading, second register"),
    row("5-0:24.4.0",   State,      NONE, "NL",                "Heat valve"),
    row("6-0:0.0.0",    Identifier, NONE, "NL",                "Identifier of cooling meter"),
    row("6-0:23.1.0",   Reading,    NONE, "NL",                "Cooling reading"),
    row("6-0:23.2.0",   Reading,    NONE, "NL",                "Cooling reading, second register"),
    row("6-0:24.4.0",   State,      NONE, "NL",                "Cooling valve"),
    row("7-0:0.0.0",    Identifier, NONE, "NL",                "Identifier of gas meter"),
    row("7-0:23.1.0",   Reading,    M3,   "NL",                "Gas reading, not temperature converted"),
    row("7-0:23.2.0",   Reading,    M3,   "NL",                "Gas reading, temperature converted"),
    row("7-0:24.4.0",   State,      NONE, "NL",                "Gas valve"),
    row("8-0:0.0.0",    Identifier, NONE, "NL",                "Identifier of water meter"),
    row("8-0:23.1.0",   Reading,    M3,   "NL",                "Water reading"),
    row("8-0:23.2.0",   Reading,    M3,   "NL",                "Water reading, second register"),
    row("8-0:24.4.0",   State,      NONE, "NL",                "Water valve"),
];

/// EN 13757-3, table of device types; in decimal.
pub(super) static DEVICE_TYPES: &[(u8, &str)] = &[
    (0, "other"),
    (1, "oil"),
    (2, "electricity"),
    (3, "gas"),
    (4, "heat (outlet)"),
    (5, "steam"),
    (6, "warm water"),
    (7, "water"),
    (8, "heat cost allocator"),
    (9, "compressed air"),
    (10, "cooling (outlet)"),
    (11, "cooling (inlet)"),
    (12, "heat (inlet)"),
    (13, "heat and cooling"),
    (14, "bus or system"),
    (15, "unknown"),
    (20, "calorific value"),
    (21, "hot water"),
    (22, "cold water"),
    (23, "dual water"),
    (24, "pressure"),
    (25, "A/D converter"),
    (32, "breaker"),
    (33, "valve"),
    (37, "display"),
    (40, "waste water"),
    (41, "garbage"),
];
