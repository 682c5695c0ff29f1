package serve_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"showtime/internal/testbed"
	"showtime/lifecycle/httpapi"
	"showtime/test/serve"
)

// The running manager reads its files again when they change: a cluster file, a new one, a bad one, and the grants.
func TestReload(t *testing.T) {
	t.Parallel()
	w := serve.New(t)
	m := w.Manage(map[string]string{"SHOWTIME_DATA": t.TempDir()})
	write := func(path, text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	lease := func(cluster string) string {
		client, err := httpapi.NewClient(httpapi.ClientOptions{URL: m.URL, Cluster: cluster, Token: m.Token})
		if err != nil {
			t.Fatal(err)
		}
		c, err := client.Describe(t.Context())
		if err != nil {
			return err.Error()
		}
		return c.Lease.Default
	}
	exploration := filepath.Join(m.Clusters, "exploration.json")
	shorter := strings.Replace(testbed.ClusterFile, `"default": "4h"`, `"default": "2h"`, 1)
	write(exploration, shorter)
	serve.Until(t, "the changed file to be read", func() bool { return lease("exploration") == "2h0m0s" })
	write(exploration, "{")
	serve.Until(t, "the bad file to be reported", func() bool { return m.Metric("showtime_cluster_files_bad") == 1 })
	if got := lease("exploration"); got != "2h0m0s" || !strings.Contains(m.Log.String(), "bad cluster file") {
		t.Errorf("the bad file leaves %q\n%s", got, m.Log)
	}
	write(exploration, shorter)
	if got := lease("hunting"); !strings.Contains(got, "no such cluster") {
		t.Errorf("before it has a file: %s", got)
	}
	write(filepath.Join(m.Clusters, "hunting.json"), strings.Replace(testbed.ClusterFile, `"exploration"`, `"hunting"`, 1))
	write(m.Grants, strings.Replace(read(t, m.Grants), `["exploration"]`, `["*"]`, 1))
	serve.Until(t, "the new file and the new grant to be read", func() bool { return lease("hunting") == "4h0m0s" })
	write(m.Grants, `{"grants":[]}`)
	serve.Until(t, "the grant to be taken away", func() bool { return strings.Contains(lease("exploration"), "no valid credentials") })
	stopped(t, m.Process)
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
