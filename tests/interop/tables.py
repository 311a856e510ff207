"""Runs the recipes of etc/examples/tables.md as they stand there, and looks at what comes out.

usage: tables.py FOLDER PROGRAMS
"""
import datetime, os, pathlib, re, shutil, subprocess, sys, zipfile

FOLDER, PROGRAMS = sys.argv[1:]
TEXT = pathlib.Path("etc/examples/tables.md").read_text()
DATA = pathlib.Path("tests/data").resolve()
RECORDING = DATA / "reading-be-fluvius.txt"


def blocks(heading, language):
    """The blocks of this language below a heading."""
    section = re.search(rf"^## {re.escape(heading)}.*?(?=^## |\Z)", TEXT, re.M | re.S).group()
    return re.findall(rf"```{language}\n(.*?)```", section, re.S)


def python(heading):
    """The names of each block after it has run."""
    for block in blocks(heading, "python"):
        names = {}
        exec(block.replace("print(", "str("), names)
        yield names


def p1cat(name, *options):
    with open(name, "a") as table:
        raw = RECORDING.read_text().replace("\n", "\r\n")
        command = [f"{PROGRAMS}/p1cat", "--input", "-", "--format", "csv", *options]
        subprocess.run(command, input=raw.encode(), stdout=table, check=True, env=os.environ | {"TZ": "Europe/Amsterdam"})


def cells(name):
    """Type and value of the cells of a table of LibreOffice."""
    content = zipfile.ZipFile(name).read("content.xml").decode()
    found = re.findall(r'office:value-type="(\w+)"(?: office:(?:date-)?value="([^"]*)")?', content)
    return found


def check_pandas():
    history, = python("The history")
    assert history["days"].round(3).tolist() == [0.099], history["days"]
    assert str(history["history"]["time_utc"].dtype).startswith("datetime64"), history["history"].dtypes
    details, = python("The details")
    table = details["details"]
    assert table["1-0:1.8.1"].iloc[0] == 4000010 and table["1-0:1.7.0"].iloc[0] == 730, table
    assert table["datum"].iloc[0] == datetime.datetime(2026, 11, 22, 6, 44, 50), table
    day, = python("The day and interval files")
    assert day["records"]["import_max_w"].iloc[0] == 570 and day["records"]["time"].dt.minute.iloc[0] == 45, day
    energy, = python("Tables of p1cat")
    table = energy["energy"]
    assert len(table) == 2 and table["energy_import_kwh"].dtype == float, table
    assert str(table["time"].iloc[0]) == "2026-11-22 07:52:36+01:00", table


def check_duckdb():
    import duckdb
    history, = blocks("The history", "sql")
    days = duckdb.sql(history).fetchall()
    assert days == [(datetime.date(2026, 11, 22), 0.099)], days
    details, = blocks("The details", "sql")
    rows = duckdb.sql(details).fetchall()
    assert rows[0] == (datetime.datetime(2026, 11, 22, 6, 44, 50), 730), rows


def check_libreoffice():
    for command in blocks("LibreOffice", "sh"):
        subprocess.run(command, shell=True, check=True, capture_output=True, env=os.environ | {"HOME": os.getcwd()})
    hours = cells("hours.ods")
    assert hours[3:6] == [("date", "2026-11-22T07:52:36"), ("float", "13634.387"), ("float", "112.384")], hours
    history = cells("p1_reader_history-2026.ods")
    assert ("date", "2026-11-22T06:45:00") in history and ("float", "8884.452") in history, history[:60]


os.makedirs(FOLDER)
os.chdir(FOLDER)
for name, file in [("history-2026", "history"), ("details-20261122", "details"), ("day-20261122", "day")]:
    shutil.copy(DATA / f"reader-{file}.csv", f"p1_reader_{name}.csv")
fields = "time,energy_import_kwh,gas_m3"
# Twice, as after a restart.
p1cat("energy.csv", "--fields", fields)
p1cat("energy.csv", "--fields", fields)
p1cat("hours.csv", "--fields", fields, "--decimal-comma")
# A register whose point separates thousands elsewhere.
hours = pathlib.Path("hours.csv").read_text()
assert "768,375" in hours, hours
pathlib.Path("hours.csv").write_text(hours.replace("768,375", "13634,387"))
for name, check, is_there in [
    ("pandas", check_pandas, "pandas"), ("DuckDB", check_duckdb, "duckdb"), ("LibreOffice", check_libreoffice, None),
]:
    if is_there:
        try:
            __import__(is_there)
        except ImportError:
            print(f"skipped: there is no {name}")
            continue
    elif not shutil.which("soffice"):
        print(f"skipped: there is no {name} (Debian's libreoffice-calc)")
        continue
    check()
    print(f"  {name:<16} reads the files as etc/examples/tables.md tells", flush=True)
