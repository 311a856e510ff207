#!/usr/bin/env python3
"""Verifies datagrams of p1listener, one a line on standard input: verify.py KEY-FILE"""
import hashlib, hmac, sys
key = bytes.fromhex(open(sys.argv[1]).read().strip())
mark = b',"signature":"'
for datagram in sys.stdin.buffer:
    datagram = datagram.rstrip(b"\n")
    start = datagram.find(mark) + len(mark)
    before, signature, behind = datagram[:start], datagram[start:start + 64], datagram[start + 64:]
    expected = hmac.new(key, before + b"0" * 64 + behind, hashlib.sha256).hexdigest().encode()
    good = behind.startswith(b'"},"telegram":{') and hmac.compare_digest(signature, expected)
    print("good" if good else "NOT SIGNED WITH THIS KEY", flush=True)
