package main

import (
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"greenshield/raster/gdalraster"
	"greenshield/redline/record"
	"greenshield/vector/geos"
)

// release is the version of the program; it changes with every release.
const release = "0.1.0"

// version returns the release and, where the build knows it, the revision of the sources.
func version() string {
	v := release
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			switch {
			case s.Key == "vcs.revision":
				v += "+" + s.Value[:min(12, len(s.Value))]
			case s.Key == "vcs.modified" && s.Value == "true":
				v += ".modified"
			}
		}
	}
	return v
}

// libraries returns the versions of the libraries that shape the results.
func libraries() record.Versions {
	gdal, proj := gdalraster.Versions()
	return record.Versions{GDAL: gdal, GEOS: geos.Version(), PROJ: proj, Go: runtime.Version()}
}

// versionCommand returns the command that prints versions.
func (p *program) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the versions of greenshield and its libraries",
		Args:  atMost(0, "version takes none"),
		RunE: func(*cobra.Command, []string) error {
			p.printVersions()
			return nil
		},
	}
}

// printVersions prints the versions of the program and of the libraries that shape its results.
func (p *program) printVersions() {
	v := libraries()
	p.printf("greenshield %s\nGDAL %s\nGEOS %s\nPROJ %s\n%s %s/%s\n",
		version(), v.GDAL, v.GEOS, v.PROJ, v.Go, runtime.GOOS, runtime.GOARCH)
}
