//go:build moto

// Package mototest starts moto_server, AWS's stand-in, for the tests of the stores and queues.
package mototest

import (
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Start starts a moto_server that lives as long as the test, and gives what an SDK client needs to talk to it.
func Start(t *testing.T) aws.Config {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	host, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, "moto_server", "-H", host, "-p", port) //nolint:gosec // our own arguments
	if err := cmd.Start(); err != nil {
		cancel()
		t.Fatalf("start moto_server: %v", err)
	}
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait()
	})
	url := "http://" + net.JoinHostPort(host, port)
	await(t, url+"/moto-api/data.json")
	return aws.Config{
		Region:       "eu-central-1",
		BaseEndpoint: &url,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
		}),
	}
}

// await asks until the server answers.
func await(t *testing.T, url string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		if res, err := http.DefaultClient.Do(req); err == nil { //nolint:gosec // loopback
			_ = res.Body.Close()
			return
		}
		select {
		case <-ctx.Done():
			t.Fatal("moto_server does not answer")
		case <-ticker.C:
		}
	}
}

// Template finds the one place of template.yaml that the pattern describes and gives its groups.
func Template(t *testing.T, pattern string) []string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above the test")
		}
	}
	data, err := os.ReadFile(filepath.Join(dir, "template.yaml")) //nolint:gosec // our own file
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(pattern).FindAllStringSubmatch(string(data), -1)
	if len(found) != 1 {
		t.Fatalf("template.yaml has %d places like %s, want one", len(found), pattern)
	}
	return found[0][1:]
}
