// Package openapi holds the OpenAPI document of the REST API, generated from the protos by `make fix-generated`.
package openapi

import _ "embed"

//go:embed otklik.json
var document []byte

// JSON returns the document. Callers must not change it.
func JSON() []byte { return document }
