package tiles

import "testing"

func TestGeometriesAreRead(t *testing.T) {
	for text, vertices := range map[string]int{
		`{"type":"Point","coordinates":[117.5,31]}`:                                    1,
		`{"coordinates" : [ 117.5 , 31 , 12.5 ] , "type":"Point"}`:                     1,
		`{"type":"MultiPoint","coordinates":[[1,2],[3e0,-4]]}`:                         2,
		`{"type":"LineString","coordinates":[[1,2],[3,4],[5,6]]}`:                      3,
		`{"type":"MultiLineString","coordinates":[[[1,2],[3,4]],[[5,6],[7,8]]]}`:       4,
		`{"type":"Polygon","coordinates":[[[1,2],[3,2],[3,4],[1,2]]]}`:                 4,
		"{\"type\":\"MultiPolygon\",\"coordinates\":[[[[1,2],\n [3,2],[3,4],[1,2]]]]}": 4,
		`{"type":"MultiPolygon","coordinates":[]}`:                                     0,
		`{"type":"Point","coordinates":[]}`:                                            0,
		`{"type":"Point","coordinates":[1]}`:                                           0,
		`{"type":"Point","coordinates":["a",2]}`:                                       0,
		`{"type":"Point","coordinates":[1,2`:                                           0,
		`{"type":"LineString","coordinates":[1,2]}`:                                    0,
		`{"type":"Polygon","coordinates":[[[1,2],[3,2],[3,4],[1,2]]`:                   0,
		`{"type":"GeometryCollection","geometries":[]}`:                                0,
		`{"type":"Point"}`: 0,
		`null`:             0,
	} {
		s, err := newShape([]byte(text))
		if (err == nil) != (vertices > 0) || err == nil && s.vertices != vertices {
			t.Errorf("%s: %v %v", text, s, err)
		}
	}
}
