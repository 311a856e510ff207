# Every second's watts of the receivers are those of p1cat, and they got what p1emeter sent: of a telegram that a busy
# machine makes late, that is nothing. usage: compare.py P1CAT PYSMA IOBROKER LOG-OF-P1EMETER
# A file that is not there was skipped.
import json
import os
import re
import sys

watts_of = {}
for line in open(sys.argv[1]):
    message = json.loads(line)
    tick = round(message["meta"]["frame-end-time"] * 1000) % 2**32
    watts_of[tick] = float(message["telegram"]["1-0:1.7.0"] - message["telegram"]["1-0:2.7.0"])
log = open(sys.argv[4]).read()
sent = int(re.search(r"(\d+) datagrams? sent as", log)[1])
not_sent = sum(int(number) for number in re.findall(r"; (\d+) telegrams? not sent", log))
failed = False


def tell(name, count, least, wrong):
    global failed
    failed = failed or wrong or count < least
    print(f"  {name:<52} {count:5} of at least {least}{', WRONG: ' + str(wrong) if wrong else ''}")


wrong = None if not_sent <= len(watts_of) // 2 else f"{not_sent} telegrams not sent"
tell("p1emeter, datagrams and telegrams named as not sent", sent + not_sent, len(watts_of), wrong)
if os.path.exists(sys.argv[2]):
    rows = [line.split() for line in open(sys.argv[2])]
    wrong = [row for row in rows if watts_of.get(int(row[0])) != float(row[1])]
    tell("pysma-plus, seconds", len(rows), sent - 1, wrong)
if os.path.exists(sys.argv[3]):
    rest = iter(watts_of.values())
    watts = [float(line) for line in open(sys.argv[3])]
    is_found = all(one in rest for one in watts)
    tell("iobroker.sma-em, seconds", len(watts), sent - 5, None if is_found else "not p1cat's numbers in their order")
sys.exit(failed)
