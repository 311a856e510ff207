//! The words of the report, in English and Dutch: one table, a line a word.

use crate::text::words;

words! {
    // Titles
    summary: "summary", "overzicht";
    hours: "hours", "uren";
    days: "days", "dagen";
    weeks: "weeks", "weken";
    months: "months", "maanden";
    years: "years", "jaren";
    top: "top", "top";
    peaks: "highest quarter-hours", "hoogste kwartieren";
    voltage: "voltage, 10-minute means", "spanning, gemiddelden van 10 minuten";
    battery: "battery, what if", "thuisbatterij, wat als";
    base: "base load", "basislast";
    base_of: "the nights, 0 to 5 h", "de nachten, 0 tot 5 uur";
    gaps: "gaps", "gaten";
    compared_last_year: "compared with last year", "vergeleken met vorig jaar";
    compared_before: "compared with the one before", "vergeleken met de vorige";
    now_end: "now", "nu";

    // Columns
    period: "period", "periode";
    hour: "hour", "uur";
    day: "day", "dag";
    week: "week", "week";
    month: "month", "maand";
    year: "year", "jaar";
    import: "import", "afname";
    export: "export", "teruglevering";
    export_short: "export", "terug";
    net: "net", "netto";
    gas: "gas", "gas";
    water: "water", "water";
    peak: "peak", "piek";
    base_short: "base", "basis";
    at: "at", "om";
    now: "now", "nu";
    last: "last", "vorig";
    before: "before", "ervoor";
    sum: "sum", "som";
    estimate: "est.", "schatting";
    today: "today", "vandaag";
    yesterday: "yesterday", "gisteren";
    always_on: "always on", "altijd aan";
    night: "night", "nacht";
    lowest: "lowest", "laagste";
    mean: "mean", "gemiddeld";
    highest: "highest", "hoogste";
    over: "over 253 V", "boven 253 V";
    means: "means", "metingen";
    outside: "outside 207..253 V", "buiten 207..253 V";
    inside: "inside", "binnen";
    rule_95: "95 % rule", "95%-regel";
    rule_all: "all", "alle";
    kept: "kept", "ja";
    not_kept: "broken", "nee";
    yes: "yes", "ja";
    no: "no", "nee";
    battery_column: "battery", "batterij";
    none: "none", "geen";
    saved: "saved", "bespaard";
    lost: "lost", "verlies";
    cycles: "cycles", "cycli";
    full: "full", "vol";
    empty: "empty", "leeg";
    from: "from", "van";
    to: "to", "tot";
    length: "length", "duur";
    what: "what", "wat";
    no_rows: "no rows", "geen metingen";
    exchange: "exchange", "meterwissel";
    in_no_period: "in no period", "in geen periode";
    hours_unit: "h", "u";

    // Notes
    until: "until", "tot";
    in_both: "in both", "in beide";
    by_last_days: "Estimate: by the last 14 days.", "Schatting: naar de laatste 14 dagen.";
    by_last_year: "Estimate: by last year's share.", "Schatting: naar het verloop van vorig jaar.";
    not_recorded: "was not recorded:", "is niet gemeten:";
    in_no_day: "are in no period.", "horen bij geen periode.";
    exchanged: "the meter was exchanged, or a register fell: what was used then is not known.", "meter gewisseld, of stand gedaald: het verbruik toen is onbekend.";
    incomplete: "~ not all of it was recorded.", "~ niet volledig gemeten.";
    peak_note: "The mean power of the highest quarter-hour by the clock. The month peak of a Belgian bill is at least 2.5 kW.", "Het gemiddelde vermogen van het hoogste kwartier op de klok. De maandpiek van een Belgische factuur is minstens 2,5 kW.";
    base_note: "Always on: the 5 % quantile of import by quarter-hour, without quarters with export; night: their median; the median of the days. A heat pump that runs counts too: the lowest month is the base load.", "Altijd aan: het 5%-kwantiel van de afname per kwartier, zonder kwartieren met teruglevering; nacht: de mediaan; de mediaan van de dagen. Een warmtepomp die draait telt mee: de laagste maand is de basislast.";
    voltage_note: "Limits: NEN-EN 50160, Netcode elektriciteit 7.3. The meter is no class A instrument. --csv lists every mean outside, with its time.", "Grenzen: NEN-EN 50160, Netcode elektriciteit 7.3. De meter is geen klasse A-instrument. --csv noemt elk gemiddelde erbuiten, met tijd.";
    summary_note: "Per cent: beside the same part of yesterday and of last year.", "Procenten: naast hetzelfde deel van gisteren en van vorig jaar.";
    no_voltage: "This meter sends no voltage.", "Deze meter stuurt geen spanning.";
    battery_note: "Charges with what would be exported, discharges into what would be imported, by the registers of each five minutes; there and back", "Laadt met wat teruggeleverd zou worden, ontlaadt in wat afgenomen zou worden, per vijf minuten van de meterstanden; heen en terug";
    no_prices: "No prices.", "Geen prijzen.";
    no_gaps: "No gaps: every row is there.", "Geen gaten: alle metingen zijn er.";
    nothing: "Nothing was recorded.", "Niets gemeten.";
    recorded: "recorded", "gemeten";
    last_row: "last row", "laatste meting";

    // The page
    energy: "Energy", "Energie";
    highest_quarter: "Highest quarter-hour", "Hoogste kwartier";
    whole: "all of", "heel";
    electricity_by_month: "Electricity by month", "Elektriciteit per maand";
    electricity_by_day: "Electricity by day", "Elektriciteit per dag";
    electricity_by_hour: "Electricity by hour", "Elektriciteit per uur";
    gas_by_month: "Gas by month", "Gas per maand";
    base_over_years: "Base load over the years", "Basislast door de jaren";
    base_explained: "lowest quarters of the nights, median of each month, W", "laagste kwartieren van de nacht, mediaan per maand, W";
    numbers: "Numbers", "Getallen";
    compared_part: "compared with the same part of", "vergeleken met hetzelfde deel van";
    rest_of: "rest of", "rest van";
    made: "made", "gemaakt";
    last_minutes: "The last minutes", "De laatste minuten";
    point: ".", ",";

    // Calendar
    weekdays: "mo tu we th fr sa su", "ma di wo do vr za zo";
    month_names: "jan feb mar apr may jun jul aug sep oct nov dec", "jan feb mrt apr mei jun jul aug sep okt nov dec";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_calendar_has_its_days_and_months() {
        for words in [&ENGLISH, &DUTCH] {
            assert_eq!(words.weekdays.split(' ').count(), 7);
            assert_eq!(words.month_names.split(' ').count(), 12);
        }
    }
}
