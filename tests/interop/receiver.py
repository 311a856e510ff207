"""A server that takes lines for InfluxDB and telegrams for DSMR-reader, and keeps those that are well formed.

usage: receiver.py PORT FILE        FILE.influx and FILE.dsmr get a line for each
"""
import http.server, re, sys, urllib.parse

PORT, FILE = int(sys.argv[1]), sys.argv[2]
LINE = re.compile(r"p1(,[a-z]+=[^ ]+)* [a-z0-9_]+=[^ ]+ \d{19}\n")


def crc16(data):
    """CRC-16/ARC."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return f"{crc:04X}"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer(200)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self.path == "/influx":
            good, kind = LINE.fullmatch(body), "influx"
        else:
            telegram = urllib.parse.parse_qs(body, strict_parsing=True)["telegram"][0]
            data, _, digits = telegram.partition("!")
            good, kind = crc16((data + "!").encode()) == digits.strip(), "dsmr"
            good = good and self.headers["Authorization"] == "Token secret"
        if good:
            with open(f"{FILE}.{kind}", "a") as file:
                print(len(body), file=file)
        self.answer(201 if good else 400)

    def answer(self, status):
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", PORT), Handler).serve_forever()
