"""A client that connects anew for every telegram, as DSMR-reader does: a line for each that it gets."""
import re
import socket
import sys

while True:
    with socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=120) as connection:
        data = b""
        while not (found := re.search(rb"(/[^/]+![A-Z0-9]{4})\r\n", data)):
            data += connection.recv(4096)
        print(len(found.group(1)), data.startswith(b"/"), flush=True)
