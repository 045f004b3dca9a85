// Package service is the server: review in a browser, and open interfaces to read what runs found and what the ledger
// knows. It serves an office's network.
//
// # Parts
//
// Each part has its package and adds its own routes ([Part]):
//
//	gate        who asks and what he may; sessions, limits, log, metrics: around all others
//	shelf       the runs of a folder, as collections
//	register    the cases of the ledger, as collections, and each case with all that is known of it
//	features    OGC API – Features over these collections
//	intake      events and files of evidence that people send
//	tiles       vector tiles of collections, pictures of rasters
//	web         the pages
//	jobs        runs that are started over HTTP
//
// What they share is in packages collection and answer. No part knows another one but gate and these.
package service

import (
	"net/http"

	"greenshield/redline/service/gate"
)

// Part is a part of the service. Routes adds its own to the mux, by method and path ("GET /healthz"); paths of
// different parts do not meet.
type Part interface {
	Routes(mux *http.ServeMux)
}

// Described is a part that clients other than the pages use, and that describes itself for the API document: OpenAPI
// returns a JSON object with the members tags, paths and components of OpenAPI 3.0, see features.Features.Describe.
type Described interface {
	OpenAPI() []byte
}

// Describe gives what the gate and the parts say of themselves to add.
func Describe(add func(part []byte) error, parts []Part) error {
	if err := add(gate.OpenAPI()); err != nil {
		return err
	}
	for _, p := range parts {
		if d, is := p.(Described); is {
			if err := add(d.OpenAPI()); err != nil {
				return err
			}
		}
	}
	return nil
}
