// Package adminsock is how a process on the same machine asks the owner of a data folder, which has its
// files locked: HTTP over a unix socket in that folder, open to the folder's owner only.
package adminsock

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"showtime/internal/audit"
	"showtime/lifecycle"
)

// FileName is the socket's name in the data folder.
const FileName = "showtime.sock"

// auditPath is where the audit is asked for.
const auditPath = "/audit"

// ErrNoOwner says that no process answers for the folder.
var ErrNoOwner = errors.New("nobody owns the data folder")

// Listen opens the socket. Only the owner of the folder's lock may call it: it replaces what a process
// that was killed has left. The socket appears under its name with its mode set, so there is no moment
// in which others could connect. Close the listener with its file by calling the returned function.
func Listen(ctx context.Context, dir string) (net.Listener, func(), error) {
	private, err := os.MkdirTemp(dir, ".sock") // mode 0700
	if err != nil {
		return nil, nil, fmt.Errorf("make socket: %w", err)
	}
	defer func() { _ = os.RemoveAll(private) }()
	var listen net.ListenConfig
	listener, err := listen.Listen(ctx, "unix", filepath.Join(private, "s"))
	if err != nil {
		return nil, nil, fmt.Errorf("make socket: %w", err)
	}
	if u, ok := listener.(*net.UnixListener); ok {
		u.SetUnlinkOnClose(false) // it is about to be moved
	}
	path := filepath.Join(dir, FileName)
	err = os.Chmod(filepath.Join(private, "s"), 0o600)
	if err == nil {
		err = os.Rename(filepath.Join(private, "s"), path)
	}
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("make socket: %w", err), listener.Close())
	}
	return listener, func() {
		_ = listener.Close()
		_ = os.Remove(path)
	}, nil
}

// Handler answers for a store.
func Handler(store audit.Lister, cluster string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+auditPath, func(w http.ResponseWriter, r *http.Request) {
		q := audit.Query{Person: r.FormValue("person")}
		if since := r.FormValue("since"); since != "" {
			var err error
			if q.Since, err = time.Parse(time.RFC3339Nano, since); err != nil {
				http.Error(w, "since is no time", http.StatusBadRequest)
				return
			}
		}
		name := r.FormValue("cluster")
		if name != cluster {
			http.Error(w, "this process looks after another cluster", http.StatusNotFound)
			return
		}
		attempts, err := audit.Read(r.Context(), store, cluster, q)
		if err != nil {
			http.Error(w, "the audit cannot be read", http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", "application/x-ndjson")
		_ = audit.WriteLines(w, attempts) // the asker has gone, or sees that the end is missing
	})
	return mux
}

// Audit asks the owner of the folder for attempts; ErrNoOwner when there is none.
func Audit(ctx context.Context, dir, cluster string, q audit.Query) ([]lifecycle.Attempt, error) {
	form := url.Values{"cluster": {cluster}, "person": {q.Person}}
	if !q.Since.IsZero() {
		form.Set("since", q.Since.Format(time.RFC3339Nano))
	}
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", filepath.Join(dir, FileName))
	}}}
	defer client.CloseIdleConnections()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://showtime"+auditPath+"?"+form.Encode(), nil)
	if err != nil {
		return nil, fmt.Errorf("ask owner: %w", err)
	}
	res, err := client.Do(req)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return nil, ErrNoOwner
	case err != nil:
		return nil, fmt.Errorf("ask owner: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("ask owner: it answers %s", res.Status)
	}
	return audit.ReadLines(res.Body)
}
