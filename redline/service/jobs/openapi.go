package jobs

import _ "embed"

//go:embed openapi.json
var description []byte

// OpenAPI implements service.Described.
func (*Jobs) OpenAPI() []byte { return description }
