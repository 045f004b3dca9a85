package review

import (
	"archive/zip"
	"cmp"
	"context"
	"fmt"
	"io"
	"path/filepath"

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

// Rasters are the files of both epochs, and the image mosaics of both, of which Path is empty where there is none.
type Rasters struct {
	Before, After           []Raster
	ImageBefore, ImageAfter Raster
}

// project is a QGIS project.
type project struct {
	Title     string
	Extent    extent  // what the map shows at first
	Groups    []group // from the top of the map to the bottom
	Themes    []theme
	Bookmarks []bookmark
	Sheet     sheet
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
	Palette                    []entry // nil for an image, which has colours of its own
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
		shown := p.Groups[:2:2] // candidates and zones
		images, err := imageGroups(f, rasters)
		if err != nil {
			return err
		}
		p.Groups = append(p.Groups, images...)
		after, err := rasterGroup(f, "after", &found.Inputs.After, rasters.After)
		if err != nil {
			return err
		}
		before, err := rasterGroup(f, "before", &found.Inputs.Before, rasters.Before)
		if err != nil {
			return err
		}
		p.Groups = append(p.Groups, after, before)
		p.Themes = []theme{{"前期", append(shown, before)}, {"后期", append(shown, after)}}
		for _, g := range images {
			p.Themes = append(p.Themes, theme{g.Name, append(shown, g)})
		}
		if p.Extent, p.Bookmarks, err = places(ctx, found); err != nil {
			return err
		}
		p.Sheet = candidateSheet(shown[0].Layers[0], p.Extent)
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

// imageGroups returns the groups of the image mosaics that there are, which are hidden at first.
func imageGroups(f findings.Folder, rasters Rasters) (groups []group, err error) {
	for _, of := range []struct {
		id, name string
		image    Raster
	}{{"image_after", "后期影像", rasters.ImageAfter}, {"image_before", "前期影像", rasters.ImageBefore}} {
		if of.image.Path == "" {
			continue
		}
		path, err := f.Relative(of.image.Path)
		if err != nil {
			return nil, err
		}
		groups = append(groups, group{Name: of.name, Closed: true, Hidden: true, Layers: []mapLayer{{
			ID: idPrefix + of.id, Name: filepath.Base(of.image.Path), Source: path, Provider: "gdal", CRS: of.image.CRS,
		}}})
	}
	return groups, nil
}

// palette returns how each class of a legend is shown: in its own colour, or in that of its ecosystem class.
func palette(l *landcover.Legend) (entries []entry) {
	for _, c := range l.Classes[:len(l.Codes())] {
		entries = append(entries, entry{c.Code, cmp.Or(c.Color, c.Ecosystem.Color()), c.Name()})
	}
	return entries
}
