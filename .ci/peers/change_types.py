# Writes types.json: for each pair of class codes, the number of the change type by the rules.
import csv, json
rows = lambda name: list(csv.DictReader(line for line in open(name, encoding="utf-8") if not line.startswith("#")))
ecosystem = {int(r["code"]): r["ecosystem"] for r in rows("legend.csv")}
types = list(dict.fromkeys(r["change"] for r in rows("rules.csv")))
of = {}
for r in rows("rules.csv"):
    for a in r["from"].split("|"):
        for b in r["to"].split("|"):
            of[a, b] = types.index(r["change"]) + 1
table = [[of.get((ecosystem.get(a), ecosystem.get(b)), 0) if a != b else 0 for b in range(256)] for a in range(256)]
json.dump(table, open("types.json", "w"))
