package gdalraster

import (
	"path/filepath"
	"strings"

	"greenshield/raster"
)

// Mend returns a remedy for a message: a command, in backquotes, that writes a usable copy of a file beside it, under
// a name with the given ending, which the user then names instead. The command is the tool with its options, the file,
// the name of the copy, or these two exchanged for ogr2ogr, and what follows.
func Mend(ending, path, command string, after ...string) string {
	return MendFrom(ending, path, path, command, after...)
}

// MendFrom is [Mend] for a source that GDAL calls otherwise than the file: a page, a variable, or what is in an
// archive.
func MendFrom(ending, source, path, command string, after ...string) string {
	local := func(name string) string {
		if strings.HasPrefix(name, "-") { // not an option
			name = "./" + name
		}
		return raster.Quote(name)
	}
	words := []string{command, local(source), local(mendedName(path, ending))}
	if strings.HasPrefix(command, "ogr2ogr") {
		words[1], words[2] = words[2], words[1]
	}
	for _, word := range after {
		words = append(words, raster.Quote(word))
	}
	return "make a copy that can be used by `" + strings.Join(words, " ") + "`, and name that one"
}

// mendedName is the name of the copy that [Mend] makes of a file.
func mendedName(path, ending string) string {
	return strings.TrimSuffix(path, filepath.Ext(path)) + "-mended" + ending
}

// keepMask makes gdal_translate write a mask into the file itself: nothing beside it is read.
const keepMask = "--config GDAL_TIFF_INTERNAL_MASK YES"

// translate is [Mend] by gdal_translate with the given options.
func (p *part) translate(options string) string {
	if p.mask || p.driver == "VRT" {
		options += " " + keepMask
	}
	return p.mend(strings.TrimSpace("gdal_translate " + strings.TrimSpace(options)))
}

// warp is [Mend] by gdalwarp, which takes each cell from the one that its centre falls into. With -dstnodata it makes
// NoData of what a mask hides.
func (p *part) warp(options string) string { return p.mend("gdalwarp -r near " + options) }

// mend is [Mend] of the file, or of the variable in it that is meant.
func (p *part) mend(command string) string {
	switch {
	case p.container:
		return MendFrom(".tif", p.name, p.path, command)
	case p.packed:
		return MendFrom(".tif", p.name, BesideArchive(p.path, p.variable), command)
	}
	return Mend(".tif", p.path, command)
}
