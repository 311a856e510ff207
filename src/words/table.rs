//! The table: the name of each word, and what it is in English and in Dutch.

use std::collections::HashMap;

words! {
    // Header and footer
    ago: "ago", "geleden";
    just_now: "just now", "zojuist";
    no_telegram_for: "no telegram for {}", "al {} geen telegram";
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
    last_time: "Last", "Laatste";
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
    gas_name: "Gas", "Gas";
    water_name: "Water", "Water";
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
    forecast: "forecast", "verwacht";
    room: "room", "ruimte";
    month_peak: "month peak", "maandpiek";

    // Supply
    supply: "Supply", "Netkwaliteit";
    failures: "failures", "stroomstoringen";
    long: "long", "lang";
    sags: "sags", "spanningsdips";
    swells: "swells", "spanningspieken";
    no_failures: "no long failures logged", "geen lange stroomstoringen gelogd";
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
    heard_garbage: "datagrams that are not telegrams: {}", "datagrammen die geen telegram zijn: {}";
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
    help_log: "power failures and text message", "stroomstoringen en tekstbericht";
    help_suspend: "suspend; fg resumes", "onderbreken; fg hervat";
    help_close: "close a window", "een venster sluiten";
    help_mouse: "mouse: click the graph or a key below, scroll lists", "muis: klik op de grafiek of een toets onderaan, scroll lijsten";
    objects_title: "Objects", "Objecten";
    search: "search:", "zoek:";
    nothing_found: "nothing found", "niets gevonden";
    log_title: "Power failures and message", "Stroomstoringen en bericht";
    no_message: "no text message", "geen tekstbericht";
    unknown_time: "time unknown", "tijd onbekend";
    unknown_length: "length unknown", "duur onbekend";

    // The window that looks back
    past: "history", "historie";
    past_title: "History", "Terugblik";
    past_days: "Days", "Dagen";
    past_months: "Months", "Maanden";
    past_years: "Years", "Jaren";
    past_incomplete: "* not all of it was recorded, or it is not over", "* niet helemaal vastgelegd, of nog niet voorbij";
    past_reading: "reading the history ...", "de historie wordt gelezen ...";
    past_none: "no history on this machine: p1reader writes it", "geen historie op deze machine: p1reader legt die vast";
    past_no_rows: "nothing of these years was recorded", "van deze jaren is niets vastgelegd";

    // Calendar
    weekdays_title: "Mon Tue Wed Thu Fri Sat Sun", "ma di wo do vr za zo";
    month_names_title: "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec", "jan feb mrt apr mei jun jul aug sep okt nov dec";
    seconds_unit: "s", "s";
    minutes_unit: "min", "min";
    hours_unit: "h", "u";
    days_unit: "d", "d";

    // The report
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

    period: "period", "periode";
    hour: "hour", "uur";
    day: "day", "dag";
    week: "week", "week";
    month: "month", "maand";
    year: "year", "jaar";
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

    until: "until", "tot";
    in_both: "in both", "in beide";
    by_last_days: "Estimate: by the last 14 days.", "Schatting: naar de laatste 14 dagen.";
    by_last_year: "Estimate: by last year's share.", "Schatting: naar het verloop van vorig jaar.";
    not_recorded: "was not recorded:", "is niet gemeten:";
    in_no_day: "are in no period.", "horen bij geen periode.";
    exchanged: "the meter was exchanged, or a register fell: what was used then is not known.", "meter gewisseld, of stand gedaald: het verbruik toen is onbekend.";
    incomplete: "~ not all of it was recorded.", "~ niet volledig gemeten.";
    solar: "solar", "zon";
    own_use: "own use", "eigen";
    self_word: "self-", "zelf-";
    consumption_short: "cons. %", "verbr.%";
    sufficiency_short: "suff. %", "voorz.%";
    self_consumption: "self-consumption", "zelfverbruik";
    self_sufficiency: "self-sufficiency", "zelfvoorziening";
    no_production: "The production covers none of these periods whole.", "De opwek dekt geen van deze perioden volledig.";
    production_below_export: "Less was produced than exported in {}: the clocks or the files disagree.", "Minder opgewekt dan teruggeleverd in {}: de klokken of de bestanden spreken elkaar tegen.";
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

    // Imports
    import_of: "import", "import";
    row: "row", "rij";
    rows: "rows", "rijen";
    its_use: "its use column", "eigen verbruik";
    of_source: "source", "bron";
    between_years: "in no year", "in geen jaar";
    sums_equal: "Every sum is that of the source, to the Wh and litre.", "Elke som is die van de bron, tot op de Wh en liter.";
    shown_as: "reports show", "rapporten tonen";
    joins: "Made of use, and joined to the registers of the meter:", "Gemaakt van verbruik, en aangesloten op de meterstanden:";
    joins_not: "Made of use, beginning at 0 under an identifier of its own:", "Gemaakt van verbruik, vanaf 0 onder een eigen kenmerk:";
    gas_moved: "Hourly gas counts at the end of its hour (--gas-time).", "Gas per uur telt aan het eind van het uur (--gas-time).";
    left_out: "Left out", "Weggelaten";
    rivals: "Where other imports have energy at the same time, one of them counts (tariffs in files of their own need one --name)", "Waar andere imports op hetzelfde moment energie hebben, telt er maar een (tarieven in eigen bestanden krijgen dezelfde --name)";
    zeros: "Zeros that are no readings, left out", "Nullen die geen meterstand zijn, weggelaten";
    torn: "Torn lines, left out", "Beschadigde regels, weggelaten";
    may_be_cut: "the last line has no end. If the file was cut off, its last number is wrong.", "de laatste regel heeft geen einde. Als het bestand is afgebroken, klopt het laatste getal niet.";
    not_newer: "Rows left out, not newer than those before them", "Rijen weggelaten, niet nieuwer dan die ervoor";
    dry_run: "A dry run: nothing was written. It would be", "Proef: er is niets geschreven. Het zou zijn";
    written: "Written:", "Geschreven:";
    unchanged: ", unchanged", ", ongewijzigd";

    // The page of p1report
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

    // Calendar of the report
    weekdays: "mo tu we th fr sa su", "ma di wo do vr za zo";
    month_names: "jan feb mar apr may jun jul aug sep oct nov dec", "jan feb mrt apr mei jun jul aug sep okt nov dec";

    // The page of p1reader
    page_title: "Electricity, now and today", "Elektriciteit, nu en vandaag";
    page_heading: "Smart meter", "Slimme meter";
    last_telegram: "Last telegram", "Laatste telegram";
    no_telegram_yet: "No telegram yet, for {}", "Nog geen telegram, al {}";
    no_telegram: "No telegram for {}", "Al {} geen telegram";
    came_last: "The last one came on", "Het laatste kwam op";
    check_cable: "Is the cable in the meter, and does p1listener run?", "Zit de kabel in de meter, en loopt p1listener?";
    check_plug: "the cable is in the meter and in this computer", "of de kabel in de meter en in deze computer zit";
    recorder_ended: "p1reader ended on", "p1reader is gestopt op";
    page_lost: "This page is not renewed any more. Is there a network, and does p1reader run?", "Deze pagina wordt niet meer ververst. Is er netwerk, en loopt p1reader?";
    power_last: "Power in W, the last {} min", "Vermogen in W, de laatste {} min";
    above_line: "above the line", "boven de lijn";
    below_line: "below it", "eronder";
    highest_import: "highest import", "hoogste afname";
    highest_export: "highest export", "hoogste teruglevering";
    by_hour: "by hour, kWh", "per uur, kWh";
    registers: "Registers, kWh", "Meterstanden, kWh";
    gas_and_water: "Gas and water", "Gas en water";
    quarter_average: "import so far", "afname tot nu toe";
    quarter_forecast: "it will end with", "het eindigt op";
    quarter_forecast_note: "if the last minute goes on", "als het zo doorgaat als de laatste minuut";
    quarter_room: "may be drawn until {}", "mag worden afgenomen tot {}";
    quarter_room_note: "without a new month peak", "zonder nieuwe maandpiek";
    last_telegrams: "The last telegrams", "De laatste telegrammen";
    telegrams_key: "W in each second, newest first: import, and export with a minus", "W in elke seconde, nieuwste boven: afname, en teruglevering met een min";
    time: "time", "tijd";
    report: "Days, months and years", "Dagen, maanden en jaren";
}
