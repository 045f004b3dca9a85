# GRASS: r.mapcalc, r.to.vect, v.overlay, v.to.db.
set -euo pipefail
rm -rf grassdb && mkdir grassdb
grass -c lc2015.tif grassdb/loc -e
cat >grass-inside.sh <<'S'
set -euo pipefail
r.external -o input=lc2015.tif output=a
r.external -o input=lc2020.tif output=b
g.region raster=a
python3 - <<'P' >mapcalc.txt
import json
t = json.load(open("types.json"))
kinds = sorted({v for row in t for v in row if v})
e = "null()"
for k in kinds:
    for a in range(256):
        bs = [b for b in range(256) if t[a][b] == k]
        if bs:
            e = "if(a == %d && (%s), %d, %s)" % (a, " || ".join("b == %d" % b for b in bs), k, e)
print("change = " + e)
P
r.mapcalc file=mapcalc.txt
r.clump -d input=change output=clumps
r.to.vect input=clumps output=patches type=area column=patch
v.in.ogr -o input=zones.gpkg layer=zones output=zones snap=1e-9
v.overlay ainput=patches binput=zones operator=and output=parts
v.to.db map=parts option=area units=meters columns=m2
v.db.select -c map=parts columns=b_zone_id,m2 separator=comma file=grass-parts.csv
S
grass grassdb/loc/PERMANENT --exec bash grass-inside.sh
python3 - <<'P'
import csv, collections
n, s = collections.Counter(), collections.Counter()
for zone, m2 in csv.reader(open("grass-parts.csv")):
    n[zone] += 1
    s[zone] += float(m2 or 0)
w = csv.writer(open("grass.csv", "w"))
w.writerow(["zone_id", "parts", "m2"])
w.writerows((z, n[z], s[z]) for z in n)
P
