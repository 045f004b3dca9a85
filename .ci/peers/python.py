# rasterio, shapely and geopandas: zones cut by patches, areas by pyproj's Geod.
import json
import geopandas, numpy, rasterio, rasterio.features, pandas
from pyproj import Geod
table = numpy.array(json.load(open("types.json")), dtype=numpy.uint8)
with rasterio.open("lc2015.tif") as a, rasterio.open("lc2020.tif") as b:
    change, transform = table[a.read(1), b.read(1)], a.transform
shapes = [(s, v) for s, v in rasterio.features.shapes(change, mask=change > 0, connectivity=8, transform=transform)]
patches = geopandas.GeoDataFrame.from_features([{"type": "Feature", "geometry": s, "properties": {"type": v}} for s, v in shapes], crs="EPSG:4490")
patches["geometry"] = patches.make_valid()
zones = geopandas.read_file("zones.gpkg")
parts = geopandas.overlay(patches, zones, how="intersection", keep_geom_type=True)
geod = Geod(ellps="GRS80")
parts["m2"] = [abs(geod.geometry_area_perimeter(g)[0]) for g in parts.geometry]
parts.groupby("zone_id").agg(parts=("m2", "size"), m2=("m2", "sum")).to_csv("python.csv")
parts.to_file("python.geojson", driver="GeoJSON")
