package gate

import _ "embed"

//go:embed openapi.json
var description []byte

// OpenAPI tells of the gate's own routes, as service.Described has it.
func OpenAPI() []byte { return description }
