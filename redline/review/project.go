package review

import (
	"archive/zip"
	"cmp"
	"context"
	"fmt"
	"io"
	"path/filepath"

	"github.com/paulmach/orb"

	"greenshield/raster"
	"greenshield/raster/landcover"
	"greenshield/redline"
	"greenshield/redline/findings"
)

// Raster is one file of an epoch, for the project.
type Raster struct {
	Path string
	Band int        // band that holds the class codes, from 1
	CRS  raster.CRS // of the file, which need not be that of the common grid
}

// Rasters are the files of both epochs.
type Rasters struct{ Before, After []Raster }

// project is a QGIS project.
type project struct {
	Title  string
	Extent [4]float64 // what the map shows at first, in degrees: west, south, east, north
	Groups []group    // from the top of the map to the bottom
}

// group is a group of layers in the list of layers.
type group struct {
	Name   string
	Hidden bool // it is not drawn until the user switches it on
	Closed bool // the list shows it without its layers
	Layers []mapLayer
}

// idPrefix makes the ids of layers long, since QGIS gives new ids to layers whose ids have ten letters or less.
const idPrefix = "greenshield_"

// mapLayer is a layer of a map: a layer of the GeoPackage with a style, or a raster with a band
// and a palette.
type mapLayer struct {
	ID, Name, Source, Provider string
	Hidden, ReadOnly           bool
	Style                      style
	Band                       int
	CRS                        raster.CRS
	Palette                    []entry
}

// entry is how one class code of a raster is shown.
type entry struct {
	Code         int64
	Color, Label string
}

// Project returns the report that writes review.qgz, a project over review.gpkg and the
// rasters. Paths in it are relative to the run's folder.
func Project(rasters Rasters) findings.Report {
	return func(ctx context.Context, f findings.Folder, found *findings.Findings) error {
		p := project{
			Title: fmt.Sprintf("绿盾候选图斑 %d–%d（候选线索，非违法认定）",
				found.Summary.YearA, found.Summary.YearB),
			Groups: tableGroups(),
		}
		for _, e := range []struct {
			id    string
			epoch *redline.Epoch
			files []Raster
		}{{"after", &found.Inputs.After, rasters.After}, {"before", &found.Inputs.Before, rasters.Before}} {
			g, err := rasterGroup(f, e.id, e.epoch, e.files)
			if err != nil {
				return err
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
			out, err := z.Create("review.qgs") // without a time, which would make other bytes of each run
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

// tableGroups returns the groups of the layers of the GeoPackage.
func tableGroups() []group {
	table := func(layer, name string, style style) mapLayer {
		return mapLayer{
			ID: idPrefix + layer, Name: name, Source: "./" + gpkgName + "|layername=" + layer, Provider: "ogr",
			ReadOnly: true, Style: style,
		}
	}
	candidates := table("candidates", "候选图斑", reviewStyle())
	candidates.ReadOnly = false
	coverage := table("coverage", "覆盖情况", coverageStyle())
	coverage.Hidden = true
	return []group{
		{Name: "候选图斑", Layers: []mapLayer{candidates}},
		{Name: "管控区", Layers: []mapLayer{table("zones", "管控区", zoneStyle()), coverage}},
		{Name: "未列入的变化", Hidden: true, Closed: true,
			Layers: []mapLayer{table("suppressed", "未列入的变化", suppressedStyle())}},
	}
}

// rasterGroup returns the group of the rasters of an epoch. id is before or after; before is hidden below after.
func rasterGroup(f findings.Folder, id string, epoch *redline.Epoch, files []Raster) (group, error) {
	g := group{Name: fmt.Sprintf("%d年土地覆盖", epoch.Year), Closed: true, Hidden: id == "before"}
	for i, file := range files {
		path, err := f.Relative(file.Path)
		if err != nil {
			return group{}, err
		}
		g.Layers = append(g.Layers, mapLayer{
			ID: fmt.Sprintf("%s%s_%d", idPrefix, id, i+1), Name: filepath.Base(file.Path), Source: path, Provider: "gdal",
			Band: file.Band, CRS: file.CRS, Palette: palette(&epoch.Legend),
		})
	}
	return g, nil
}

// palette returns how each class of a legend is shown: in its own colour, or in that of its ecosystem class.
func palette(l *landcover.Legend) (entries []entry) {
	for _, c := range l.Classes[:len(l.Codes())] {
		entries = append(entries, entry{c.Code, cmp.Or(c.Color, c.Ecosystem.Color()), c.Name()})
	}
	return entries
}

// extent returns the box of all candidates, or of all zones when there are no candidates, with a
// margin. Without either it is zero.
func extent(ctx context.Context, found *findings.Findings) ([4]float64, error) {
	var box *orb.Bound
	add := func(b orb.Bound) {
		if box == nil {
			box = &b
		} else {
			*box = box.Union(b)
		}
	}
	for c, err := range found.Candidates.All(ctx, false) {
		if err != nil {
			return [4]float64{}, err
		}
		add(c.Geometry.Bound())
	}
	if box == nil {
		for i := range found.Summary.Zones {
			outline, err := degrees(found.Inputs.Earth, found.Summary.Zones[i].Zone.Shape)
			if err != nil {
				return [4]float64{}, err
			}
			add(outline.Bound())
		}
	}
	if box == nil {
		return [4]float64{}, nil
	}
	margin := 0.02*max(box.Max[0]-box.Min[0], box.Max[1]-box.Min[1]) + 0.001
	return [4]float64{box.Min[0] - margin, box.Min[1] - margin, box.Max[0] + margin, box.Max[1] + margin}, nil
}
