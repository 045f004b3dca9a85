// Package gdalinput opens everything that a job names and brings it to one lattice:
// the two epochs with their legends, the rules, the zones, counties and exemptions.
//
// It judges inputs as strictly as the run needs them, and goes on after a fault as far
// as it can, so that a user learns of all that is wrong at once. [Diagnose] goes
// further: it also reads the cells, and describes everything. It needs cgo;
// gdalraster.Init must have been called before.
package gdalinput
