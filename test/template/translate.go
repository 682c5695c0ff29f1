package template

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"sync"
)

// Translate lets SAM's own translator, which cfn-lint and moto bring along, make CloudFormation of template.yaml, as JSON.
var Translate = sync.OnceValues(func() ([]byte, error) { //nolint:gochecknoglobals // it takes a second, and is always the same
	out, err := exec.Command("python3", filepath.Join(here(), "translate.py"), Path()).Output()
	if failed, ok := errors.AsType[*exec.ExitError](err); ok {
		return nil, fmt.Errorf("translate template: %w\n%s", err, failed.Stderr)
	}
	return out, err
})
