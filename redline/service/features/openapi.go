package features

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"greenshield/redline/service/collection"
)

// skeleton is the API document without the paths of collections: what does not depend on the data.
//
//go:embed openapi.json
var skeleton []byte

// fragment is a part of the API document.
type fragment struct {
	Tags       []any                     `json:"tags"`
	Paths      map[string]any            `json:"paths"`
	Components map[string]map[string]any `json:"components"`
}

// Describe adds to the API document what another part of the service offers: a JSON object with members of OpenAPI 3.0,
// tags, paths and components. It may refer to the components of openapi.json, such as the response
// #/components/responses/BadRequest and the schema #/components/schemas/problem. A path or component that is there
// already is an error.
func (f *Features) Describe(part []byte) error {
	var added fragment
	if err := json.Unmarshal(part, &added); err != nil {
		return fmt.Errorf("a part of the API document is no JSON: %w", err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := assemble(append(slices.Clone(f.fragments), added)); err != nil {
		return err
	}
	f.fragments = append(f.fragments, added)
	return nil
}

// assemble puts the skeleton and the parts together.
func assemble(parts []fragment) (map[string]any, error) {
	var document map[string]any
	if err := json.Unmarshal(skeleton, &document); err != nil {
		return nil, err
	}
	paths, components := document["paths"].(map[string]any), document["components"].(map[string]any)
	for _, p := range parts {
		for path, item := range p.Paths {
			if paths[path] != nil {
				return nil, fmt.Errorf("two parts of the service describe %s", path)
			}
			paths[path] = item
		}
		for kind, named := range p.Components {
			if components[kind] == nil {
				components[kind] = map[string]any{}
			}
			for name, c := range named {
				if components[kind].(map[string]any)[name] != nil {
					return nil, fmt.Errorf("two parts of the service describe the component %s/%s", kind, name)
				}
				components[kind].(map[string]any)[name] = c
			}
		}
		document["tags"] = append(document["tags"].([]any), p.Tags...)
	}
	return document, nil
}

func (f *Features) api(w http.ResponseWriter, r *http.Request) {
	form, ok := format(w, r, typeOpenAPI)
	if !ok {
		return
	}
	all, err := f.all(r.Context())
	if err != nil {
		fail(w, r, err)
		return
	}
	f.mu.Lock()
	document, err := assemble(f.fragments)
	f.mu.Unlock()
	if err != nil {
		fail(w, r, err)
		return
	}
	document["servers"] = []any{map[string]any{"url": base(r)}}
	parameters := document["components"].(map[string]any)["parameters"].(map[string]any)
	for _, c := range all {
		f.describe(document["paths"].(map[string]any), parameters, c.Info())
	}
	links := selves(r, form, typeOpenAPI)
	linkHeader(w, links)
	if form == formatHTML {
		apiPage(w, r, document, links)
		return
	}
	send(w, r, typeOpenAPI, document)
}

// describe adds the paths of a collection. Parameters that collections share stand once among the components.
func (f *Features) describe(paths, shared map[string]any, info collection.Info) {
	root := "/collections/" + info.ID
	var uris []any
	for _, c := range f.offered(info) {
		uris = append(uris, c.uri)
	}
	in := func(name, description string) any {
		return share(shared, map[string]any{
			"name": name, "in": "query", "description": description, "style": "form", "explode": false,
			"schema": map[string]any{"type": "string", "enum": uris, "default": uriCRS84},
		})
	}
	crs := in("crs", "坐标参考系：应答的几何所用，轴序按其定义。")
	form := ref("parameters/f")
	paths[root] = get("about-"+info.ID, info.Title, "数据集", []any{form}, "Collection")
	paths[root+"/queryables"] = get("queryables-"+info.ID, info.Title+"：可查询的属性", "数据集", []any{form}, "Queryables")
	fid := ref("parameters/featureId")
	paths[root+"/items/{featureId}"] = get("item-"+info.ID, info.Title+"：一个要素", "要素", []any{form, fid, crs}, "Feature")
	all := []any{
		form, ref("parameters/limit"), ref("parameters/bbox"), ref("parameters/datetime"), ref("parameters/after"),
		ref("parameters/" + skipGeometry), crs,
		in("bbox-crs", "bbox 所用的坐标参考系，轴序按其定义。"),
	}
	if order := sortable(info); order != nil {
		all = append(all, share(shared, map[string]any{
			"name": "sortby", "in": "query", "style": "form", "explode": false,
			"description": "按一个属性排序：+ 升序（可省略），- 降序；没有值的在最后。", "schema": map[string]any{"type": "string", "enum": order},
		}))
	}
	for _, p := range filters(info) {
		all = append(all, share(shared, p.parameter()))
	}
	paths[root+"/items"] = get("items-"+info.ID, info.Title+"：要素", "要素", all, "Features")
}

// parameter describes a filter.
func (p filter) parameter() map[string]any {
	d := map[string]any{"name": p.name, "in": "query", "style": "form"}
	if p.least {
		d["description"], d["explode"] = p.field.Title+"：不小于该值。", false
		d["schema"] = map[string]any{"type": "number"}
		return d
	}
	s := schemaOf(p.field)
	d["description"], d["explode"] = p.field.Title+"：等于该值；重复给出则为其中之一。", true
	d["schema"] = map[string]any{"type": "array", "minItems": 1, "items": s}
	return d
}

// sortable are the values of sortby; nil where there are none.
func sortable(info collection.Info) (order []any) {
	for _, f := range info.Fields {
		if f.Sortable {
			order = append(order, f.Name, "+"+f.Name, "-"+f.Name)
		}
	}
	return order
}

// share puts a parameter among the components, under its name or, where that is another parameter's, with a number
// behind, and returns a reference to it.
func share(shared map[string]any, parameter map[string]any) any {
	text, _ := json.Marshal(parameter)
	name := parameter["name"].(string)
	for n := 1; ; n++ {
		key := name
		if n > 1 {
			key = fmt.Sprintf("%s.%d", name, n)
		}
		if shared[key] == nil {
			shared[key] = json.RawMessage(text)
		}
		if there, is := shared[key].(json.RawMessage); is && string(there) == string(text) {
			return ref("parameters/" + key)
		}
	}
}

func ref(component string) map[string]any {
	return map[string]any{"$ref": "#/components/" + component}
}

// get is a path of a collection, answered with one of the responses among the components.
func get(id, summary, tag string, parameters []any, response string) map[string]any {
	return map[string]any{"get": map[string]any{
		"operationId": id, "summary": summary, "tags": []any{tag}, "parameters": parameters,
		"responses": map[string]any{
			"200": ref("responses/" + response), "304": ref("responses/NotModified"), "400": ref("responses/BadRequest"),
			"404": ref("responses/NotFound"), "406": ref("responses/NotAcceptable"), "default": ref("responses/Problem"),
		},
	}}
}

// operation is a line of the API page.
type operation struct {
	method, path, summary string
	parameters            []string
}

// operations lists the operations of an API document by path and method.
func operations(document map[string]any) (all []operation) {
	paths := document["paths"].(map[string]any)
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		item, _ := paths[path].(map[string]any)
		for _, method := range []string{"get", "put", "post", "patch", "delete"} {
			o, is := item[method].(map[string]any)
			if !is {
				continue
			}
			line := operation{method: method, path: path}
			line.summary, _ = o["summary"].(string)
			given, _ := o["parameters"].([]any)
			for _, p := range given {
				if name := parameterName(document, p); name != "" {
					line.parameters = append(line.parameters, name)
				}
			}
			all = append(all, line)
		}
	}
	return all
}

// parameterName is the name of a parameter, or of that which it refers to.
func parameterName(document map[string]any, parameter any) string {
	p, _ := parameter.(map[string]any)
	if to, is := p["$ref"].(string); is {
		shared := document["components"].(map[string]any)["parameters"].(map[string]any)
		var named struct{ Name string }
		text, _ := json.Marshal(shared[strings.TrimPrefix(to, "#/components/parameters/")])
		_ = json.Unmarshal(text, &named) // one that is not there has no name
		return named.Name
	}
	name, _ := p["name"].(string)
	return name
}
