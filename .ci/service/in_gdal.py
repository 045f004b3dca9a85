"""python3 in_gdal.py BASE: GDAL's programs read collections of the service at BASE by the driver OAPIF."""
import json
import os
import re
import subprocess
import sys
import tempfile

from common import EPSG4490, ZONE, items, positions, same

base = sys.argv[1].rstrip("/")


def run(*args):
    return subprocess.run(args, check=True, capture_output=True, text=True).stdout


def read(collection, *args):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "a.geojson")
        run("ogr2ogr", "-f", "GeoJSON", "-lco", "COORDINATE_PRECISION=9", path, f"OAPIF:{base}/", collection, *args)
        with open(path, encoding="utf-8") as f:
            return json.load(f)["features"]


layers = re.findall(r"^\d+: (\S+)", run("ogrinfo", "-ro", "-q", f"OAPIF:{base}/"), re.M)
collections = ["cases", "leads", "followups"] + [
    f"{r}.{k}" for r in ("out", "out2021") for k in ("candidates", "suppressed", "zones", "coverage")]
same("collections in GDAL", [n for n in layers if n in collections], collections)
total = 0
for collection in collections:
    want = items(base, collection)
    got = read(collection, "-oo", "PAGE_SIZE=7" if len(want) < 1000 else "PAGE_SIZE=150")
    same(f"number of {collection} in GDAL", len(got), len(want))
    for f, w in zip(got, want.values()):
        mine, other = ([] if x["geometry"] is None else positions(x["geometry"]["coordinates"]) for x in (f, w))
        same(f"number of positions of {collection} {w['id']} in GDAL", len(mine), len(other))
        if any(abs(p[0] - q[0]) > 1e-8 or abs(p[1] - q[1]) > 1e-8 for p, q in zip(mine, other)):
            sys.exit(f"{collection} {w['id']}: positions in GDAL differ")
        for name in set(w["properties"]) & {"id", "cand_id", "case_id", "zone_id", "severity"}:
            same(f"{name} of {collection} {w['id']} in GDAL", f["properties"].get(name), w["properties"][name])
    total += len(got)
box = ("116.85", "31.0", "117.0", "31.15")
want = items(base, "out.candidates", bbox=",".join(box))
same("features of -spat",
     {f["properties"]["cand_id"] for f in read("out.candidates", "-spat", *box, "-oo", "PAGE_SIZE=5")},
     {f["properties"]["cand_id"] for f in want.values()})
same("features of -where", {f["properties"]["cand_id"] for f in read("out.candidates", "-where", "severity = 3")},
     {f["properties"]["cand_id"] for f in items(base, "out.candidates", severity=3).values()})

# Places by gdaltransform: latitude first in EPSG:4490, northing first in the zone.
moved = items(base, "cases", crs=ZONE)
degrees = [p for f in items(base, "cases", crs=EPSG4490).values() if f["geometry"]
           for p in positions(f["geometry"]["coordinates"])]
metres = [p for f in moved.values() if f["geometry"] for p in positions(f["geometry"]["coordinates"])]
out = subprocess.run(["gdaltransform", "-s_srs", "EPSG:4490", "-t_srs", "EPSG:4548", "-output_xy"],
                     check=True, capture_output=True, text=True,
                     input="".join(f"{lon} {lat}\n" for lat, lon in degrees)).stdout.split("\n")
for (northing, easting), line in zip(metres, out):
    x, y = map(float, line.split())
    if max(abs(x - easting), abs(y - northing)) > 0.001:
        sys.exit(f"{easting}, {northing} is {x}, {y} in GDAL")
print(f"{run('ogrinfo', '--version').split(',')[0]}: {total} features of {len(collections)} collections, "
      f"-spat, -where, {len(metres)} places within 1 mm")
