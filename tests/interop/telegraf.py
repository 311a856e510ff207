"""Reads telegraf.conf as Telegraf would: each path leads to a value of a telegram, and the command prints lines.

usage: telegraf.py FILE        a telegram in JSON on standard input; p1cat is in PATH
Prints the fields and their values. Telegraf itself is in no registry that tests can use.
"""
import json, re, subprocess, sys, tomllib

text = open(sys.argv[1]).read()
# The second way is commented out: lines of settings and of tables, no prose.
second = "\n".join(line[2:] for line in text.splitlines() if re.match(r'# ( *\w+ = |\[\[)', line))
listener = tomllib.loads(text)["inputs"]["socket_listener"][0]
assert listener["service_address"].startswith("udp://224.7.2.1:52001"), listener["service_address"]
telegram = json.load(sys.stdin)


def value(path):
    """What a path leads to: names with dots between them, but for those behind a backslash."""
    found = telegram
    for name in re.findall(r"(?:\\.|[^.\\])+", path):
        found = found[name.replace("\\", "")]
    return found


for table in listener["json_v2"]:
    assert isinstance(value(table["timestamp_path"]), float)
    assert isinstance(value(table["tag"][0]["path"]), str)
    for field in table["field"]:
        print(f"{field['rename']}={float(value(field['path']))}")
execd = tomllib.loads(second)["inputs"]["execd"][0]
command = execd["command"] + ["--count", "1", "--timeout", "20"]
line = subprocess.run(command, check=True, capture_output=True, text=True).stdout
assert execd["data_format"] == "influx" and re.fullmatch(r"p1,\S+ \S+ \d+\n", line), line
print(line, end="")
