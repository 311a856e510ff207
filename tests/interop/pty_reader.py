"""Opens a serial device twice, with 20 s between; prints how often the first telegram was not older than 10 s.

usage: pty_reader.py DEVICE
"""
import datetime, os, re, select, sys, time

fresh = 0
for turn in range(2):
    time.sleep(20 * turn)
    deadline = time.monotonic() + 120
    while not os.path.exists(sys.argv[1]) and time.monotonic() < deadline:
        time.sleep(0.1)
    device = os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY)
    data, found = b"", None
    while found is None and time.monotonic() < deadline:
        if select.select([device], [], [], 1)[0]:
            data += os.read(device, 4096)
        found = re.search(rb"0-0:1\.0\.0\((\d{12})([SW])\)", data)
    os.close(device)
    if found:
        offset = 2 if found[2] == b"S" else 1
        own = datetime.datetime.strptime(found[1].decode(), "%y%m%d%H%M%S")
        own = own.replace(tzinfo=datetime.timezone(datetime.timedelta(hours=offset)))
        age = (datetime.datetime.now(datetime.timezone.utc) - own).total_seconds()
        fresh += age <= 10
print(fresh)
