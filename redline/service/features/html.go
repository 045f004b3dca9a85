package features

import (
	"bytes"
	"embed"
	"encoding/json"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"time"

	"greenshield/redline/service/answer"
	"greenshield/redline/service/collection"
)

//go:embed pages
var pages embed.FS

var templates = template.Must(template.ParseFS(pages, "pages/*.html"))

func style(w http.ResponseWriter, r *http.Request) {
	http.ServeFileFS(w, r, pages, "pages/pages.css")
}

// view is what a page shows.
type view struct {
	Title, Intro string
	Base         string // address of the service
	Links        []link
	Trail        []link // where the page lies
	Head         []string
	Rows         [][]string
	Refs         []string // address of each row, "" for none
	Facts        [][2]string
	Note         string
	Withheld     []string // collections that are not offered, and why
}

// Rel returns the address of the first link of a relation, "" without one.
func (v view) Rel(rel string) string {
	for _, l := range v.Links {
		if l.Rel == rel {
			return l.Href
		}
	}
	return ""
}

// render answers with a page, of which the template is given.
func render(w http.ResponseWriter, r *http.Request, name string, v view) {
	v.Base = base(r)
	var page bytes.Buffer
	if err := templates.ExecuteTemplate(&page, name+".html", v); err != nil {
		fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "private, no-cache")
	if r.Method != http.MethodHead {
		_, _ = w.Write(page.Bytes()) // the client may be gone
	}
}

func (f *Features) collectionsPage(w http.ResponseWriter, r *http.Request, all []collection.Collection,
	withheld []collection.Withheld, links []link) {
	v := view{Title: "数据集", Links: links, Head: []string{"数据集", "说明", "批次", "标识"}}
	for _, c := range all {
		info := c.Info()
		v.Rows = append(v.Rows, []string{info.Title, info.Description, info.Run, info.ID})
		v.Refs = append(v.Refs, at(r, "collections", info.ID))
	}
	for _, c := range withheld {
		v.Withheld = append(v.Withheld, c.Title+"："+c.Reason)
	}
	render(w, r, "table", v)
}

// trail leads to a collection.
func trail(r *http.Request, info collection.Info) []link {
	return []link{
		{Href: at(r, "collections"), Title: "数据集"},
		{Href: at(r, "collections", info.ID), Title: info.Title},
	}
}

func (f *Features) collectionPage(w http.ResponseWriter, r *http.Request, info collection.Info, links []link) {
	here := at(r, "collections", info.ID)
	links = append(links,
		link{here + "/items", "items", typeHTML, "浏览要素"},
		link{here + "/queryables", "queryables", typeHTML, "可查询的属性"})
	v := view{Title: info.Title, Intro: info.Description, Links: links, Trail: trail(r, info)[:1]}
	v.Facts = append(v.Facts, [2]string{"标识", info.ID})
	if info.Run != "" {
		v.Facts = append(v.Facts, [2]string{"批次", info.Run})
	}
	if b := info.Box; b != nil {
		text, _ := json.Marshal([]float64{b.Min[0], b.Min[1], b.Max[0], b.Max[1]})
		v.Facts = append(v.Facts, [2]string{"范围（经度、纬度）", strings.ReplaceAll(strings.Trim(string(text), "[]"), ",", "，")})
	}
	if !info.From.IsZero() && !info.Until.IsZero() {
		v.Facts = append(v.Facts, [2]string{"时间",
			info.From.UTC().Format(time.DateOnly) + " 至 " + info.Until.UTC().Format(time.DateOnly)})
	}
	for _, c := range f.offered(info) {
		v.Facts = append(v.Facts, [2]string{"坐标系", c.title + " " + c.uri})
	}
	v.Head = []string{"字段", "含义", "类型"}
	for _, field := range info.Fields {
		v.Rows = append(v.Rows, []string{field.Name, field.Title, string(field.Type)})
		v.Refs = append(v.Refs, "")
	}
	render(w, r, "table", v)
}

