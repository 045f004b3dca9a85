"""python3 in_owslib.py BASE: OWSLib reads the service at BASE as OGC API - Features."""
import sys

import owslib
from owslib.ogcapi.features import Features

from common import items, same

base = sys.argv[1].rstrip("/")
w = Features(base + "/")
same("collections in OWSLib", w.feature_collections(),
     w.feature_collections() and [c["id"] for c in w.collections()["collections"]])
same("OpenAPI in OWSLib", w.api()["openapi"][:3], "3.0")
same("CRS in OWSLib",
     "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs" in w.conformance()["conformsTo"], True)
total = 0
for collection in w.feature_collections():
    want = items(base, collection)
    page = w.collection_items(collection, limit=10000)
    same(f"{collection} in OWSLib", {f["id"] for f in page["features"]}, set(want))
    if want:
        key = next(iter(want))
        same(f"a feature of {collection}", w.collection_item(collection, key)["properties"], want[key]["properties"])
        name = next(iter(w.collection_queryables(collection)["properties"]))
        same(f"a property of {collection}", name in want[key]["properties"], True)
    total += len(want)
box = [116.85, 31.0, 117.0, 31.15]
got = w.collection_items("out.candidates", bbox=box, limit=10000, severity=3)
want = items(base, "out.candidates", bbox=",".join(map(str, box)), severity=3)
same("features of a box and a severity in OWSLib", {f["id"] for f in got["features"]}, set(want))
print(f"OWSLib {owslib.__version__}: {total} features of {len(w.feature_collections())} collections, "
      "a box, a filter, queryables")
