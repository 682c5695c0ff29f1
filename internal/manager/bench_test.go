package manager_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"showtime/internal/store/boltstore"
	"showtime/lifecycle"
	"showtime/lifecycle/httpapi/grant"
)

// embeddedRig is a manager on the embedded store, with a session that is up and some history behind it.
func embeddedRig(b *testing.B) *rig {
	b.Helper()
	dir := b.TempDir()
	r := newRig(b, rigOptions{
		grants: []grant.Row{everything("bench", "exploration")},
		store: func(now func() time.Time) lifecycle.Store {
			store, err := boltstore.Open(dir, now)
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() { _ = store.Close() }) // nothing is written any more
			return store
		},
	})
	r.ask(r.tokens["bench"], http.MethodPost, "/v1/clusters/exploration/start", `{"hours":4,"purpose":"bench"}`, "Idempotency-Key", "bench-1")
	r.up()
	return r
}

const statusPath = "/v1/clusters/exploration"

// BenchmarkStatus is the manager's own time for the status of one cluster: authorised, read, estimated, written.
func BenchmarkStatus(b *testing.B) {
	r := embeddedRig(b)
	b.ReportAllocs()
	for b.Loop() {
		q := httptest.NewRequestWithContext(b.Context(), http.MethodGet, statusPath, http.NoBody)
		q.Header.Set("Authorization", "Bearer "+r.tokens["bench"])
		w := httptest.NewRecorder()
		r.server.Config.Handler.ServeHTTP(w, q)
		if w.Code != http.StatusOK {
			b.Fatalf("%d: %s", w.Code, w.Body)
		}
	}
}

// BenchmarkStatusOverHTTP asks over kept connections of 32 machines at once, on this process's own cores.
func BenchmarkStatusOverHTTP(b *testing.B) {
	const machines = 32
	r := embeddedRig(b)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: machines}}
	var left, errs atomic.Int64
	left.Store(int64(b.N))
	var wg sync.WaitGroup
	b.ResetTimer()
	for range machines {
		wg.Go(func() {
			for left.Add(-1) >= 0 {
				if !ok(b.Context(), client, r.server.URL+statusPath, r.tokens["bench"]) {
					errs.Add(1)
				}
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
	b.ReportMetric(float64(errs.Load()), "errors")
}

func ok(ctx context.Context, client *http.Client, url, token string) bool {
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return false
	}
	q.Header.Set("Authorization", "Bearer "+token)
	w, err := client.Do(q)
	if err != nil {
		return false
	}
	defer func() { _ = w.Body.Close() }()
	_, err = io.Copy(io.Discard, w.Body)
	return err == nil && w.StatusCode == http.StatusOK
}
