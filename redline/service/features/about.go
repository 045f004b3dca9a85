package features

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"greenshield/redline/service/answer"
	"greenshield/redline/service/collection"
)

const title = "绿盾数据服务"

const description = "生态保护红线与自然保护地内土地覆盖变化的疑似问题图斑，" +
	"以及台账中的案件、线索和后续影像核查。Violation candidates of land-cover change in protected zones, and the ledger of cases."

// conforms lists the conformance classes.
var conforms = []string{
	"http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
	"http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/oas30",
	"http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/html",
	"http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
	"http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs",
}

// send answers with a document as JSON of a media type, unless the client has it already.
func send(w http.ResponseWriter, r *http.Request, mediaType string, document any) {
	body, err := json.Marshal(document)
	if err != nil {
		fail(w, r, err)
		return
	}
	sum := sha256.Sum256(body)
	w.Header().Set("Cache-Control", "private, no-cache")
	if answer.Unchanged(w, r, hex.EncodeToString(sum[:12])) {
		return
	}
	w.Header().Set("Content-Type", mediaType)
	if r.Method != http.MethodHead {
		_, _ = w.Write(append(body, '\n')) // the client may be gone
	}
}

func (f *Features) landing(w http.ResponseWriter, r *http.Request) {
	form, ok := format(w, r, typeJSON)
	if !ok {
		return
	}
	links := append(selves(r, form, typeJSON),
		link{with(at(r, "api"), "f", formatJSON), "service-desc", typeOpenAPI, "接口说明（OpenAPI 3.0）"},
		link{with(at(r, "api"), "f", formatHTML), "service-doc", typeHTML, "接口说明"},
		link{at(r, "conformance"), "conformance", typeJSON, "遵循的标准"},
		link{at(r, "collections"), "data", typeJSON, "数据集"})
	linkHeader(w, links)
	if form == formatHTML {
		render(w, r, "landing", view{Title: title, Links: links, Intro: description})
		return
	}
	send(w, r, typeJSON, map[string]any{"title": title, "description": description, "links": links})
}

func (f *Features) conformance(w http.ResponseWriter, r *http.Request) {
	form, ok := format(w, r, typeJSON)
	if !ok {
		return
	}
	links := selves(r, form, typeJSON)
	linkHeader(w, links)
	if form == formatHTML {
		render(w, r, "conformance", view{Title: "遵循的标准", Links: links, Rows: [][]string{conforms}})
		return
	}
	send(w, r, typeJSON, map[string]any{"conformsTo": conforms, "links": links})
}

func (f *Features) collections(w http.ResponseWriter, r *http.Request) {
	form, ok := format(w, r, typeJSON)
	if !ok {
		return
	}
	all, err := f.all(r.Context())
	if err != nil {
		fail(w, r, err)
		return
	}
	withheld, err := f.withheld(r.Context())
	if err != nil {
		fail(w, r, err)
		return
	}
	links := selves(r, form, typeJSON)
	linkHeader(w, links)
	if form == formatHTML {
		f.collectionsPage(w, r, all, withheld, links)
		return
	}
	documents := make([]map[string]any, len(all))
	for i, c := range all {
		documents[i] = f.described(r, c.Info(), nil)
	}
	document := map[string]any{"links": links, "collections": documents}
	if len(withheld) > 0 {
		some := make([]map[string]any, len(withheld))
		for i, c := range withheld {
			some[i] = map[string]any{"run": c.Run, "kind": c.Kind, "title": c.Title, "reason": c.Reason}
		}
		document["withheld"] = some
	}
	send(w, r, typeJSON, document)
}

func (f *Features) one(w http.ResponseWriter, r *http.Request) {
	c := f.find(w, r)
	if c == nil {
		return
	}
	form, ok := format(w, r, typeJSON)
	if !ok {
		return
	}
	info := c.Info()
	links := selves(r, form, typeJSON)
	linkHeader(w, links)
	if form == formatHTML {
		f.collectionPage(w, r, info, links)
		return
	}
	send(w, r, typeJSON, f.described(r, info, links))
}

// described is what the service says of a collection. Own links are those of the document about it alone; without, it
// links to that.
func (f *Features) described(r *http.Request, info collection.Info, own []link) map[string]any {
	here := at(r, "collections", info.ID)
	links := own
	if own == nil {
		links = []link{{here, "self", typeJSON, info.Title}}
	}
	links = append(slices.Clone(links),
		link{with(here+"/items", "f", formatJSON), "items", typeGeoJSON, "要素（GeoJSON）"},
		link{with(here+"/items", "f", formatHTML), "items", typeHTML, "要素（网页）"},
		link{with(here+"/queryables", "f", formatJSON),
			"http://www.opengis.net/def/rel/ogc/1.0/queryables", typeSchema, "可查询的属性"})
	d := map[string]any{
		"id": info.ID, "title": info.Title, "description": info.Description, "itemType": "feature",
		"links": links, "storageCrs": uriCRS84,
	}
	var uris []string
	for _, c := range f.offered(info) {
		uris = append(uris, c.uri)
	}
	d["crs"] = uris
	extent := map[string]any{}
	if b := info.Box; b != nil {
		extent["spatial"] = map[string]any{
			"bbox": [][]float64{{b.Min[0], b.Min[1], b.Max[0], b.Max[1]}}, "crs": uriCRS84,
		}
	}
	if !info.From.IsZero() && !info.Until.IsZero() {
		extent["temporal"] = map[string]any{
			"interval": [][]string{{stamp(info.From), stamp(info.Until)}},
			"trs":      "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian",
		}
	}
	if len(extent) > 0 {
		d["extent"] = extent
	}
	if !info.Made.IsZero() {
		d["made"] = stamp(info.Made)
	}
	return d
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

// queryables answers with the schema of the properties that features can be filtered by (as in OGC API – Features,
// Part 3).
func (f *Features) queryables(w http.ResponseWriter, r *http.Request) {
	c := f.find(w, r)
	if c == nil {
		return
	}
	form, ok := format(w, r, typeSchema)
	if !ok {
		return
	}
	info := c.Info()
	links := selves(r, form, typeSchema)
	linkHeader(w, links)
	if form == formatHTML {
		queryablesPage(w, r, info, links)
		return
	}
	properties := map[string]any{}
	for _, p := range filters(info) {
		if !p.least {
			properties[p.name] = schemaOf(p.field)
		}
	}
	send(w, r, typeSchema, map[string]any{
		"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": at(r, "collections", info.ID, "queryables"),
		"type": "object", "title": info.Title, "properties": properties, "additionalProperties": false,
	})
}

// schemaOf is the JSON schema of a value of a property that is not null.
func schemaOf(f collection.Field) map[string]any {
	s := map[string]any{"title": f.Title}
	switch f.Type {
	case collection.Date:
		s["type"], s["format"] = "string", "date"
	default:
		s["type"] = string(f.Type)
	}
	if f.Codes == nil {
		return s
	}
	var values []any
	var titles []string
	for _, c := range f.Codes {
		var value any = c.Value
		if f.Type != collection.Text && f.Type != collection.Date {
			value = json.RawMessage(c.Value)
		}
		values = append(values, value)
		titles = append(titles, c.Value+"："+c.Title)
	}
	s["enum"], s["description"] = values, strings.Join(titles, "；")
	return s
}
