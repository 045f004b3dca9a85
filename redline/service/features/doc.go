// Package features shows collections by OGC API – Features, Part 1 (Core, GeoJSON, HTML, OpenAPI 3.0) and Part 2
// (coordinate reference systems), read-only, at the root of the service. Every resource is JSON for programs and HTML
// for people, by Accept or the parameter f.
//
// # Pages
//
// Pages of features follow each other by keyset: the link "next" holds all parameters of its page and an opaque token,
// the parameter after. Features that are written between two pages neither shift nor repeat others. With
// skipGeometry=true their geometries are null, which lists of many take a fraction of the time for.
//
// # Coordinates
//
// A collection is offered in degrees of CRS84 (longitude, latitude; as it is stored, byte for byte), in those of
// EPSG:4490 (latitude, longitude), and, where a [Transformer] is at hand, in metres of the 3-degree Gauss-Kruger zone
// of CGCS2000 at the middle of its extent (northing, easting), rounded to 0.1 mm. A box in metres chooses the features
// that have a point in it as they are served in that CRS: vertices transformed, sides straight between them.
package features
