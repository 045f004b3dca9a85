package review

import (
	"archive/zip"
	"context"
	"fmt"
	"io"
	"path/filepath"

	"github.com/paulmach/orb"

	"greenshield/raster/landcover"
	"greenshield/redline"
	"greenshield/redline/report"
)

// Raster is one file of an epoch, for the project.
type Raster struct {
	Path string
	Band int // from 1
}

// Rasters are the files of both epochs.
type Rasters struct{ Before, After []Raster }

// project is a QGIS project.
type project struct {
	Title  string
	Extent [4]float64 // west, south, east, north
	Groups []group
}

type group struct {
	Name           string
	Hidden, Closed bool
	Layers         []mapLayer
}

// idPrefix makes the ids of layers long: QGIS gives new ones to layers whose ids have ten letters or less.
const idPrefix = "greenshield_"

// mapLayer is a layer of a map: of the GeoPackage, with a style, or a raster, with a palette.
type mapLayer struct {
	ID, Name, Source, Provider string
	Hidden, ReadOnly           bool
	Style                      style
	Band                       int
	Palette                    []entry
}

type entry struct {
	Code         int64
	Color, Label string
}

// Project returns the report that writes review.qgz, a project over review.gpkg and the rasters. Paths in it are relative to
// the place of the run's folder.
func Project(rasters Rasters) report.Report {
	return func(ctx context.Context, f *report.Folder, found *report.Findings) error {
		p := project{Title: fmt.Sprintf("绿盾候选图斑 %d–%d（候选线索，非违法认定）", found.Summary.YearA, found.Summary.YearB)}
		fields := append(candidateFields(), reviewFields()...)
		source := func(layer string) string { return "./" + gpkgName + "|layername=" + layer }
		candidates := group{Name: "候选图斑"}
		for _, s := range report.Severities {
			candidates.Layers = append(candidates.Layers, mapLayer{ID: idPrefix + "candidates_" + s.Value, Name: s.ZH, Provider: "ogr",
				Source: fmt.Sprintf(`%s|subset="severity" = %d`, source("candidates"), s.Level), Style: candidateStyle(fields, s)})
		}
		p.Groups = append(p.Groups, candidates,
			group{Name: "管控区", Layers: []mapLayer{
				{ID: idPrefix + "zones", Name: "管控区", Source: source("zones"), Provider: "ogr", ReadOnly: true, Style: zoneStyle()},
				{ID: idPrefix + "coverage", Name: "覆盖情况", Source: source("coverage"), Provider: "ogr", Hidden: true, ReadOnly: true, Style: coverageStyle()}}},
			group{Name: "未列入的变化", Hidden: true, Closed: true, Layers: []mapLayer{
				{ID: idPrefix + "suppressed", Name: "未列入的变化", Source: source("suppressed"), Provider: "ogr", ReadOnly: true, Style: suppressedStyle()}}})
		for _, e := range []struct {
			id    string
			epoch *redline.Epoch
			files []Raster
		}{{"after", &found.Inputs.After, rasters.After}, {"before", &found.Inputs.Before, rasters.Before}} {
			g := group{Name: fmt.Sprintf("%d年土地覆盖", e.epoch.Year), Closed: true, Hidden: e.id == "before"}
			for i, file := range e.files {
				path, err := f.Relative(file.Path)
				if err != nil {
					return err
				}
				g.Layers = append(g.Layers, mapLayer{ID: fmt.Sprintf("%s%s_%d", idPrefix, e.id, i+1), Name: filepath.Base(file.Path), Source: path, Provider: "gdal", Band: file.Band, Palette: palette(&e.epoch.Legend)})
			}
			p.Groups = append(p.Groups, g)
		}
		var err error
		if p.Extent, err = extent(ctx, found); err != nil {
			return err
		}
		t, err := templates()
		if err != nil {
			return err
		}
		return f.Write("review.qgz", func(w io.Writer) error {
			z := zip.NewWriter(w)
			out, err := z.Create("review.qgs") // without a time
			if err != nil {
				return err
			}
			if err := t.ExecuteTemplate(out, "project", p); err != nil {
				return err
			}
			return z.Close()
		})
	}
}

func palette(l *landcover.Legend) (entries []entry) {
	for _, c := range l.Classes[:len(l.Codes())] {
		color := c.Color
		if color == "" {
			color = c.Ecosystem.Color()
		}
		entries = append(entries, entry{c.Code, color, c.Name()})
	}
	return entries
}

// extent is the box of all candidates, or of all zones when there are none, with a margin.
func extent(ctx context.Context, found *report.Findings) ([4]float64, error) {
	var box *orb.Bound
	add := func(b orb.Bound) {
		if box == nil {
			box = &b
		} else {
			*box = box.Union(b)
		}
	}
	for c, err := range found.Candidates(ctx, false) {
		if err != nil {
			return [4]float64{}, err
		}
		add(c.Geometry.Bound())
	}
	if box == nil {
		for i := range found.Summary.Zones {
			add(degrees(found.Inputs.Earth, found.Summary.Zones[i].Zone.Shape).Bound())
		}
	}
	if box == nil {
		return [4]float64{}, nil
	}
	margin := 0.02*max(box.Max[0]-box.Min[0], box.Max[1]-box.Min[1]) + 0.001
	return [4]float64{box.Min[0] - margin, box.Min[1] - margin, box.Max[0] + margin, box.Max[1] + margin}, nil
}
