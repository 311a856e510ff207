//! The words on the screen, in English and Dutch: one table, a line a word.
//!
//! The standard names of OBIS codes are not among them; the catalogue has those, in English.

use crate::text::words;

words! {
    // Header and footer
    ago: "ago", "geleden";
    just_now: "just now", "zojuist";
    no_telegram_for: "no telegram for", "geen telegram sinds";
    shown_is_old: "what is shown is old", "wat hier staat is oud";
    paused: "PAUSED", "PAUZE";
    ended: "end of the recording", "einde van de opname";
    meter: "meter", "meter";
    of: "of", "van";
    not_shown: "enlarge for more", "vergroot voor meer";
    help: "help", "hulp";
    quit: "quit", "stop";
    pause: "pause", "pauze";
    window: "window", "venster";
    unit: "W/kW", "W/kW";
    objects: "objects", "objecten";
    log: "log", "logboek";
    language: "nederlands", "english";

    // Power
    power: "Power", "Vermogen";
    import: "import", "afname";
    export: "export", "teruglevering";
    export_short: "export", "terug";
    tariff: "tariff", "tarief";
    breaker_open: "breaker open", "schakelaar open";
    breaker_ready: "breaker ready", "schakelaar gereed";
    last: "Last", "Laatste";
    minutes_5: "5 minutes", "5 minuten";
    hour_1: "hour", "uur";
    hours_24: "24 hours", "24 uur";
    low: "low", "laag";
    average_short: "avg", "gem";
    high: "high", "hoog";
    no_history: "the graph begins with the next telegrams", "de grafiek begint met de volgende telegrammen";

    // Phases
    phases: "Phases", "Fasen";
    phase: "Phase", "Fase";
    fuse: "fuse", "zekering";
    amperes: "A", "A";
    volts: "V", "V";
    in_short: "in", "in";
    out_short: "out", "uit";
    net_short: "net", "net";

    // Energy
    energy: "Energy", "Energie";
    total: "total", "totaal";
    today: "today", "vandaag";
    since: "since", "sinds";
    reactive: "reactive", "blind";
    limit: "limit", "grens";

    // Devices on the M-Bus
    gas: "Gas", "Gas";
    water: "Water", "Water";
    warm_water: "Warm water", "Warm water";
    heat: "Heat", "Warmte";
    inlet_heat: "Heat (inlet)", "Warmte (aanvoer)";
    cooling: "Cooling", "Koude";
    submeter: "Submeter", "Tussenmeter";
    devices: "Devices", "Meters";
    read_at: "read", "gelezen";
    kind: "type", "type";

    // Quarter-hour
    quarter: "Quarter-hour", "Kwartier";
    average: "average", "gemiddeld";
    left: "left", "te gaan";
    month_peak: "month's peak", "maandpiek";

    // Supply
    supply: "Supply", "Levering";
    failures: "failures", "storingen";
    long: "long", "lang";
    sags: "sags", "dips";
    swells: "swells", "pieken";
    no_failures: "no long failures logged", "geen lange storingen gelogd";
    frequency: "frequency", "frequentie";
    power_factor: "power factor", "arbeidsfactor";

    // Telegram
    telegram: "Telegram", "Telegram";
    received: "received", "ontvangen";
    missed: "missed", "gemist";
    repeated: "twice", "dubbel";
    clock: "clock", "klok";
    sender: "from", "van";
    from_file: "a file", "een bestand";
    version: "version", "versie";
    checksum: "checksum", "checksum";
    number: "number", "nummer";
    message: "Message", "Bericht";

    // Before the first telegram
    waiting: "Waiting for the first telegram", "Wachten op het eerste telegram";
    waiting_meter: "Waiting for meter", "Wachten op meter";
    heard_others: "heard so far: other meters; m shows them", "wel gehoord: andere meters; m toont ze";
    heard_garbage: "datagrams came that are no telegrams", "datagrammen kwamen die geen telegram zijn";
    check: "If this lasts longer than ten seconds, check:", "Duurt dit langer dan tien seconden, kijk dan:";
    check_listener: "p1listener runs:  systemctl status p1listener", "of p1listener draait:  systemctl status p1listener";
    check_group: "address and port are the same in both configurations", "of adres en poort in beide configuraties gelijk zijn";
    check_network: "no firewall stops UDP, and Wi-Fi lets multicast pass", "of geen firewall UDP tegenhoudt, en wifi multicast doorlaat";
    check_cat: "p1cat --timeout 15 prints anything", "of p1cat --timeout 15 iets afdrukt";
    listening: "listening to", "luistert naar";

    // Dialogs
    help_title: "Keys", "Toetsen";
    help_quit: "quit", "stoppen";
    help_pause: "hold the screen; telegrams are still counted", "scherm vasthouden; telegrammen tellen door";
    help_window: "graph of 5 minutes, an hour, 24 hours", "grafiek van 5 minuten, een uur, 24 uur";
    help_past: "the last days, months and years", "de laatste dagen, maanden en jaren";
    help_meter: "the next meter", "de volgende meter";
    help_unit: "power in W or kW", "vermogen in W of kW";
    help_language: "English or Dutch", "Engels of Nederlands";
    help_objects: "every object by its code; type to search", "elk object met zijn code; typ om te zoeken";
    help_log: "failure log and text message", "storingslogboek en tekstbericht";
    help_close: "close such a window", "zo'n venster sluiten";
    help_mouse: "mouse: click the graph or a key below, scroll lists", "muis: klik op de grafiek of een toets onderaan, scroll lijsten";
    objects_title: "Objects", "Objecten";
    search: "search:", "zoek:";
    nothing_found: "nothing found", "niets gevonden";
    log_title: "Failure log and message", "Storingslogboek en bericht";
    no_message: "no text message", "geen tekstbericht";
    unknown_time: "time unknown", "tijd onbekend";
    unknown_length: "length unknown", "duur onbekend";

    // The window that looks back
    past: "history", "terug";
    past_title: "History", "Terugblik";
    past_days: "Days", "Dagen";
    past_months: "Months", "Maanden";
    past_years: "Years", "Jaren";
    past_incomplete: "* not all of it was recorded, or it is not over", "* niet helemaal vastgelegd, of nog niet voorbij";
    past_reading: "reading the history ...", "de historie wordt gelezen ...";
    past_none: "no history on this machine: p1reader writes it", "geen historie op deze machine: p1reader legt die vast";
    past_no_rows: "nothing of these years was recorded", "van deze jaren is niets vastgelegd";

    // Calendar
    days: "Mon Tue Wed Thu Fri Sat Sun", "ma di wo do vr za zo";
    months: "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec", "jan feb mrt apr mei jun jul aug sep okt nov dec";
    second: "s", "s";
    minute: "min", "min";
    hour: "h", "u";
    day: "d", "d";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_calendar_has_its_days_and_months() {
        for words in [&ENGLISH, &DUTCH] {
            assert_eq!(words.days.split(' ').count(), 7);
            assert_eq!(words.months.split(' ').count(), 12);
        }
    }

    #[test]
    fn every_word_can_be_shown_in_ascii() {
        for words in [&ENGLISH, &DUTCH] {
            assert!(format!("{words:?}").is_ascii());
        }
    }
}
