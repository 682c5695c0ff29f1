// Package moto runs moto_server, an AWS look-alike, for tests, and puts into it what template.yaml
// describes. moto has no permissions, no throttling and no listing lag, and its EMR clusters are ready
// at once: what depends on those is tested on the simulated EMR.
package moto

import (
	"bufio"
	"context"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

const (
	region    = "eu-central-1"
	accessKey = "testing"
	startTime = 60 * time.Second
)

var running = regexp.MustCompile(`Running on (http://127\.0\.0\.1:\d+)`)

// Server is a running moto_server.
type Server struct{ URL string }

// Start runs moto_server on a free port until the test ends. It fails the test when there is none.
func Start(tb testing.TB) *Server {
	tb.Helper()
	program, err := exec.LookPath("moto_server")
	if err != nil {
		tb.Fatalf("this test needs moto_server (pip install -r test/requirements.txt): %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, program, "-H", "127.0.0.1", "-p", "0")
	cmd.Env = environWithoutAWS()
	stderr, err := cmd.StderrPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		tb.Fatalf("start moto_server: %v", err)
	}
	tb.Cleanup(func() {
		cancel()
		_ = cmd.Wait() // it was killed, and says so
	})
	s := &Server{URL: awaitURL(tb, stderr)}
	s.awaitReady(tb)
	return s
}

// environWithoutAWS keeps a person's own account out of the tests.
func environWithoutAWS() []string {
	return slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "AWS_") })
}

// awaitURL reads what moto_server says until it names its address, and goes on reading so that it never blocks.
func awaitURL(tb testing.TB, stderr io.Reader) string {
	tb.Helper()
	found := make(chan string, 1)
	go func() {
		defer close(found)
		lines := bufio.NewScanner(stderr)
		for lines.Scan() {
			if m := running.FindStringSubmatch(lines.Text()); m != nil {
				found <- m[1]
				break
			}
		}
		_, _ = io.Copy(io.Discard, stderr)
	}()
	select {
	case url := <-found:
		if url == "" {
			tb.Fatal("moto_server ended before it listened")
		}
		return url
	case <-time.After(startTime):
		tb.Fatal("moto_server did not say where it listens")
	}
	return ""
}

// awaitReady asks until moto answers; the socket listens a moment earlier.
func (s *Server) awaitReady(tb testing.TB) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), startTime)
	defer cancel()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		if s.call(ctx, http.MethodGet, "/moto-api/data.json") == nil {
			return
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			tb.Fatal("moto_server did not become ready")
		}
	}
}

// Reset forgets everything that was made.
func (s *Server) Reset(tb testing.TB) {
	tb.Helper()
	if err := s.call(tb.Context(), http.MethodPost, "/moto-api/reset"); err != nil {
		tb.Fatalf("reset moto: %v", err)
	}
}

func (s *Server) call(ctx context.Context, method, path string) error {
	req, err := http.NewRequestWithContext(ctx, method, s.URL+path, http.NoBody)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close() //nolint:errcheck // only read
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}

// Environ gives the variables with which a process reaches moto instead of AWS.
func (s *Server) Environ() map[string]string {
	return map[string]string{
		"AWS_ENDPOINT_URL": s.URL, "AWS_REGION": region,
		"AWS_ACCESS_KEY_ID": accessKey, "AWS_SECRET_ACCESS_KEY": accessKey,
		"AWS_EC2_METADATA_DISABLED": "true",
	}
}

// Lookup is Environ, with more variables over it, as the programs read their environment.
func (s *Server) Lookup(more map[string]string) func(string) (string, bool) {
	env := s.Environ()
	maps.Copy(env, more)
	return func(name string) (string, bool) {
		v, ok := env[name]
		return v, ok
	}
}

// Config is how the AWS SDK reaches moto.
func (s *Server) Config() aws.Config {
	return aws.Config{
		Region: region, BaseEndpoint: aws.String(s.URL),
		Credentials: credentials.NewStaticCredentialsProvider(accessKey, accessKey, ""),
	}
}
