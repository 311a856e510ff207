#!/usr/bin/env python3
"""Loads the history of p1reader into a database, each row exactly once.

usage: load-history.py DATABASE [FILE ...]       default: all files of /var/lib/p1-multicast

  postgresql: or postgresql://USER@HOST/NAME     PostgreSQL and TimescaleDB, by psql
  sqlite:FILE                                    SQLite
  duckdb:FILE                                    DuckDB, by its Python module
  influx:http://HOST:8086/write?db=NAME          InfluxDB, VictoriaMetrics (:8428/write) and what else takes
                                                 lines by HTTP; $INFLUX_TOKEN is sent if it is set

Run it as often as you like, and kill it when you like: a row has the key (unique_id, time_utc), what is there
stays, and each file is one transaction. A last line without its end is left for the next time. Columns are
added when a file has new ones. Of what p1report import has written (p1_import-NAME-YEAR.csv), the time before the
meter's own history is loaded: rows of two sources between each other would have registers that fall. The views
p1_days, p1_weeks, p1_months, p1_quarter_peaks and p1_gaps are made with them. load-history.timer runs it each hour.

Exit status: 0 everything is loaded; 1 something is not, and standard error says what; 64 wrong usage.
"""
import csv, datetime, fcntl, functools, glob, gzip, io, json, os, re, subprocess, sys, tempfile, urllib.request

FOLDER = "/var/lib/p1-multicast"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
# What a column holds, by the end of its name, in the words of PostgreSQL; DuckDB knows them, too.
TYPES = [
    (r"time_local", "timestamp"),
    (r".*time_utc|.*_timestamp", "timestamptz"),
    (r".*_(kwh|kvarh|m3|gj)", "numeric(15,3)"),
    (r".*_(w|count)|telegrams", "integer"),
    (r".*_(v|a)", "numeric(9,3)"),
]
# Expressions that differ: the second before a moment, its day, ISO week and month, and Unix seconds.
POSTGRESQL = {
    "before": "{} - interval '1 second'", "day": "({})::date", "week": "to_char({}, 'IYYY-\"W\"IW')",
    "month": "to_char({}, 'YYYY-MM')", "epoch": "extract(epoch from {})::bigint", "quarter": "({} - 1) / 900", "replace": "CREATE OR REPLACE VIEW {} AS",
}
DUCKDB = {
    "before": "{} - interval 1 second", "day": "cast({} as date)", "week": "strftime({}, '%G-W%V')",
    "month": "strftime({}, '%Y-%m')", "epoch": "cast(epoch({}) as bigint)", "quarter": "({} - 1) // 900", "replace": "CREATE OR REPLACE VIEW {} AS",
}
SQLITE = {
    "before": "datetime({}, '-1 second')", "day": "date({})", "month": "strftime('%Y-%m', {})",
    # The year and the number of a week are those of its Thursday.
    "week": "strftime('%Y', {0}, '-3 days', 'weekday 4') || '-W' || "
            "printf('%02d', (strftime('%j', {0}, '-3 days', 'weekday 4') - 1) / 7 + 1)",
    "epoch": "cast(strftime('%s', {}) as integer)", "quarter": "({} - 1) / 900", "replace": "DROP VIEW IF EXISTS {0}; CREATE VIEW {0} AS",
}


def type_of(column):
    return next((kind for pattern, kind in TYPES if re.fullmatch(pattern, column)), "text")


def quoted(names):
    return ", ".join(f'"{name}"' for name in names)


def opened(path):
    return gzip.open(path, "rb") if path.endswith(".gz") else open(path, "rb")


