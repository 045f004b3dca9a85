# gdal_calc, gdal_polygonize, and SQL with SpatiaLite.
set -euo pipefail
calc=$(python3 -c '
import json
t = json.load(open("types.json"))
kinds = sorted({v for row in t for v in row if v})
print("+".join("%d*(%s)" % (k, "|".join("((A==%d)&(%s))" % (a, "|".join("(B==%d)" % b for b in range(256) if t[a][b] == k)) for a in range(256) if k in t[a])) for k in kinds))')
gdal_calc.py --quiet -A lc2015.tif -B lc2020.tif --outfile change.tif --calc "$calc" --type Byte --NoDataValue 0 --co COMPRESS=LZW --overwrite
gdal_polygonize.py -q -8 change.tif patches.gpkg patches type
ogr2ogr -f SQLite -dsco SPATIALITE=YES work.sqlite patches.gpkg patches -nln patches -nlt MULTIPOLYGON -lco GEOMETRY_NAME=geometry
ogr2ogr -f SQLite -update work.sqlite zones.gpkg zones -nln zones -lco GEOMETRY_NAME=geometry
ogr2ogr -f CSV gdal.csv work.sqlite -dialect SQLite -sql "
  SELECT zone_id, count(*) AS parts, sum(m2) AS m2 FROM (
    SELECT z.zone_id, ST_Area(ST_Intersection(ST_MakeValid(p.geometry), z.geometry), 1) AS m2
    FROM zones z JOIN patches p ON p.rowid IN (SELECT rowid FROM SpatialIndex WHERE f_table_name = 'patches' AND search_frame = z.geometry)
    WHERE ST_Intersects(p.geometry, z.geometry)) WHERE m2 > 0 GROUP BY zone_id"
