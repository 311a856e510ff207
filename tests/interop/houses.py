"""So many simulated houses at one broker: each has a connection, as its p1mqtt would, and publishes its state.

usage: houses.py PORT HOUSES INTERVAL SECONDS        a state, one line of JSON, on standard input
Prints how many states it has sent, and its own processor time in seconds.
"""
import datetime, json, random, resource, socket, sys, time

PORT, HOUSES, INTERVAL, SECONDS = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4])
STATE = json.loads(sys.stdin.readline())


def text(value):
    return len(value).to_bytes(2, "big") + value.encode()


def packet(kind, body):
    length, size = b"", len(body)
    while True:
        size, digit = divmod(size, 128)
        length += bytes([digit | (0x80 if size else 0)])
        if not size:
            return bytes([kind]) + length + body


def connect(house):
    connection = socket.create_connection(("127.0.0.1", PORT))
    connection.sendall(packet(0x10, text("MQTT") + b"\x04\x02\x00\x00" + text(f"house{house}")))
    assert connection.recv(4)[:1] == b"\x20"
    return connection


connections = [connect(house) for house in range(HOUSES)]
# Houses are not in step.
due = sorted((random.random() * INTERVAL, house) for house in range(HOUSES))
start, sent = time.monotonic(), 0
while True:
    for offset, house in due:
        at = start + offset + sent // HOUSES * INTERVAL
        if at > start + SECONDS:
            usage = resource.getrusage(resource.RUSAGE_SELF)
            print(sent, round(usage.ru_utime + usage.ru_stime, 2))
            sys.exit()
        time.sleep(max(0.0, at - time.monotonic()))
        STATE["timestamp"] = datetime.datetime.now(datetime.timezone.utc).isoformat()
        STATE["unique_id"] = f"E{house:016}"
        body = text(f"p1/E{house:016}/state") + json.dumps(STATE, separators=(",", ":")).encode()
        connections[house].sendall(packet(0x30, body))
        sent += 1
