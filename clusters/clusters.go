// Package clusters holds the example cluster files. The demo runs one, so that it cannot rot.
package clusters

import _ "embed"

//go:embed exploration.json
var exploration string

// Exploration is exploration.json.
func Exploration() string { return exploration }
