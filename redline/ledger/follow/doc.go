// Package follow tells what stands on the ground of cases at the epoch of a raster: how much of it is bad, as the
// change left it, how much is back in a class from before, how much is something else, and how much cannot be seen.
//
// [Measure] adds areas up cell by cell in whole units, so that the shares of a case are exact, whatever the layout of
// the raster. [Settings] judge them. What a finding gives reason to suspect says [ledger.Rules.Suspect].
package follow
