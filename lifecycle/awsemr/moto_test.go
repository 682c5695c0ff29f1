//go:build moto

package awsemr_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"os/exec"
	"testing"
	"time"

	"showtime/lifecycle"
	"showtime/lifecycle/awsemr"
)

// moto starts a moto_server on a free port and waits until it answers.
func moto(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err := errors.Join(err, l.Close()); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, "moto_server", "-H", "127.0.0.1", "-p", port)
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatalf("start moto_server: %v", err)
	}
	t.Cleanup(func() { cancel(); _ = cmd.Wait() })
	url := "http://127.0.0.1:" + port
	deadline := time.Now().Add(30 * time.Second)
	for !answers(t, url+"/moto-api/data.json") {
		if time.Now().After(deadline) {
			t.Fatalf("moto_server does not answer: %s", out.String())
		}
		<-time.After(50 * time.Millisecond)
	}
	return url
}

func answers(t *testing.T, url string) bool {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	return res.Body.Close() == nil && res.StatusCode == http.StatusOK
}

func TestOneLifeAgainstMoto(t *testing.T) {
	t.Parallel()
	raw := changed(t, example(t), `"TerminationProtected": false`, `"TerminationProtected": true`)
	e := awsemr.New(client(moto(t)), parse(t, raw), "test")
	id, err := e.Launch(t.Context(), lifecycle.Launch{Generation: 3, Requester: "U0ANNA"})
	if err != nil {
		t.Fatal(err)
	}
	list, err := e.List(t.Context())
	if err != nil || len(list) != 1 || list[0].ID != id || list[0].Name != "exploration" {
		t.Fatal(list, err)
	}
	got, err := e.Describe(t.Context(), id)
	if err != nil || !got.Protected || got.Tags[lifecycle.TagGeneration] != "3" || got.Tags[lifecycle.TagInstallation] != "test" {
		t.Fatalf("%+v %v", got, err)
	}
	if err := e.Terminate(t.Context(), id); err == nil {
		t.Error("a protected cluster passes for ended")
	}
	if err := errors.Join(e.Unprotect(t.Context(), id), e.Terminate(t.Context(), id), e.Terminate(t.Context(), id)); err != nil {
		t.Fatal(err)
	}
	if got, err := e.Describe(t.Context(), id); err != nil || !lifecycle.Ended(got.State) {
		t.Error(got, err)
	}
	if list, err := e.List(t.Context()); err != nil || len(list) != 0 {
		t.Error(list, err)
	}
	if _, err := e.Describe(t.Context(), "j-NOSUCHCLUSTER"); !errors.Is(err, lifecycle.ErrUnknownCluster) {
		t.Error(err)
	}
}
