package review

import "greenshield/redline/qgis"

// What projects and styles are made of.
type (
	style     = qgis.Style
	class     = qgis.Class
	field     = qgis.Field
	formGroup = qgis.FormGroup
	formTab   = qgis.FormTab
	action    = qgis.Action
	project   = qgis.Project
	relation  = qgis.Relation
	group     = qgis.Group
	mapLayer  = qgis.Layer
	entry     = qgis.Entry
	extent    = qgis.Extent
	bookmark  = qgis.Bookmark
	theme     = qgis.Theme
	sheet     = qgis.Sheet
	sheetBox  = qgis.SheetBox
	sheetMap  = qgis.SheetMap
	sheetText = qgis.SheetText
)
