package tiles

import _ "embed"

//go:embed openapi.json
var description []byte

// OpenAPI implements service.Described.
func (*Tiles) OpenAPI() []byte { return description }
