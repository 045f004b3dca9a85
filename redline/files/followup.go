package files

import (
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	"greenshield/redline"
)

// FollowUpName is the file of what stands on the ground of the cases of a ledger.
const FollowUpName = "followup.csv"

var followUpColumns = []string{"case_id", "case_state", "group", "year", "cells", "bad_m2", "before_m2", "other_m2",
	"nodata_m2", "finding", "suspicion"}

// areaDecimals are those of an area that is the exact sum of cells: to a unit of raster.Area.
const areaDecimals = 9

// WriteFollowUps writes followup.csv, in the order of the cases.
func WriteFollowUps(w io.Writer, all []redline.FollowUp) error {
	all = slices.Clone(all)
	slices.SortFunc(all, func(a, b redline.FollowUp) int { return cmp.Compare(a.Case, b.Case) })
	var r Row
	r.Texts(followUpColumns...)
	r.End()
	for i := range all {
		f := &all[i]
		r.Texts(f.Case, f.State, f.Group)
		r.Integer(int64(f.Year))
		r.Integer(f.Cells)
		for _, m2 := range []float64{f.Bad, f.Before, f.Other, f.NoData} {
			r.Fixed(m2, areaDecimals)
		}
		r.Texts(f.Finding, f.Suspicion)
		r.End()
	}
	_, err := w.Write(r)
	return err
}

// ReadFollowUps reads followup.csv.
func ReadFollowUps(r io.Reader) (all []redline.FollowUp, err error) {
	in := csv.NewReader(r)
	header, err := in.Read()
	if err != nil || !slices.Equal(header, followUpColumns) {
		return nil, cmp.Or(err, fmt.Errorf("its columns are %q", header))
	}
	for line := 2; ; line++ {
		cells, err := in.Read()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		f := redline.FollowUp{Case: cells[0], State: cells[1], Group: cells[2], Finding: cells[9], Suspicion: cells[10]}
		f.Year, err = strconv.Atoi(cells[3])
		errs := []error{err}
		f.Cells, err = strconv.ParseInt(cells[4], 10, 64)
		errs = append(errs, err)
		for i, to := range []*float64{&f.Bad, &f.Before, &f.Other, &f.NoData} {
			*to, err = strconv.ParseFloat(cells[5+i], 64)
			errs = append(errs, err)
		}
		if err := cmp.Or(errs...); err != nil {
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
		all = append(all, f)
	}
}
