# rasterio for the patches, DuckDB with its spatial extension for the rest: an R-tree join, areas on its ellipsoid.
import json
import duckdb, numpy, pandas, rasterio, rasterio.features, shapely
from duckdb_extensions import import_extension
table = numpy.array(json.load(open("types.json")), dtype=numpy.uint8)
with rasterio.open("lc2015.tif") as a, rasterio.open("lc2020.tif") as b:
    change, transform = table[a.read(1), b.read(1)], a.transform
shapes = rasterio.features.shapes(change, mask=change > 0, connectivity=8, transform=transform)
patches = shapely.make_valid(shapely.from_geojson([json.dumps(s) for s, _ in shapes]))
patches = pandas.DataFrame({"wkb": shapely.to_wkb(patches)})
import_extension("spatial")
db = duckdb.connect()
db.execute("LOAD spatial; SET geometry_always_xy = true")
db.execute("CREATE TABLE patches AS SELECT ST_GeomFromWKB(wkb) AS geom FROM patches")
db.execute("CREATE TABLE zones AS SELECT zone_id, geom FROM ST_Read('zones.gpkg')")
db.execute("""CREATE TABLE parts AS SELECT zone_id, ST_Intersection(p.geom, z.geom) AS geom
  FROM patches p JOIN zones z ON ST_Intersects(p.geom, z.geom)""")
db.execute("""COPY (SELECT zone_id, count(*) AS parts, sum(ST_Area_Spheroid(geom)) AS m2 FROM parts WHERE ST_Area(geom) > 0
  GROUP BY zone_id) TO 'duckdb.csv' (HEADER)""")
db.execute("COPY (SELECT * FROM parts) TO 'duckdb.geojson' WITH (FORMAT gdal, DRIVER 'GeoJSON')")
