//go:build !translated

package template_test

import (
	"testing"

	"showtime/test/template"
)

// deployed is what the tests of permissions read: the file as it stands. With the build tag
// translated they read what CloudFormation makes of it.
func deployed(t *testing.T, values map[string]string) *template.Template {
	t.Helper()
	return loadWith(t, values)
}
