#!/usr/bin/env python3
"""Prints the power of every telegram: the shortest subscriber."""
import json, socket
group, interface = "224.7.2.1", "0.0.0.0"  # or the address of this host on the network of the listener
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind((group, 52001))  # with "" instead, other groups on this port would arrive, too
s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(group) + socket.inet_aton(interface))
while True:
    print(json.loads(s.recv(65535))["telegram"].get("1-0:1.7.0"), "W", flush=True)
