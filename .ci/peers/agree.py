# Holds the areas of change per zone against each other and prints the table. A zone
# counts if stricter zones took none of its ground: the peers give every zone all of
# its ground, our run gives ground to the strictest zone and lists the others beside.
import csv, os, statistics, sys

rows = lambda name: csv.DictReader(open(name, encoding="utf-8"))
ours = {r["zone_id"]: 1e4 * float(r["changed_ha"]) for r in rows("ours/coverage.csv") if abs(float(r["in_raster_ha"]) - float(r["controlled_ha"])) < 1e-5}
times = {}
for line in open("times.txt"):
    if len(line.split()) != 5:
        continue
    name, *numbers = line.split()
    times.setdefault(name, []).append([float(x) for x in numbers])
base = statistics.median(t[0] for t in times["greenshield"])
TOLERANCE = 1e-5  # of a zone's change, at least of one cell: coverage.csv is rounded to 0.01 m²
failed = False
print("| program | wall s | CPU s | MB | × ours | zones compared | ha in them | largest difference of a zone |")
print("|---|---|---|---|---|---|---|---|")
for name, runs in times.items():
    wall, cpu, mb = (statistics.median(f(t) for t in runs) for f in (lambda t: t[0], lambda t: t[1] + t[2], lambda t: t[3] / 1024))
    if name != "greenshield" and not os.path.exists(name + ".csv"):
        print(f"| {name} | {wall:.2f} | {cpu:.2f} | {mb:.0f} | {wall / base:.0f} | failed | | |")
        failed = True
        continue
    theirs = ours if name == "greenshield" else {r["zone_id"]: float(r["m2"]) for r in rows(name + ".csv")}
    worst = max(abs(theirs.get(z, 0) - m2) / max(m2, 900) for z, m2 in ours.items())
    failed = failed or worst > TOLERANCE
    total = sum(theirs.get(z, 0) for z in ours) / 1e4
    print(f"| {name} | {wall:.2f} | {cpu:.2f} | {mb:.0f} | {wall / base:.0f} | {sum(m2 > 0 for m2 in ours.values())} | {total:.4f} | {worst:.1e} |")
sys.exit(failed)
