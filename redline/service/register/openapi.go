package register

import _ "embed"

//go:embed openapi.json
var description []byte

// OpenAPI implements service.Described.
func (*Register) OpenAPI() []byte { return description }
