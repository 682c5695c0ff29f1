// Package adminsock is how a process on the same machine asks the owner of a data folder, which has its
// files locked: HTTP over a unix socket in that folder, open to the folder's owner only.
package adminsock

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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

// What the owner is asked for.
const (
	auditPath  = "/audit"
	vitalsPath = "/vitals"
)

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

// Store is what the owner answers from.
type Store interface {
	audit.Lister
	lifecycle.Getter
}

// Handler answers for a store, about the clusters that the process looks after.
func Handler(store Store, known func(cluster string) bool) http.Handler {
	mux := http.NewServeMux()
	about := func(path string, answer func(w http.ResponseWriter, r *http.Request, cluster string)) {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
			cluster := r.FormValue("cluster")
			if !known(cluster) {
				http.Error(w, "this process looks after another cluster", http.StatusNotFound)
				return
			}
			answer(w, r, cluster)
		})
	}
	about(auditPath, func(w http.ResponseWriter, r *http.Request, cluster string) { answerAudit(w, r, store, cluster) })
	about(vitalsPath, func(w http.ResponseWriter, r *http.Request, cluster string) { answerVitals(w, r, store, cluster) })
	return mux
}

func answerAudit(w http.ResponseWriter, r *http.Request, store Store, cluster string) {
	q := audit.Query{Person: r.FormValue("person")}
	if since := r.FormValue("since"); since != "" {
		var err error
		if q.Since, err = time.Parse(time.RFC3339Nano, since); err != nil {
			http.Error(w, "since is no time", http.StatusBadRequest)
			return
		}
	}
	attempts, err := audit.Read(r.Context(), store, cluster, q)
	if err != nil {
		http.Error(w, "the audit cannot be read", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	_ = audit.WriteLines(w, attempts) // the asker has gone, or sees that the end is missing
}

func answerVitals(w http.ResponseWriter, r *http.Request, store Store, cluster string) {
	v, err := lifecycle.ReadVitals(r.Context(), store, cluster)
	if err != nil {
		http.Error(w, "the record cannot be read", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // the asker has gone
}

// Audit asks the owner of the folder for attempts; ErrNoOwner when there is none.
func Audit(ctx context.Context, dir, cluster string, q audit.Query) (attempts []lifecycle.Attempt, err error) {
	form := url.Values{"cluster": {cluster}, "person": {q.Person}}
	if !q.Since.IsZero() {
		form.Set("since", q.Since.Format(time.RFC3339Nano))
	}
	err = ask(ctx, dir, auditPath, form, func(body io.Reader) (err error) {
		attempts, err = audit.ReadLines(body)
		return err
	})
	return attempts, err
}

// Vitals asks the owner of the folder how the cluster is looked after; ErrNoOwner when there is none.
func Vitals(ctx context.Context, dir, cluster string) (v lifecycle.Vitals, err error) {
	err = ask(ctx, dir, vitalsPath, url.Values{"cluster": {cluster}}, func(body io.Reader) error {
		return json.NewDecoder(body).Decode(&v)
	})
	return v, err
}

// ask asks the owner and reads its answer.
func ask(ctx context.Context, dir, path string, form url.Values, read func(body io.Reader) error) error {
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", filepath.Join(dir, FileName))
	}}}
	defer client.CloseIdleConnections()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://showtime"+path+"?"+form.Encode(), nil)
	if err != nil {
		return fmt.Errorf("ask owner: %w", err)
	}
	res, err := client.Do(req)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return ErrNoOwner
	case err != nil:
		return fmt.Errorf("ask owner: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("ask owner: it answers %s", res.Status)
	}
	if err := read(res.Body); err != nil {
		return fmt.Errorf("ask owner: %w", err)
	}
	return nil
}