class File:
    """A history file. A line that was torn by a power cut, at the end or within, is passed over."""

    def __init__(self, path):
        # Of several houses, files have the same name.
        self.path, self.name = path, os.path.abspath(path).removesuffix(".gz")
        state = os.stat(path)
        # Its contents are the same as long as these are.
        self.state, self.inode = f"{state.st_size} {state.st_mtime_ns}", state.st_ino
        with opened(path) as file:
            line = file.readline()
        self.header = line.decode().rstrip("\n").split(",")
        self.start = len(line)
        if not line.endswith(b"\n") or self.header[:1] != ["time_utc"] or "unique_id" not in self.header:
            raise ValueError(f"{path}: this is no history of p1reader")
        self.is_import = os.path.basename(path).startswith("p1_import-")
        if not all(re.fullmatch("[a-z][a-z0-9_]*", name) for name in self.header):
            raise ValueError(f"{path}: strange names of columns")

    def lines(self, offset=0):
        """The whole lines from this byte on, each with the byte behind it."""
        with opened(self.path) as file:
            file.seek(offset or self.start)
            for line in file:
                if not line.endswith(b"\n"):
                    return
                offset = (offset or self.start) + len(line)
                yield line, offset

    def fields(self, line):
        """The fields of a line; None if it is torn, or imported beside own rows."""
        if b"\0" in line:
            return None
        row = next(csv.reader([line.decode("utf-8", "replace")]), [])
        if len(row) != len(self.header) or not TIME.fullmatch(row[0]):
            return None
        if self.is_import and row[0] >= own_beginnings().get(row[self.header.index("unique_id")], "9"):
            return None
        return row

    def rows(self):
        for line, _ in self.lines():
            if row := self.fields(line):
                yield row


HISTORY = []


@functools.cache
def own_beginnings():
    """When the own history of each meter begins; read only where there is an import to load."""
    beginnings = {}
    for file in HISTORY:
        at = file.header.index("unique_id")
        for row in file.rows():
            beginnings[row[at]] = min(row[0], beginnings.get(row[at], "9"))
    return beginnings


def views(columns, sql):
    """The views, by the columns of the table."""
    registers = [name for name in columns if re.fullmatch(r".*_(kwh|kvarh|m3|gj)", name)]
    step = "CASE WHEN {0} >= lag({0}) OVER w THEN round({0} - lag({0}) OVER w, 3) END AS {0}"
    steps = ", ".join(step.format(name) for name in registers)
    sums = ", ".join(f"round(sum({name}), 3) AS {name}" for name in registers)
    yield f"""{sql["replace"].format("p1_steps")}
        SELECT unique_id, time_utc, lag(time_local) OVER w AS begins, {sql["before"].format("time_local")} AS ends,
            {sql["epoch"].format("time_utc")} - lag({sql["epoch"].format("time_utc")}) OVER w AS seconds, {steps}
        FROM p1_history WINDOW w AS (PARTITION BY unique_id ORDER BY time_utc)"""
    for period in ["day", "week", "month"]:
        ends, begins = sql[period].format("ends"), sql[period].format("begins")
        # What was used in a gap over the end of a period belongs to neither: it is in p1_gaps.
        yield f"""{sql["replace"].format(f"p1_{period}s")}
            SELECT unique_id, {ends} AS {period}, count(*) AS steps, {sums}
            FROM p1_steps WHERE seconds <= 360 OR {begins} = {ends} GROUP BY unique_id, {ends}"""
    yield f"""{sql["replace"].format("p1_gaps")}
        SELECT unique_id, begins, ends, seconds, {", ".join(registers)} FROM p1_steps WHERE seconds > 360"""
    if "energy_import_kwh" in registers:
        quarter = sql["quarter"].format(sql["epoch"].format("time_utc"))
        month = sql["month"].format("ends")
        # Only quarters that were seen whole.
        yield f"""{sql["replace"].format("p1_quarters")}
            SELECT unique_id, {quarter} * 900 AS epoch, min(begins) AS begins, max(ends) AS ends,
                round(sum(energy_import_kwh) * 4000) AS import_w
            FROM p1_steps GROUP BY unique_id, {quarter} HAVING sum(seconds) = 900"""
        yield f"""{sql["replace"].format("p1_quarter_peaks")}
            SELECT unique_id, {month} AS month, max(import_w) AS import_w, count(*) AS quarters
            FROM p1_quarters GROUP BY unique_id, {month}"""


# What was loaded of which file is told in the same transaction.
TABLES = """
CREATE TABLE IF NOT EXISTS p1_history (unique_id text NOT NULL, time_utc {time} NOT NULL, PRIMARY KEY (unique_id, time_utc));
CREATE TABLE IF NOT EXISTS p1_loaded (file text PRIMARY KEY, state text NOT NULL);
"""


def psql(url, script):
    """Runs a script, the texts of an iterator, in one transaction; gives the rows that it prints."""
    command = ["psql", "-XqAt", "-F", "\t", "-v", "ON_ERROR_STOP=1"] + (["-d", url] if "//" in url else [])
    with tempfile.TemporaryFile("w+") as answer:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=answer, text=True)
        try:
            process.stdin.write("SET client_min_messages = warning;\nBEGIN;\n")
            process.stdin.writelines(script)
            # Without this, because one of the two was killed, nothing has happened.
            process.stdin.write("COMMIT;\n")
            process.stdin.close()
        except BrokenPipeError:
            pass
        except BaseException:
            process.kill()
            raise
        if process.wait() != 0:
            raise OSError("psql has failed")
        answer.seek(0)
        return [line.rstrip("\n").split("\t") for line in answer]


