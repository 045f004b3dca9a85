package gdalinput

import (
	"fmt"
	"strconv"

	"greenshield/redline"
	"greenshield/redline/record"
)

// maxChange is the largest relative change of a feature's area by a repair that is accepted without being asked.
const maxChange = 0.001

// checkRepairs records the repairs of a layer. It refuses features of which nothing is left and, unless the job accepts
// them, repairs that change the area by more than maxChange. labels, parallel to the features, say in the record what
// each is called.
func (l *Loaded) checkRepairs(ly *layer, labels []string) {
	var large, gone []string
	for i, s := range ly.shapes {
		number := strconv.Itoa(ly.Features[i].Number)
		if len(s.shape) == 0 || s.repair != nil && s.m2 == 0 {
			gone = append(gone, number)
			continue
		}
		if s.repair == nil {
			continue
		}
		r := record.Repair{
			Source:   ly.label(),
			Feature:  ly.Features[i].Number,
			Zone:     labels[i],
			Reason:   s.repair.reason,
			BeforeM2: s.repair.before,
			AfterM2:  s.m2,
		}
		l.Repairs = append(l.Repairs, r)
		ly.in.Layer.Repairs = append(ly.in.Layer.Repairs, r)
		if s.repair.change > maxChange {
			large = append(large, fmt.Sprintf("feature %s (%s): %.4f ha before, %.4f ha after",
				number, r.Reason, r.BeforeM2/redline.M2PerHa, r.AfterM2/redline.M2PerHa))
		}
	}
	if gone != nil {
		ly.in.addFault(redline.Vector,
			"nothing is left of feature %s when its rings are made valid; correct or remove it", firstTen(gone))
	}
	if large != nil && !l.job.AcceptRepairs {
		ly.in.addFault(redline.Vector,
			"polygons are invalid, and repairing them changes their area by more than 0.1 %%: %s; correct them, "+
				"or say --accept-repairs (accept_repairs: true in a job file) after looking at them", firstTen(large))
	}
}