func queryablesPage(w http.ResponseWriter, r *http.Request, info collection.Info, links []link) {
	v := view{Title: info.Title + "：可查询的属性", Links: links, Trail: trail(r, info), Head: []string{"参数", "含义", "类型", "取值"}}
	v.Intro = "参数加在要素的网址后，如 ?severity=3；同一参数可重复，表示其中之一。以 _min 结尾的参数为不小于该值。"
	for _, p := range filters(info) {
		var codes []string
		for _, c := range p.field.Codes {
			codes = append(codes, c.Value+" "+c.Title)
		}
		meaning := p.field.Title
		if p.least {
			meaning, codes = meaning+"（不小于）", nil
		}
		v.Rows = append(v.Rows, []string{p.name, meaning, string(p.field.Type), strings.Join(codes, "；")})
		v.Refs = append(v.Refs, "")
	}
	render(w, r, "table", v)
}

func (f *Features) itemsPage(w http.ResponseWriter, r *http.Request, info collection.Info, want *wanted,
	page *collection.Page, links []link) {
	v := view{Title: info.Title, Links: links, Trail: trail(r, info), Head: []string{"标识"}}
	for _, field := range info.Fields {
		v.Head = append(v.Head, field.Title)
	}
	for _, feature := range page.Features {
		v.Rows = append(v.Rows, append([]string{feature.ID}, values(info, feature.Properties)...))
		ref := at(r, "collections", info.ID, "items", feature.ID)
		if want.crs != crs84 {
			ref = with(ref, "crs", want.crs.uri)
		}
		v.Refs = append(v.Refs, ref)
	}
	v.Note = count(page)
	render(w, r, "table", v)
}

// count says how many features a page shows.
func count(page *collection.Page) string {
	n, _ := json.Marshal(len(page.Features))
	note := "本页 " + string(n) + " 条"
	if page.Matched >= 0 {
		all, _ := json.Marshal(page.Matched)
		note += "，共 " + string(all) + " 条"
	}
	return note
}

func (f *Features) itemPage(w http.ResponseWriter, r *http.Request, info collection.Info, feature *collection.Feature,
	links []link) {
	items := link{Href: at(r, "collections", info.ID) + "/items", Title: "要素"}
	v := view{Title: feature.ID, Links: links, Trail: append(trail(r, info), items)}
	for i, value := range values(info, feature.Properties) {
		v.Facts = append(v.Facts, [2]string{info.Fields[i].Title, value})
	}
	if feature.Geometry == nil {
		v.Note = "没有位置"
	}
	render(w, r, "table", v)
}

// values are the properties of a feature as people read them, in the order of the fields of its collection: codes by
// their titles, nothing for null.
func values(info collection.Info, properties json.RawMessage) []string {
	var all map[string]json.RawMessage
	_ = json.Unmarshal(properties, &all) // none where there are none
	texts := make([]string, len(info.Fields))
	for i, field := range info.Fields {
		text := string(all[field.Name])
		var s string
		switch {
		case text == "null":
			text = ""
		case json.Unmarshal(all[field.Name], &s) == nil:
			text = s
		}
		for _, c := range field.Codes {
			if c.Value == text {
				text = c.Title
			}
		}
		texts[i] = text
	}
	return texts
}

// apiPage lists the operations of the API document.
func apiPage(w http.ResponseWriter, r *http.Request, document map[string]any, links []link) {
	v := view{Title: "接口说明", Links: links, Head: []string{"方法", "路径", "用途", "参数"}}
	v.Intro = "机器可读的完整说明见 OpenAPI 3.0 文档。"
	for _, o := range operations(document) {
		v.Rows = append(v.Rows, []string{strings.ToUpper(o.method), o.path, o.summary, strings.Join(o.parameters, " ")})
		ref := ""
		if o.method == "get" && !strings.Contains(o.path, "{") {
			u := url.URL{Path: o.path}
			ref = strings.TrimSuffix(answer.Base(r.Context()), "/") + u.EscapedPath()
		}
		v.Refs = append(v.Refs, ref)
	}
	render(w, r, "table", v)
}
