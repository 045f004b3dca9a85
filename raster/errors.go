package raster

import "errors"

// ErrLimit marks (by errors.Is) input that would need more memory or time than a run may take. It is found from a
// header, before anything is allocated.
var ErrLimit = errors.New("limit exceeded")
