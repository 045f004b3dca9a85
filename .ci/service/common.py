"""What the clients are held against: the features of a collection as plain HTTP gives them."""
import json
import sys
import time
import urllib.parse
import urllib.request

CRS = "http://www.opengis.net/def/crs/"
CRS84, EPSG4490, ZONE = CRS + "OGC/1.3/CRS84", CRS + "EPSG/0/4490", CRS + "EPSG/0/4548"


def get(address):
    with urllib.request.urlopen(urllib.request.Request(address, headers={"Accept": "application/json"})) as r:
        return json.load(r)


def offered(base, *collections):
    """Waits until runs are prepared: before, there are no collections of theirs. The limit ends only a hang."""
    limit = time.monotonic() + 600
    while not set(collections) <= {c["id"] for c in get(f"{base}/collections?f=json")["collections"]}:
        if time.monotonic() > limit:
            sys.exit(f"not all of {collections} are offered")
        time.sleep(0.1)


def items(base, collection, **query):
    """All features by id, page by page."""
    address = f"{base}/collections/{collection}/items?" + urllib.parse.urlencode({"f": "json", "limit": 10000, **query})
    found = {}
    while address:
        page = get(address)
        for f in page["features"]:
            assert f["id"] not in found, f"{f['id']} is on two pages"
            found[f["id"]] = f
        address = next((l["href"] for l in page["links"] if l["rel"] == "next"), None)
    return found


def positions(coordinates):
    """The positions in coordinates of any depth."""
    if coordinates and isinstance(coordinates[0], (int, float)):
        return [coordinates]
    return [p for part in coordinates for p in positions(part)]


def same(what, got, want):
    if got != want:
        sys.exit(f"{what}: {str(got)[:400]}, want {str(want)[:400]}")
