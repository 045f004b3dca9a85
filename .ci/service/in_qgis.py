"""python3 in_qgis.py BASE: QGIS reads collections of the service at BASE by its provider OAPIF, and fails where
anything is amiss. Where the CRS of a layer cannot be chosen (QGIS before 3.28), the places that the service gives in
another CRS are held against those that QGIS transforms itself."""
import sys

from qgis.core import (Qgis, QgsApplication, QgsCoordinateReferenceSystem, QgsCoordinateTransform,
                       QgsFeatureRequest, QgsPointXY, QgsProject, QgsRectangle, QgsVectorLayer)

from common import EPSG4490, ZONE, items, offered, positions, same

base = sys.argv[1].rstrip("/")
offered(base, "out.candidates", "out2021.candidates")
app = QgsApplication([], False)
app.initQgis()


def layer(collection, page, sql=""):
    uri = f"url='{base}/' typename='{collection}' pageSize='{page}'" + (f" filter='{sql}'" if sql else "")
    opened = QgsVectorLayer(uri, collection, "OAPIF")
    same(f"{collection} in QGIS", (opened.isValid(), opened.error().message()), (True, ""))
    return opened


def ids(features, name):
    found = [f[name] for f in features]
    same("features that QGIS has twice", len(found), len(set(found)))
    return set(found)


read = 0
for collection, name in (("out.candidates", "cand_id"), ("out2021.candidates", "cand_id"), ("cases", "id")):
    all_of = items(base, collection)
    for page in (7, 1000):
        got = layer(collection, page)
        same(f"{collection} in pages of {page}", ids(got.getFeatures(), name),
             {f["properties"][name] for f in all_of.values()})
        read += len(all_of)

box = (116.85, 31.0, 117.0, 31.15)
want = {f["properties"]["cand_id"] for f in items(base, "out.candidates", bbox=",".join(map(str, box))).values()}
request = QgsFeatureRequest().setFilterRect(QgsRectangle(*box)).setFlags(QgsFeatureRequest.ExactIntersect)
inside = layer("out.candidates", 20).getFeatures(request)
same("features of a box in QGIS", ids(inside, "cand_id"), want)
want = {f["properties"]["cand_id"] for f in items(base, "out.candidates", severity=3).values()}
chosen = layer("out.candidates", 20)
if not chosen.setSubsetString('"severity" = 3'):
    chosen = layer("out.candidates", 20).getFeatures(QgsFeatureRequest().setFilterExpression('"severity" = 3'))
else:
    chosen = chosen.getFeatures()
same("features of severity 3 in QGIS", ids(chosen, "cand_id"), want)
same("the filters choose some", 0 < len(want) < len(items(base, "out.candidates")), True)

# Latitude first in EPSG:4490, northing first in the zone.
places = 0
for uri, code in ((EPSG4490, "EPSG:4490"), (ZONE, "EPSG:4548")):
    to = QgsCoordinateTransform(QgsCoordinateReferenceSystem("EPSG:4490"), QgsCoordinateReferenceSystem(code),
                                QgsProject.instance())
    unit = 111320.0 if code == "EPSG:4490" else 1.0
    moved = items(base, "out.candidates", crs=uri)
    for key, f in items(base, "out.candidates").items():
        pairs = positions(f["geometry"]["coordinates"]), positions(moved[key]["geometry"]["coordinates"])
        same(f"number of positions of {key} in {code}", len(pairs[1]), len(pairs[0]))
        for degrees, (first, second) in zip(*pairs):
            there = to.transform(QgsPointXY(*degrees))
            apart = max(abs(there.x() - second), abs(there.y() - first)) * unit
            if apart > 0.001:
                sys.exit(f"{key} in {code}: {degrees} is {first}, {second}, and QGIS has {there.toString(9)}")
            places += 1
print(f"QGIS {Qgis.QGIS_VERSION}: {read} features in pages of 7 and 1000, a box, a filter, {places} places within 1 mm")
