"""Kills load-history.py twenty times while a history grows, for each database, and compares what is there then.

usage: databases.py FOLDER PROGRAMS         PostgreSQL is that of PGHOST; InfluxDB and VictoriaMetrics are started
After the last run without a kill the database has exactly the rows of the files, and the views have the days,
months and peaks that p1report prints of them.
"""
import csv, datetime, glob, io, json, os, random, shutil, signal, sqlite3, subprocess, sys, time, urllib.parse, urllib.request
import zoneinfo

FOLDER, PROGRAMS = sys.argv[1:]
LOADER = "etc/examples/load-history.py"
KILLS = 20
ZONE = zoneinfo.ZoneInfo("Europe/Amsterdam")
HEADER = "time_utc,time_local,unique_id,telegrams,energy_import_kwh,energy_export_kwh,power_import_max_w,voltage_l1_mean_v,any_power_fail_count,gas_m3,gas_time_utc,gas_unique_id".split(",")
# The loaders' own Python, with DuckDB's module if it could be had.
PYTHON = sys.executable
random.seed(21)


def stamp(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def history():
    """Two meters, the repeated hour of autumn, gaps, a key that is there twice, and a line torn by a power cut."""
    moment = datetime.datetime(2025, 9, 30, 21, 0, tzinfo=datetime.timezone.utc)
    imported, exported, gas = 8_884_452, 14_058, 6_135_000
    for number in range(14_000):
        moment += datetime.timedelta(seconds=300)
        imported, exported, gas = imported + number % 97, exported + number % 13, gas + number % 7
        if number % 1500 < number // 1500 or 8_630 < number < 8_660:
            continue
        meter = "E0012" if number < 9_000 else "E0034"
        row = [stamp(moment), moment.astimezone(ZONE).strftime("%Y-%m-%dT%H:%M:%S"), meter, str(300 - number % 3)]
        row += [f"{value // 1000}.{value % 1000:03}" for value in (imported, exported)]
        row += [str(number % 4000), f"{225 + number % 90 / 10:.1f}", "4"]
        yield row + ([f"{gas // 1000}.{gas % 1000:03}", stamp(moment), "G0012"] if number % 50 else ["", "", ""])
        if number == 5000:
            yield row[:4] + ["1.000", "1.000"] + row[6:] + ["", "", ""]
        if number == 6000:
            yield ["2025-10-21T1" + "\0" * 40]


def files():
    """The two files of the year as they grow: texts to write, one after the other, lines cut anywhere."""
    rows = list(history())
    first, second = rows[:9500], rows[9500:]
    whole = ["\n".join([",".join(HEADER), *map(",".join, first)]) + "\n"]
    whole.append("\n".join([",".join(HEADER + ["water_m3"]), *(",".join(row + ["12.500"]) for row in second)]) + "\n")
    return whole


def imported(folder):
    """Years from elsewhere: two rows before the history, and one beside it, with a register that is lower."""
    with open(f"{folder}/p1_import-elsewhere-2025.csv", "w") as file:
        print("time_utc,time_local,unique_id,telegrams,energy_import_kwh", file=file)
        for time, register in [("08-20T10:00:00", "8000.000"), ("08-21T10:00:00", "8010.000"), ("09-30T21:07:00", "5.000")]:
            print(f"2025-{time}Z,2025-{time},E0012,,{register}", file=file)


def expected(folder):
    """What a database should have: of each key the first row."""
    rows = {}
    for name in sorted(glob.glob(folder + "/*.csv"), reverse=True):
        for row in csv.DictReader(line for line in open(name) if "\0" not in line):
            rows.setdefault((row["unique_id"], row["time_utc"]), row)
    del rows["E0012", "2025-09-30T21:07:00Z"]
    return sorted([row[name] for name in ("unique_id", "time_utc", "time_local", "energy_import_kwh")]
                  + [row.get(name) or "" for name in ("gas_m3", "gas_time_utc", "water_m3")] for row in rows.values())


COLUMNS = "unique_id, time_utc, time_local, energy_import_kwh, gas_m3, gas_time_utc, water_m3"


def plain(row):
    """A row as texts, however the database has them."""
    def text(value, decimals):
        if value is None or value == "":
            return ""
        if isinstance(value, datetime.datetime):
            return stamp(value.astimezone(datetime.timezone.utc)) if value.tzinfo else value.isoformat()
        return f"{float(value):.3f}" if decimals else str(value)
    return [text(value, at in (3, 4, 6)) for at, value in enumerate(row)]


class PostgreSQL:
    name, database = "PostgreSQL", "postgresql:"

    def prepare(self, _):
        self.query("DROP TABLE IF EXISTS p1_history CASCADE; DROP TABLE IF EXISTS p1_loaded")

    def query(self, sql):
        command = ["psql", "-XqAt", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-c", sql]
        text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        return [line.split("\t") for line in text.splitlines()]

    def rows(self):
        utc = "to_char({0} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"
        columns = COLUMNS.replace("gas_time_utc", utc.format("gas_time_utc")).replace(" time_utc", utc.format("time_utc"), 1)
        columns = columns.replace("time_local", "to_char(time_local, 'YYYY-MM-DD\"T\"HH24:MI:SS')")
        return [plain(row) for row in self.query(f"SELECT {columns} FROM p1_history")]


class SQLite:
    name = "SQLite"

    def prepare(self, folder):
        self.database = f"sqlite:{folder}/history.db"
        self.path = f"{folder}/history.db"

    def query(self, sql):
        return sqlite3.connect(self.path).execute(sql).fetchall()

    def rows(self):
        assert self.query("PRAGMA integrity_check") == [("ok",)]
        return [plain(row) for row in self.query(f"SELECT {COLUMNS} FROM p1_history")]


class DuckDB:
    name = "DuckDB"

    def prepare(self, folder):
        self.path = f"{folder}/history.duckdb"
        self.database = f"duckdb:{self.path}"

    def query(self, sql):
        import duckdb
        with duckdb.connect(self.path) as connection:
            return connection.execute(sql).fetchall()

    def rows(self):
        return [plain(row) for row in self.query(f"SELECT {COLUMNS} FROM p1_history")]


class Lines:
    """A database that takes lines by HTTP, one of our own."""

    def prepare(self, folder):
        self.folder = folder
        self.server = subprocess.Popen(self.command(folder), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                       env=os.environ | self.environment(folder))
        for _ in range(3000):
            try:
                return self.get(self.alive)
            except OSError:
                time.sleep(0.1)
        sys.exit(f"{self.name} does not start")

    def get(self, path, **arguments):
        url = f"http://127.0.0.1:{self.port}{path}?{urllib.parse.urlencode(arguments)}"
        return urllib.request.urlopen(url, timeout=60).read().decode()

    def stop(self):
        self.server.kill()
        self.server.wait()


class InfluxDB(Lines):
    name, port, alive = "InfluxDB", 8086, "/ping"
    database = "influx:http://127.0.0.1:8086/write?db=p1"

    def command(self, _):
        return ["influxd"]

    def environment(self, folder):
        places = {"META_DIR": "meta", "DATA_DIR": "data", "DATA_WAL_DIR": "wal"}
        return {"INFLUXDB_REPORTING_DISABLED": "true", "INFLUXDB_BIND_ADDRESS": "127.0.0.1:8088",
                "INFLUXDB_META_DIR": folder + "/meta", "INFLUXDB_DATA_DIR": folder + "/data",
                "INFLUXDB_DATA_WAL_DIR": folder + "/wal", "INFLUXDB_HTTP_BIND_ADDRESS": "127.0.0.1:8086"}

    def prepare(self, folder):
        super().prepare(folder)
        self.get("/query", q="CREATE DATABASE p1")

    def points(self):
        answer = self.get("/query", db="p1", epoch="s", q="SELECT energy_import_kwh FROM p1_history GROUP BY meter")
        series = json.loads(answer)["results"][0]["series"]
        return [(one["tags"]["meter"], moment, value) for one in series for moment, value in one["values"]]


class VictoriaMetrics(Lines):
    name, port, alive = "VictoriaMetrics", 8428, "/health"
    database = "influx:http://127.0.0.1:8428/write"

    def command(self, folder):
        # Without the last two it keeps a month, and a sample for each time that it was sent.
        return ["victoria-metrics", f"-storageDataPath={folder}/data", "-httpListenAddr=127.0.0.1:8428",
                "-retentionPeriod=100y", "-dedup.minScrapeInterval=1ms"]

    def environment(self, _):
        return {}

    def points(self):
        self.get("/internal/force_flush")
        found = self.get("/api/v1/export", **{"match[]": "p1_history_energy_import_kwh", "start": "2020-01-01T00:00:00Z"})
        series = map(json.loads, found.splitlines())
        return [(one["metric"]["meter"], moment // 1000, value)
                for one in series for moment, value in zip(one["timestamps"], one["values"])]


def start(database, folder, state, stderr):
    """Starts the loader on the files of the folder, the history first."""
    command = [PYTHON, LOADER, database.database, *sorted(glob.glob(folder + "/*.csv"), reverse=True)]
    return subprocess.Popen(command, env=os.environ | {"STATE_DIRECTORY": state}, stdout=subprocess.DEVNULL, stderr=stderr)


def run(database, folder, state, wait=None):
    """Runs the loader; with `wait`, kills it or its psql after so many seconds."""
    loader = start(database, folder, state, None if wait is None else subprocess.DEVNULL)
    if wait is None:
        if loader.wait() != 0:
            sys.exit(f"FAILED: {database.name}: the loader ends with {loader.returncode}")
        return
    time.sleep(wait)
    children = subprocess.run(["pgrep", "-P", str(loader.pid)], capture_output=True, text=True).stdout.split()
    victims = [int(child) for child in children] if children and random.random() < 0.5 else [loader.pid]
    for victim in victims:
        try:
            os.kill(victim, signal.SIGKILL)
        except ProcessLookupError:
            pass
    loader.wait()


def check(database):
    folder = f"{FOLDER}/{database.name}"
    os.makedirs(folder + "/db")
    os.makedirs(folder + "/state")
    imported(folder)
    texts = files()
    names = [f"{folder}/p1_reader_history-2025{letter}.csv" for letter in ("", "b")]
    # How long a load takes, so that a kill comes at any moment of it.
    for name, text in zip(names, texts):
        open(name, "w").write(text)
    os.makedirs(folder + "/trial")
    database.prepare(folder + "/trial")
    begin = time.monotonic()
    run(database, folder, folder + "/trial")
    took = time.monotonic() - begin
    if hasattr(database, "stop"):
        database.stop()
    database.prepare(folder + "/db")
    for name in names:
        os.remove(name)
    everything = len(texts[0]) + len(texts[1])
    for kill in range(KILLS):
        # The last kills find them whole: what was killed then must not count as loaded.
        grown = everything * (kill + 1) // (KILLS - 6)
        # The file of the new columns is there with its header at once.
        sizes = [min(grown, len(texts[0])), max(grown - len(texts[0]), 0)]
        for name, text, size in zip(names, texts, sizes):
            there = os.path.getsize(name) if os.path.exists(name) else len(",".join(HEADER)) + 20
            if size > there:
                open(name, "w").write(text[:size])
        run(database, folder, folder + "/state", random.random() * took)
    # Two at once: one of them may be refused.
    several = [start(database, folder, folder + "/state", stderr=subprocess.DEVNULL) for _ in range(2)]
    if all([loader.wait() for loader in several]):
        sys.exit(f"FAILED: {database.name}: of two loaders at once, both end with an error")
    run(database, folder, folder + "/state")
    run(database, folder, folder + "/state")
    want = expected(folder)
    if isinstance(database, Lines):
        found = sorted(database.points())

        def epoch(text):
            return int(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp())

        want = sorted((row[0], epoch(row[1]), float(row[3])) for row in want)
        # Of a key that is in a file twice, these keep the value that was sent last.
        others = [point for point, row in zip(found, want) if point != row]
        good = [point[:2] for point in found] == [row[:2] for row in want] and {point[2] for point in others} <= {1.0}
        database.stop()
    else:
        found = sorted(database.rows())
        good = found == want
        if good:
            good = check_views(database, folder)
    print(f"  {database.name:<16} {len(found)} rows of {len(want)} after {KILLS} kills within {took:.1f} s each"
          + ("" if good else "  FAILED"), flush=True)
    if not good:
        sys.exit(1)
    shutil.rmtree(folder)


def check_views(database, folder):
    """Whether days, weeks, months and peaks are those of p1report."""
    for period, first in [("days", "day"), ("weeks", "week"), ("months", "month")]:
        command = [f"{PROGRAMS}/p1report", "--dir", folder, period, "0", "--csv", "--from", "2025-10-01", "--to", "2025-11-17"]
        reports = []
        for meter in ["E0012", "E0034"]:
            text = subprocess.run([*command, "--meter", meter], check=True, capture_output=True, text=True,
                                  env=os.environ | {"TZ": "Europe/Amsterdam"}).stdout
            reports += [[meter, row["label"], row["energy_import_kwh"], row["energy_export_kwh"]]
                        for row in csv.DictReader(io.StringIO(text)) if row["energy_import_kwh"]]
        sql = f"SELECT unique_id, {first}, energy_import_kwh, energy_export_kwh FROM p1_{period}"
        rows = [[row[0], str(row[1]), *("" if sum in (None, "") else f"{float(sum):.3f}" for sum in row[2:])] for row in database.query(sql)]
        known = {tuple(row) for row in rows}
        missing = [row for row in reports if tuple(row) not in known]
        if missing or not rows:
            print(f"p1_{period}: p1report has {missing[:5]}; the view has {sorted(rows)[:5]}")
            return False
    return len(database.query("SELECT month, import_w FROM p1_quarter_peaks")) >= 2


def main():
    databases = [PostgreSQL(), SQLite()]
    for database, there in [(DuckDB(), "duckdb"), (InfluxDB(), "influxd"), (VictoriaMetrics(), "victoria-metrics")]:
        if there == "duckdb":
            try:
                import duckdb
                is_there = duckdb is not None
            except ImportError:
                is_there = False
        else:
            is_there = shutil.which(there)
        if is_there:
            databases.append(database)
        else:
            print(f"skipped: there is no {there}")
    for database in databases:
        check(database)


main()
