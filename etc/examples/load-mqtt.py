#!/usr/bin/env python3
"""Loads what p1mqtt publishes of any number of meters into PostgreSQL, as it comes.

usage: mosquitto_sub -h BROKER -F '%t %p' -t 'p1/+/state' | load-mqtt.py [DATABASE]
DATABASE is a URL such as postgresql://loader@db/p1; without it, that of PGHOST, PGDATABASE and PGUSER.

The table p1_state has a row for each state, in a partition a day; partitions are dropped after $KEEP_DAYS (14).
It is for the moment. What is lost on the way (MQTT keeps nothing for a house that is offline) is in the history of
the house, which load-history.py loads exactly once: see many-houses.md. A key that comes twice is there once.
It ends with status 1 when the database does; the unit that runs it starts it again.
"""
import datetime, decimal, json, os, re, select, subprocess, sys, time

COLUMNS = {"power_w": "numeric", "energy_import_kwh": "numeric", "energy_export_kwh": "numeric", "gas_m3": "numeric",
           "voltage_l1_v": "numeric", "voltage_l2_v": "numeric", "voltage_l3_v": "numeric"}
TABLE = f"""CREATE TABLE IF NOT EXISTS p1_state (meter text NOT NULL, time timestamptz NOT NULL,
    received timestamptz NOT NULL DEFAULT clock_timestamp(), {", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())},
    PRIMARY KEY (meter, time)) PARTITION BY RANGE (time);
"""
TOPIC = re.compile(r"[^ ]*/([A-Za-z0-9_-]{1,64})/state")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?[+-]\d\d:\d\d")
# The longest wait of a state for others that go with it.
WAIT = 1.0
MOST_ROWS = 5000
MOST_BYTES = 16384


def row(line, now):
    """The row of a state, as a line of CSV; None if it is none. Whatever houses send, it is numbers and times."""
    topic, _, payload = line.decode("utf-8", "replace").partition(" ")
    found = TOPIC.fullmatch(topic)
    try:
        state = json.loads(payload, parse_float=decimal.Decimal)
    except ValueError:
        return None
    if not found or not isinstance(state, dict):
        return None
    moment = now
    text = state.get("timestamp")
    if isinstance(text, str) and TIME.fullmatch(text):
        own = datetime.datetime.fromisoformat(text)
        # A meter whose clock is wrong by a day has none.
        moment = own if abs(own - now) < datetime.timedelta(days=1) else now
    values = [state.get(name) for name in COLUMNS]
    numbers = (type(value) in (int, decimal.Decimal) and (value == 0 or 1e-6 < abs(value) < 1e9) for value in values)
    cells = [str(value) if is_number else "" for value, is_number in zip(values, numbers)]
    return moment, f"{found[1]},{moment.isoformat()},{','.join(cells)}\n"


class Database:
    def __init__(self, url):
        command = ["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", *([url] if url else [])]
        self.psql = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        self.days = set()
        self.write(f"SET client_min_messages = warning;\n{TABLE}")

    def write(self, text):
        self.psql.stdin.write(text)
        self.psql.stdin.flush()

    def insert(self, rows):
        for day in {moment.astimezone(datetime.timezone.utc).date() for moment, _ in rows} - self.days:
            self.begin(day)
        names = ", ".join(["meter", "time", *COLUMNS])
        lines = "".join(line for _, line in rows)
        self.write(f"""BEGIN;
CREATE TEMP TABLE IF NOT EXISTS stage (LIKE p1_state INCLUDING DEFAULTS) ON COMMIT DELETE ROWS;
COPY stage ({names}) FROM STDIN WITH (FORMAT csv);
{lines}\\.
INSERT INTO p1_state SELECT * FROM stage ON CONFLICT DO NOTHING;
COMMIT;
""")

    def begin(self, day):
        """Makes the partition of a day, and drops those that are too old."""
        self.days.add(day)
        after, oldest = day + datetime.timedelta(1), day - datetime.timedelta(int(os.environ.get("KEEP_DAYS", "14")))
        self.write(f"""CREATE TABLE IF NOT EXISTS p1_state_{day:%Y%m%d} PARTITION OF p1_state
    FOR VALUES FROM ('{day}T00:00:00Z') TO ('{after}T00:00:00Z');
SELECT format('DROP TABLE %I', relname) FROM pg_class
    WHERE relname ~ '^p1_state_\\d{{8}}$' AND relname < 'p1_state_{oldest:%Y%m%d}' \\gexec
""")


def main():
    database = Database(sys.argv[1] if len(sys.argv) > 1 else None)
    waiting, rest, due = [], b"", None
    is_open = True
    while is_open or waiting:
        timeout = None if due is None else max(0.0, due - time.monotonic())
        if is_open and select.select([0], [], [], timeout)[0]:
            data = os.read(0, 1 << 20)
            is_open = bool(data)
            *lines, rest = (rest + data).split(b"\n")
            rest = rest if len(rest) <= MOST_BYTES else b""
            now = datetime.datetime.now(datetime.timezone.utc)
            waiting += filter(None, (row(line, now) for line in lines if len(line) <= MOST_BYTES))
            if waiting and due is None:
                due = time.monotonic() + WAIT
        if waiting and (not is_open or len(waiting) >= MOST_ROWS or time.monotonic() >= due):
            database.insert(waiting)
            waiting, due = [], None
    database.psql.stdin.close()
    return 1 if database.psql.wait() else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BrokenPipeError:
        sys.exit("the database has gone")
