package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"showtime/internal/testbed"
)

func TestValidate(t *testing.T) {
	t.Parallel()
	wrong := strings.NewReplacer(`"4h"`, `"four"`, `"KeepJobFlowAliveWhenNoSteps": true`, `"KeepJobFlowAliveWhenNoSteps": false`,
		`"notebook_url"`, `"notebook"`).Replace(testbed.ClusterFile)
	tests := []struct {
		name, file string
		code       int
		says       []string
	}{
		{"valid", testbed.ClusterFile, exitOK, []string{`cluster "exploration" is valid`}},
		{"every_problem_with_its_path", wrong, exitFault, []string{
			"lease.default", "notebook", "run_job_flow.Instances.KeepJobFlowAliveWhenNoSteps",
		}},
		{"no_json", "name: exploration", exitFault, []string{"JSON"}},
		{"empty", "", exitFault, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "cluster.json")
			if err := os.WriteFile(path, []byte(tt.file), 0o600); err != nil {
				t.Fatal(err)
			}
			got := showtime(t.Context(), "validate", path)
			if got.code != tt.code || (got.err == "") != (tt.code == exitOK) {
				t.Errorf("got %+v, want code %d", got, tt.code)
			}
			for _, part := range tt.says {
				if !strings.Contains(got.out+got.err, part) {
					t.Errorf("%q is not said: %+v", part, got)
				}
			}
		})
	}
}

func TestValidate_no_such_file(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "none.json")
	if got := showtime(t.Context(), "validate", path); got.code != exitFault || !strings.Contains(got.err, path) {
		t.Errorf("got %+v", got)
	}
}
