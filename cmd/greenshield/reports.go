package main

import (
	"greenshield/redline/findings"
	"greenshield/redline/gdalexchange"
	"greenshield/redline/gdalinput"
	"greenshield/redline/job"
	"greenshield/redline/page"
	"greenshield/redline/review"
	"greenshield/redline/sheets"
)

// reports returns the reports that j wants besides the files that every run writes, those that take long first.
// warnings returns those of the inputs. The error is a fault that says which choice of j cannot be used.
func reports(j *job.Job, loaded *gdalinput.Loaded, warnings func() []string) ([]findings.Report, error) {
	var all []findings.Report
	if j.Formats.Has(job.GPKG) {
		shown := review.Rasters{
			Before: rasters(&j.Before, loaded, gdalinput.RoleBefore),
			After:  rasters(&j.After, loaded, gdalinput.RoleAfter),
		}
		for i, of := range []*review.Raster{&shown.ImageBefore, &shown.ImageAfter} {
			if images := loaded.Images[i]; images != nil {
				*of = review.Raster{Path: []string{j.ImageBefore, j.ImageAfter}[i], CRS: images.CRS()}
			}
		}
		all = append(all, review.GPKG, review.Project(shown, review.Services{Map: j.MapService, Tiles: j.Basemap}))
	}
	if j.Formats.Has(job.HTML) {
		o := page.Options{
			Rules:    loaded.Options.Rules,
			Survey:   j.Survey,
			MinArea:  loaded.Options.MinArea,
			MinPart:  loaded.Options.MinPart,
			Warnings: warnings,
			Region:   j.Region,
			Issuer:   j.Issuer,
			Date:     j.ReportDate,
			Workbook: j.Formats.Has(job.XLSX),
			Project:  j.Formats.Has(job.GPKG),
		}
		for i, images := range loaded.Images {
			if images != nil { // an interface with a nil pointer would not be nil
				o.Images[i] = images
			}
		}
		all = append(all, page.Report(o))
	}
	if j.Formats.Has(job.XLSX) {
		all = append(all, sheets.CandidatesXLSX, sheets.SurveyXLSX(j.Survey))
	}
	if j.Formats.Has(job.CSV) {
		all = append(all, sheets.CandidatesCSV, sheets.SurveyCSV(j.Survey), sheets.YearsCSV(j.Survey))
	}
	if j.Formats.Has(job.Exchange) {
		exchange, err := gdalexchange.Report(gdalexchange.Options{
			Shapefile:   j.Formats.Has(job.SHP),
			FlatGeobuf:  j.Formats.Has(job.FGB),
			Geodatabase: j.Formats.Has(job.GDB),
			CRS:         j.OutCRS,
			ShpEncoding: j.ShpEncoding,
		})
		if err != nil {
			return nil, err
		}
		all = append(all, exchange)
	}
	return append(all, review.CandidatesStyle), nil
}

// rasters returns the files of an epoch with the band that was read and the CRS.
func rasters(e *job.Epoch, loaded *gdalinput.Loaded, role string) (files []review.Raster) {
	of := review.Raster{Band: 1}
	for _, in := range loaded.Read {
		if in.Record.Role == role {
			of.Band, of.CRS = max(1, in.Record.Band), in.CRS()
		}
	}
	for _, path := range e.Files {
		of.Path = path
		files = append(files, of)
	}
	return files
}
