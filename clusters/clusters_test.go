package clusters_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"showtime/internal/clusterfile"
)

// file is as much of an example as tells where its notebooks are.
type file struct {
	NotebookURL string `json:"notebook_url"`
	RunJobFlow  struct {
		Applications   []struct{ Name string }
		Configurations []struct {
			Classification string
			Properties     map[string]string
		}
		Instances struct{ AdditionalMasterSecurityGroups []string }
	} `json:"run_job_flow"`
}

func read(t *testing.T, path string) file {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var f file
	if err := json.Unmarshal(data, &f); err != nil {
		t.Fatal(err)
	}
	return f
}

// People copy these.
func TestEveryExampleIsValid(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("*.json")
	if err != nil || len(paths) < 3 {
		t.Fatalf("%d examples, %v", len(paths), err)
	}
	names := map[string]string{}
	for _, path := range paths {
		f, err := clusterfile.Load(path)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		for _, w := range f.Warnings {
			t.Errorf("%s: warning: %s", path, w)
		}
		if other, taken := names[f.Config.Name]; taken {
			t.Errorf("%s and %s describe the same cluster", path, other)
		}
		names[f.Config.Name] = path
	}
}

// What stands behind single sign-on keeps one address, whichever machine the primary is.
func TestSingleSignOnHasAnAddressThatStays(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, path      string
		needs, mustLack string // applications
	}{
		{"emr_studio", "emr-studio.json", "JupyterEnterpriseGateway", "JupyterHub"},
		{"oidc_proxy", "jupyterhub-oidc.json", "JupyterHub", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := read(t, tt.path)
			if strings.Contains(f.NotebookURL, "{master}") || !strings.HasPrefix(f.NotebookURL, "https://") || strings.Contains(f.NotebookURL, ":9443") {
				t.Errorf("notebooks are at %s", f.NotebookURL)
			}
			applications := map[string]bool{}
			for _, a := range f.RunJobFlow.Applications {
				applications[a.Name] = true
			}
			if !applications[tt.needs] || applications[tt.mustLack] {
				t.Errorf("applications are %v", applications)
			}
		})
	}
}

// Notebooks must outlive the cluster: a JupyterHub of ours keeps them in S3; EMR Studio always does.
func TestNotebooksAreKeptInS3(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"exploration.json", "jupyterhub-oidc.json"} {
		kept := false
		for _, c := range read(t, path).RunJobFlow.Configurations {
			kept = kept || c.Classification == "jupyter-s3-conf" && c.Properties["s3.persistence.enabled"] == "true" && c.Properties["s3.persistence.bucket"] != ""
		}
		if !kept {
			t.Errorf("%s loses its notebooks with the cluster", path)
		}
	}
}