def postgresql_load(file, columns):
    """The script that loads a file into a table that has these columns."""
    new = [name for name in file.header if name not in columns]
    for name in new:
        yield f'ALTER TABLE p1_history ADD COLUMN IF NOT EXISTS "{name}" {type_of(name)};\n'
    if new:
        yield ";\n".join(views(columns + new, POSTGRESQL)) + ";\n"
    yield "CREATE TEMP TABLE stage (LIKE p1_history) ON COMMIT DROP;\n"
    yield f"COPY stage ({quoted(file.header)}) FROM STDIN WITH (FORMAT csv, FORCE_NOT_NULL (unique_id));\n"
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for row in file.rows():
        writer.writerow(row)
        if text.tell() > 65536:
            yield text.getvalue()
            text.seek(0)
            text.truncate()
    yield text.getvalue() + "\\.\n"
    yield "INSERT INTO p1_history SELECT * FROM stage ON CONFLICT DO NOTHING;\n"
    name = file.name.replace("'", "''")
    yield f"""INSERT INTO p1_loaded VALUES ('{name}', '{file.state}')
        ON CONFLICT (file) DO UPDATE SET state = EXCLUDED.state;\n"""


def postgresql(url, files):
    psql(url, [TABLES.format(time="timestamptz")])
    loaded = dict(psql(url, ["SELECT file, state FROM p1_loaded;\n"]))
    for file in files:
        if loaded.get(file.name) != file.state:
            columns = psql(url, ["""SELECT attname FROM pg_attribute WHERE attrelid = 'p1_history'::regclass
                AND attnum > 0 AND NOT attisdropped ORDER BY attnum;\n"""])
            psql(url, postgresql_load(file, [name for name, in columns]))


def sqlite(path, files):
    import sqlite3
    database = sqlite3.connect(path, timeout=60, isolation_level=None)
    database.execute("PRAGMA synchronous = FULL")
    database.executescript(TABLES.format(time="text"))
    for file in files:
        if database.execute("SELECT 1 FROM p1_loaded WHERE file = ? AND state = ?", (file.name, file.state)).fetchone():
            continue
        database.execute("BEGIN IMMEDIATE")
        columns = [row[1] for row in database.execute("PRAGMA table_info(p1_history)")]
        new = [name for name in file.header if name not in columns]
        for name in new:
            kind = "text" if type_of(name) == "text" or type_of(name).startswith("timestamp") else "numeric"
            database.execute(f'ALTER TABLE p1_history ADD COLUMN "{name}" {kind}')
        for view in views(columns + new, SQLITE) if new else []:
            for statement in view.split(";"):
                database.execute(statement)
        # An empty field is absent, but in the key.
        kept = {file.header.index("unique_id"), 0}
        rows = ([text if text or at in kept else None for at, text in enumerate(row)] for row in file.rows())
        marks = ", ".join("?" * len(file.header))
        database.executemany(f"INSERT OR IGNORE INTO p1_history ({quoted(file.header)}) VALUES ({marks})", rows)
        database.execute("INSERT OR REPLACE INTO p1_loaded VALUES (?, ?)", (file.name, file.state))
        database.execute("COMMIT")


def duckdb(path, files):
    try:
        import duckdb as module
    except ImportError as error:
        raise OSError(f"{error}: pip install duckdb") from error
    database = module.connect(path)
    database.execute("SET TimeZone = 'UTC'")
    database.execute(TABLES.format(time="timestamptz"))
    for file in files:
        if database.execute("SELECT 1 FROM p1_loaded WHERE file = ? AND state = ?", [file.name, file.state]).fetchone():
            continue
        columns = [row[0] for row in database.execute("DESCRIBE p1_history").fetchall()]
        new = [name for name in file.header if name not in columns]
        for name in new:
            database.execute(f'ALTER TABLE p1_history ADD COLUMN IF NOT EXISTS "{name}" {type_of(name)}')
        for view in views(columns + new, DUCKDB):
            database.execute(view)
        types = ", ".join(f"'{name}': '{type_of(name)}'" for name in file.header)
        named = ", ".join("coalesce(unique_id, '') AS unique_id" if name == "unique_id" else f'"{name}"' for name in file.header)
        with tempfile.NamedTemporaryFile("w", suffix=".csv") as whole:
            csv.writer(whole, lineterminator="\n").writerows(file.rows())
            whole.flush()
            database.execute("BEGIN")
            database.execute(f"""INSERT OR IGNORE INTO p1_history BY NAME SELECT {named}
                FROM read_csv('{whole.name}', header = false, columns = {{{types}}})""")
            database.execute("INSERT OR REPLACE INTO p1_loaded VALUES (?, ?)", [file.name, file.state])
            database.execute("COMMIT")


