package review

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"greenshield/raster"
	"greenshield/raster/landcover"
	"greenshield/redline"
	"greenshield/redline/findings"
	"greenshield/redline/qgis"
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

// Services are the addresses of services of others that the project may ask, "" for none.
type Services struct {
	Map   string // of a map service, with {lon} and {lat}
	Tiles string // of the tiles of a basemap in Web Mercator, with {z}, {x}, and {y} or {-y}
}

// overlaps is the relation of candidates and the zones that they touch.
var overlaps = relation{
	ID: qgis.IDPrefix + "overlaps", Name: "涉及的管控区", Table: qgis.IDPrefix + "overlaps", TableField: "cand_id",
	Layer: qgis.IDPrefix + "candidates", Field: "cand_id",
}

// Project returns the report that writes review.qgz, a project over review.gpkg and the
// rasters. Paths in it are relative to the run's folder.
func Project(rasters Rasters, services Services) findings.Report {
	return func(ctx context.Context, f findings.Folder, found *findings.Findings) error {
		p := project{
			Title: fmt.Sprintf("绿盾候选图斑 %d–%d（候选线索，非违法认定）",
				found.Summary.YearA, found.Summary.YearB),
			Groups: tableGroups(found.Fields(), services.Map), Relations: []relation{overlaps},
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
		if services.Tiles != "" {
			tiles := tilesGroup(services.Tiles)
			images = append(images, tiles)
			p.Groups = append(p.Groups, tiles)
		}
		p.Themes = []theme{{Name: "前期", Groups: append(shown, before)}, {Name: "后期", Groups: append(shown, after)}}
		if knows(shown[0].Layers[0].Style.Fields) {
			known := relationGroup(found.Fields())
			p.Groups = slices.Insert(slices.Clip(p.Groups), 1, known)
			p.Themes = append(p.Themes, theme{Name: "与台账的关系", Groups: []group{known, shown[1], after}})
		}
		for i, g := range append(priorityGroups(found), dateGroups(found)...) {
			p.Groups = slices.Insert(slices.Clip(p.Groups), 1+i, g)
			p.Themes = append(p.Themes, theme{Name: g.Name, Groups: []group{g, shown[1], after}})
		}
		if found.Columns().Dated {
			p.Years = [2]int{found.Summary.YearA + 1, found.Summary.YearB}
		}
		for _, g := range images {
			p.Themes = append(p.Themes, theme{Name: g.Name, Groups: append(shown, g)})
		}
		if p.Extent, p.Bookmarks, err = places(ctx, found); err != nil {
			return err
		}
		one := candidateSheet(shown[0].Layers[0], p.Extent, p.Themes)
		p.Sheet = &one
		return f.Write("review.qgz", func(w io.Writer) error { return qgis.WriteProject(w, "review", p) })
	}
}

// layerOf returns a layer of the GeoPackage.
func layerOf(layer, name string, style style) mapLayer {
	return mapLayer{
		ID: qgis.IDPrefix + layer, Name: name, Source: "./" + gpkgName + "|layername=" + layer, Provider: "ogr",
		ReadOnly: true, Style: style,
	}
}

// relationGroup returns the group, hidden at first, that shows candidates by what they are to the cases of the ledger.
func relationGroup(fields []findings.Field) group {
	layer := layerOf("candidates", "与台账的关系", relationStyle(fields))
	layer.ID += "_relation"
	return group{Name: layer.Name, Hidden: true, Layers: []mapLayer{layer}}
}

// tableGroups returns the groups of the layers of the GeoPackage, whose candidates have these fields. mapService is the
// address that an action opens.
func tableGroups(fields []findings.Field, mapService string) []group {
	candidates := layerOf("candidates", "候选图斑", reviewStyle(fields))
	candidates.ReadOnly = false
	candidates.Style.Form = slices.Insert(candidates.Style.Form, 1, formTab{Name: overlaps.Name, Relation: overlaps.ID})
	if actions := &candidates.Style.Actions; mapService != "" {
		*actions = append(*actions, mapServiceAction(len(*actions), mapService))
	}
	coverage := layerOf("coverage", "覆盖情况", coverageStyle())
	coverage.Hidden = true
	dated := slices.ContainsFunc(fields, func(f findings.Field) bool { return f.Name == "zone_since" })
	return []group{
		{Name: "候选图斑", Layers: []mapLayer{candidates}},
		{Name: "管控区", Layers: []mapLayer{layerOf("zones", "管控区", zoneStyle(dated)), coverage}},
		{Name: "未列入的变化", Hidden: true, Closed: true,
			Layers: []mapLayer{layerOf("suppressed", "未列入的变化", suppressedStyle())}},
		{Name: overlaps.Name, Hidden: true, Closed: true, Layers: []mapLayer{{ID: overlaps.Table, Name: overlaps.Name,
			Source: "./overlaps.csv", Provider: "ogr", ReadOnly: true, Style: overlapStyle()}}},
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
			ID: fmt.Sprintf("%s%s_%d", qgis.IDPrefix, id, i+1), Name: filepath.Base(file.Path), Source: path, Provider: "gdal",
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
			ID: qgis.IDPrefix + of.id, Name: filepath.Base(of.image.Path), Source: path, Provider: "gdal", CRS: of.image.CRS,
		}}})
	}
	return groups, nil
}

