package gdalraster

/*
#cgo LDFLAGS: -ldl
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>

// gr_quiet_hdf5 makes the HDF5 library below GDAL keep its messages from standard error, in this thread.
static void gr_quiet_hdf5(void) {
	int (*set)(int64_t, void *, void *) = (int (*)(int64_t, void *, void *))dlsym(RTLD_DEFAULT, "H5Eset_auto2");
	if (set != NULL) set(0, NULL, NULL);
}
*/
import "C"

import (
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/airbusgeo/godal"
)

// variableMark separates the name of a file from that of the variable in it that is meant.
const variableMark = "|variable="

// FileOf returns the file on the disk that holds what a name stands for: without the variable that it may name, and of
// what is in an archive the archive.
func FileOf(name string) string {
	if archive, _, ok := Packed(name); ok {
		return archive
	}
	file, _, _ := strings.Cut(name, variableMark)
	return file
}

// containers are the drivers of files that hold several variables, with the driver of one of them.
var containers = map[string]string{"netCDF": "netCDF", "HDF4": "HDF4Image"}

// containerLock serialises all work of these drivers: the libraries below them, which they share, are not made for
// several threads, not even with a handle for each.
var containerLock sync.Mutex

// lock begins work on an open file, and returns what ends it.
func (p *part) lock() (unlock func()) {
	if !p.container {
		return func() {}
	}
	containerLock.Lock()
	runtime.LockOSThread()
	C.gr_quiet_hdf5()
	return func() {
		runtime.UnlockOSThread()
		containerLock.Unlock()
	}
}

// chooseVariable makes p the variable of that name, "" for the only one.
func (p *part) chooseVariable(variable string) error {
	if !p.container {
		if variable != "" {
			return fmt.Errorf("%s: is no netCDF or HDF file, so it has no variables: name it without %s%s", p.path, variableMark,
				variable)
		}
		return nil
	}
	if strings.ContainsAny(p.name, "\"\n") {
		return fmt.Errorf("%s: its path holds a quotation mark or a line break; rename the file or folder", p.path)
	}
	if p.driver == "netCDF" {
		if err := checkClassic(p.path); err != nil {
			return err
		}
		p.name = "NETCDF:\"" + p.name + "\""
	}
	defer p.lock()()
	ds, err := p.open(nil)
	if err != nil {
		return err
	}
	all := variablesOf(ds)
	only := len(ds.Bands()) > 0 && len(all) == 0
	if only && p.driver == "netCDF" {
		all = [][2]string{{ds.Bands()[0].Metadata("NETCDF_VARNAME"), ""}}
	}
	p.close(ds, &err)
	if err != nil {
		return err
	}
	chosen := slices.IndexFunc(all, func(v [2]string) bool { return v[0] == variable || variable == "" && len(all) == 1 })
	switch {
	case only && (variable == "" || chosen == 0):
		p.variable = variable
		if chosen == 0 {
			p.variable = all[0][0]
		}
		return nil
	case chosen >= 0:
		p.variable, p.name, p.driver = all[chosen][0], all[chosen][1], containers[p.driver]
		return nil
	}
	return p.noVariable(variable, all)
}

// noVariable says that a variable has to be named, or that there is none of that name.
func (p *part) noVariable(variable string, all [][2]string) error {
	var names []string
	for _, v := range all {
		names = append(names, v[0])
	}
	if len(names) == 0 {
		return fmt.Errorf("%s: holds no raster", p.path)
	}
	const most = 20
	if more := len(names) - most; more > 0 {
		names = append(names[:most], fmt.Sprintf("and %d more", more))
	}
	if variable != "" {
		return fmt.Errorf("%s: has no variable %q; its variables: %s", p.path, variable, strings.Join(names, ", "))
	}
	return fmt.Errorf("%s: holds %d variables, say which one by its name, such as %s%s%s; its variables: %s", p.path,
		len(all), filepath.Base(p.path), variableMark, names[0], strings.Join(names, ", "))
}

// variablesOf lists the variables of an open file: the name of each, and what GDAL opens. Where the last parts of the
// names are the same, they are told apart by what stands before them.
func variablesOf(ds *godal.Dataset) (all [][2]string) {
	listed := ds.Metadatas(godal.Domain("SUBDATASETS"))
	var places []string
	for n := 1; ; n++ {
		place, ok := listed[fmt.Sprintf("SUBDATASET_%d_NAME", n)]
		if !ok {
			break
		}
		places = append(places, place)
	}
	last := func(place string, parts int) string {
		_, inside, _ := strings.Cut(place, `":`)
		names := strings.Split(inside, ":")
		return strings.Join(names[max(0, len(names)-parts):], ":")
	}
	for _, place := range places {
		parts := 1
		same := func(other string) bool { return other != place && last(other, parts) == last(place, parts) }
		for parts < 4 && slices.ContainsFunc(places, same) {
			parts++
		}
		all = append(all, [2]string{last(place, parts), place})
	}
	return all
}

// crsText returns the CRS that an open file declares, "" for none. That of a netCDF file counts only where its variable
// names a grid mapping that states it: GDAL takes any longitudes and latitudes for those of WGS 84.
func (p *part) crsText(ds *godal.Dataset) string {
	if p.driver != "netCDF" {
		return ds.Projection()
	}
	mapping, _, _ := strings.Cut(ds.Metadata(p.variable+"#grid_mapping"), ":") // "crs: x y" is an extended form
	for _, attribute := range []string{"grid_mapping_name", "crs_wkt", "spatial_ref"} {
		if mapping != "" && ds.Metadata(mapping+"#"+attribute) != "" {
			return ds.Projection()
		}
	}
	return ""
}

// checkPicture refuses what a picture cannot be.
func (p *part) checkPicture() error {
	if p.container {
		return fmt.Errorf("%s: is no picture but a file of class codes; give a GeoTIFF or a VRT", p.path)
	}
	return nil
}
