# Prints time, net power in W, and when it was read in ns, of each datagram as pysma-plus reads it: receive.py ADDRESS
import socket
import sys
import time

from pysmaplus.device_em import SMAspeedwireEM

meter = SMAspeedwireEM()
receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
receiver.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
receiver.bind(("239.12.255.254", 9522))
group = socket.inet_aton("239.12.255.254") + socket.inet_aton(sys.argv[1])
receiver.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group)
while True:
    datagram, sender = receiver.recvfrom(2000)
    values = meter.datagram_received(datagram, sender)
    tick = int.from_bytes(datagram[24:28], "big")
    print(tick, (values["1:4:0"] - values["2:4:0"]) / 10, time.monotonic_ns(), flush=True)