// webMercatorWKT is the CRS of the tiles of a basemap.
const webMercatorWKT = `PROJCRS["WGS 84 / Pseudo-Mercator",BASEGEOGCRS["WGS 84",DATUM["World Geodetic System 1984",` +
	`ELLIPSOID["WGS 84",6378137,298.257223563,LENGTHUNIT["metre",1]]],PRIMEM["Greenwich",0,` +
	`ANGLEUNIT["degree",0.0174532925199433]]],CONVERSION["Popular Visualisation Pseudo-Mercator",` +
	`METHOD["Popular Visualisation Pseudo Mercator",ID["EPSG",1024]],` +
	`PARAMETER["Latitude of natural origin",0,ANGLEUNIT["degree",0.0174532925199433]],` +
	`PARAMETER["Longitude of natural origin",0,ANGLEUNIT["degree",0.0174532925199433]],` +
	`PARAMETER["False easting",0,LENGTHUNIT["metre",1]],PARAMETER["False northing",0,LENGTHUNIT["metre",1]]],` +
	`CS[Cartesian,2],AXIS["easting (X)",east,ORDER[1],LENGTHUNIT["metre",1]],` +
	`AXIS["northing (Y)",north,ORDER[2],LENGTHUNIT["metre",1]],ID["EPSG",3857]]`

// tilesGroup returns the group of a basemap, which is hidden at first, so that nobody is asked for tiles unless the
// reviewer wants them. In its source only those characters of the address are escaped that QGIS escapes itself: QGIS
// 3.40 takes no address whose colon and slashes are.
func tilesGroup(address string) group {
	escape := strings.NewReplacer("{", "%7B", "}", "%7D", "&", "%26", "=", "%3D", "+", "%2B", "#", "%23")
	return group{Name: "底图", Closed: true, Hidden: true, Layers: []mapLayer{{
		ID: qgis.IDPrefix + "basemap", Name: "底图", Provider: "wms", CRS: raster.CRS{WKT: webMercatorWKT, EPSG: 3857},
		Source: "type=xyz&zmin=0&zmax=18&url=" + escape.Replace(address),
	}}}
}

// palette returns how each class of a legend is shown: in its own colour, or in that of its ecosystem class.
func palette(l *landcover.Legend) (entries []entry) {
	for _, c := range l.Classes[:len(l.Codes())] {
		entries = append(entries, entry{Code: c.Code, Color: cmp.Or(c.Color, c.Ecosystem.Color()), Label: c.Name()})
	}
	return entries
}
