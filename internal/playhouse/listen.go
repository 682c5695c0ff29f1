package playhouse

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"
)

// portsTried is how many ports after a taken one are tried.
const portsTried = 50

// backstage serves a handler on a loopback port of its own until the house closes, and gives its URL.
func (h *House) backstage(ctx context.Context, handler http.Handler) (string, error) {
	listener, err := listen(ctx, 0)
	if err != nil {
		return "", err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(listener) }() // ends with the Close below
	h.closers = append(h.closers, server.Close)
	return "http://" + listener.Addr().String(), nil
}

// listenFrom takes a port, or the next free one after it.
func listenFrom(ctx context.Context, port int) (net.Listener, error) {
	var first error
	for n := range portsTried {
		l, err := listen(ctx, port+n)
		if err == nil {
			return l, nil
		}
		if first == nil {
			first = err
		}
	}
	return nil, first
}

func listen(ctx context.Context, port int) (net.Listener, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return nil, fmt.Errorf("listen on loopback: %w", err)
	}
	return l, nil
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}
