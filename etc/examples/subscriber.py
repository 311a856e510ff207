#!/usr/bin/env python3
"""Prints the power of every telegram: the shortest subscriber there is."""
import json, socket, struct
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("224.7.2.1", 52001))  # the group, not "": otherwise other groups on this port come in, too
s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, struct.pack("4sl", socket.inet_aton("224.7.2.1"), socket.INADDR_ANY))
while True:
    print(json.loads(s.recv(65535))["telegram"].get("1-0:1.7.0"), "W", flush=True)