def seconds(text):
    return int(datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S%z").timestamp())


def line_protocol(file, row):
    """A row as a line: counts and moments are integers, other numbers floats, identifiers left out but for the tag."""
    fields, tag = [], ""
    for name, text in zip(file.header, row):
        kind = type_of(name)
        if name == "unique_id" and text:
            tag = ",meter=" + re.sub(r"([, =\\])", r"\\\1", text)
        elif text and kind == "timestamptz" and name != "time_utc":
            fields.append(f"{name}={seconds(text)}i")
        elif text and (name.endswith("_count") or name == "telegrams"):
            fields.append(f"{name}={text}i")
        elif text and kind.startswith(("integer", "numeric")):
            fields.append(f"{name}={text}")
    return f"p1_history{tag} {','.join(fields)} {seconds(row[0])}000000000\n"


def influx(url, files):
    """A point that is sent twice is one in InfluxDB. What has been sent is in a file, so that only new rows are."""
    folder = os.environ.get("STATE_DIRECTORY") or os.path.expanduser("~/.local/state")
    os.makedirs(folder, exist_ok=True)
    place = os.path.join(folder, "load-history-" + re.sub(r"\W+", "-", url) + ".json")
    lock = open(place + ".lock", "w")
    # Another loader that is at work ends first: both would write what has been sent.
    fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        with open(place) as file:
            sent = json.load(file)
    except (FileNotFoundError, ValueError):
        sent = {}
    header = {"Authorization": f"Token {os.environ['INFLUX_TOKEN']}"} if "INFLUX_TOKEN" in os.environ else {}

    def post(lines, file, offset):
        urllib.request.urlopen(urllib.request.Request(url, "".join(lines).encode(), header), timeout=60).read()
        sent[file.name] = [file.inode, offset]
        with open(place + ".new", "w") as state:
            json.dump(sent, state)
            state.flush()
            os.fsync(state.fileno())
        os.rename(place + ".new", place)

    for file in files:
        inode, offset = sent.get(file.name, [0, 0])
        with opened(file.path) as content:
            # A file that is another one now begins anew, such as that of an import that was repeated.
            content.seek(max(offset - 1, 0))
            offset = offset if inode == file.inode and content.read(1) == b"\n" else 0
        lines, behind = [], offset
        for line, behind in file.lines(offset):
            if row := file.fields(line):
                lines.append(line_protocol(file, row))
            if len(lines) == 2000:
                post(lines, file, behind)
                lines = []
        if lines:
            post(lines, file, behind)


def main():
    if len(sys.argv) < 2 or ":" not in sys.argv[1] or sys.argv[1].startswith("-"):
        print(__doc__, file=sys.stderr)
        return 64
    kind, _, place = sys.argv[1].partition(":")
    loaders = {"postgresql": postgresql, "sqlite": sqlite, "duckdb": duckdb, "influx": influx}
    if kind not in loaders:
        print(f"{kind}: there are {', '.join(loaders)}", file=sys.stderr)
        return 64
    own = sorted(glob.glob(f"{FOLDER}/p1_reader_history-*.csv*"))
    names = sys.argv[2:] or own + sorted(glob.glob(f"{FOLDER}/p1_import-*.csv*"))
    files, failed = [], not names
    for name in names:
        try:
            files.append(File(name))
        except (OSError, ValueError) as error:
            print(error, file=sys.stderr)
            failed = True
    HISTORY.extend(file for file in files if not file.is_import)
    if not names:
        print(f"{FOLDER}: there is no history", file=sys.stderr)
    try:
        loaders[kind](sys.argv[1] if kind == "postgresql" else place, files)
    except Exception as error:
        print(f"{kind}: {error}", file=sys.stderr)
        failed = True
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
