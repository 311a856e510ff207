# Every second's watts of the receivers are those of p1cat: compare.py P1CAT PYSMA IOBROKER SECONDS
# A file that is not there was skipped.
import json
import os
import sys

sent = {}
for line in open(sys.argv[1]):
    message = json.loads(line)
    tick = round(message["meta"]["frame-end-time"] * 1000) % 2**32
    sent[tick] = float(message["telegram"]["1-0:1.7.0"] - message["telegram"]["1-0:2.7.0"])
least = int(sys.argv[4]) - 5
failed = False


def tell(name, count, wrong):
    global failed
    failed = failed or wrong or count < least
    print(f"  {name:<52} {count:5} of at least {least}{', WRONG: ' + str(wrong) if wrong else ''}")


print(f"  {'p1cat, telegrams':<52} {len(sent):5}")
if os.path.exists(sys.argv[2]):
    rows = [line.split() for line in open(sys.argv[2])]
    tell("pysma-plus, seconds", len(rows), [row for row in rows if sent.get(int(row[0])) != float(row[1])])
if os.path.exists(sys.argv[3]):
    watts = [float(line) for line in open(sys.argv[3])]
    all_watts = list(sent.values())
    begins = range(len(all_watts) - len(watts) + 1)
    found = any(all_watts[begin:begin + len(watts)] == watts for begin in begins)
    tell("iobroker.sma-em, seconds", len(watts), None if found else "another row of numbers than p1cat's")
sys.exit(failed)
