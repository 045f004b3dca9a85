package intake

import _ "embed"

//go:embed openapi.json
var description []byte

// OpenAPI implements service.Described.
func (*Intake) OpenAPI() []byte { return description }
