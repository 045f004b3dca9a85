// Package gdalinput opens everything that a job names and brings it to one lattice:
// the two epochs with their legends, the rules, the zones, counties and exemptions.
//
// It judges inputs as strictly as a run needs them, and goes on after a fault as far as it can, so that a user learns
// of all that is wrong at once. [Examine] goes further: it also reads the cells, and describes every input.
//
// The package needs cgo, and gdalraster.Init must have been called before anything of it is used.
package gdalinput
