package playhouse_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"showtime/internal/playhouse"
)

// open opens a house until the test ends and gives its URL.
func open(t *testing.T, port int) string {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	house, err := playhouse.New(ctx, playhouse.Options{Port: port, Log: zerolog.Nop()})
	if err != nil {
		stop()
		t.Fatalf("build the house: %v", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- house.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("run: %v", err)
		}
		if err := house.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return house.URL()
}

func get(t *testing.T, url, host string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if host != "" {
		req.Host = host
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatalf("get %s: %v", url, err)
	}
	defer resp.Body.Close() //nolint:errcheck // only read
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
}

func TestHouse_serves_its_page_on_loopback_to_its_own_name_only(t *testing.T) {
	t.Parallel()
	url := open(t, 0)
	if !strings.HasPrefix(url, "http://127.0.0.1:") {
		t.Fatalf("the page is at %s", url)
	}
	if got := get(t, url+"/", ""); got != http.StatusOK {
		t.Errorf("page answers %d", got)
	}
	if got := get(t, url+"/", "evil.example"); got != http.StatusForbidden {
		t.Errorf("another host's name is answered %d", got)
	}
}

func TestHouse_takes_the_next_port_when_one_is_taken(t *testing.T) {
	t.Parallel()
	var lc net.ListenConfig
	taken, err := lc.Listen(t.Context(), "tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close() //nolint:errcheck // only held
	port := taken.Addr().(*net.TCPAddr).Port
	if url := open(t, port); strings.HasSuffix(url, ":"+strconv.Itoa(port)) {
		t.Errorf("the house took %s, which is taken", url)
	}
}

// TestHouse_ignores_the_persons_environment sets what would lead an ordinary program astray: settings of
// Showtime and Slack, and AWS variables with an endpoint and proxies that count who comes.
func TestHouse_ignores_the_persons_environment(t *testing.T) {
	var lc net.ListenConfig
	trap, err := lc.Listen(t.Context(), "tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	visits := make(chan struct{}, 100)
	go func() {
		for {
			c, err := trap.Accept()
			if err != nil {
				return
			}
			visits <- struct{}{}
			_ = c.Close()
		}
	}()
	t.Cleanup(func() { _ = trap.Close() })
	astray := "http://" + trap.Addr().String()
	elsewhere := t.TempDir()
	for name, value := range map[string]string{
		"SHOWTIME_DATA": elsewhere, "SHOWTIME_CLUSTER": "/nowhere.json", "SHOWTIME_TABLE": "x", "SHOWTIME_QUEUE_URL": astray,
		"SHOWTIME_LIFECYCLE_URL": astray, "SLACK_API_URL": astray + "/", "SLACK_BOT_TOKEN": "xoxb-real", "SLACK_SIGNING_SECRET": "real",
		"AWS_ENDPOINT_URL": astray, "AWS_ENDPOINT_URL_EMR": astray, "AWS_REGION": "us-gov-west-1", "AWS_PROFILE": "missing",
		"HTTP_PROXY": astray, "HTTPS_PROXY": astray,
	} {
		t.Setenv(name, value)
	}
	url := open(t, 0)
	show(t, url)
	if len(visits) != 0 {
		t.Errorf("the demo dialled out %d times", len(visits))
	}
	if left, err := os.ReadDir(elsewhere); err != nil || len(left) != 0 {
		t.Errorf("the demo wrote into the person's data folder: %v %v", left, err)
	}
}

// show has Ana start the show and waits until EMR has been asked.
func show(t *testing.T, url string) {
	t.Helper()
	play(t, url, "U0ANA", "C0HUNT", "It's showtime!", "STARTING")
}

// tokenOf is what the page's requests must carry.
func tokenOf(t *testing.T, url string) string {
	t.Helper()
	_, rest, _ := strings.Cut(body(t, http.MethodGet, url+"/", nil, ""), `showtime-token" content="`)
	token, _, _ := strings.Cut(rest, `"`)
	return token
}

// play has somebody type something, and waits until that person sees this. It gives what else there is to see.
func play(t *testing.T, url, person, channel, text, awaited string) string {
	t.Helper()
	token := tokenOf(t, url)
	typed, err := json.Marshal(map[string]string{"person": person, "channel": channel, "text": text})
	if err != nil {
		t.Fatal(err)
	}
	body(t, http.MethodPost, url+"/page/type", bytes.NewReader(typed), token)
	// Moving the clock waits for the jobs in the queue, so the launch has been made when it returns.
	body(t, http.MethodPost, url+"/page/clock", strings.NewReader(`{"minutes":1}`), token)
	return sees(t, url, person, awaited)
}

// sees waits until somebody sees this, and gives what else there is to see.
func sees(t *testing.T, url, person, awaited string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/page/events?person="+strings.TrimPrefix(person, "U0"), nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // only read
	seen, some := "", make([]byte, 64<<10)
	for !strings.Contains(seen, awaited) {
		n, err := resp.Body.Read(some)
		if seen += string(some[:n]); err != nil {
			t.Fatalf("%s does not see %q: %v\n%s", person, awaited, err, seen)
		}
	}
	return seen
}

// TestHouse_has_a_doctor: an admin's look at the demo's setup finds nothing wrong with it.
func TestHouse_has_a_doctor(t *testing.T) {
	t.Parallel()
	url := open(t, 0)
	if seen := play(t, url, "U0BO", "C0ADMINS", "/emr doctor", "SETUP"); strings.Contains(seen, "✗ error") {
		t.Errorf("the demo's setup is wrong:\n%s", seen)
	}
	play(t, url, "U0ANA", "C0HUNT", "/emr doctor", "Only an admin may look at the setup.")
	play(t, url, "U0ANA", "C0HUNT", "/emr help", "`/emr doctor` checks the setup, for its admins")
}

func body(t *testing.T, method, url string, send io.Reader, token string) string {
	t.Helper()
	status, data := request(t, method, url, send, token)
	if status != http.StatusOK {
		t.Fatalf("%s %s: %d %s", method, url, status, data)
	}
	return data
}

func request(t *testing.T, method, url string, send io.Reader, token string) (status int, data string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, send)
	if err != nil {
		t.Fatal(err)
	}
	if method == http.MethodPost {
		req.Header.Set("Origin", strings.Split(url, "/page")[0])
		req.Header.Set("X-Showtime-Token", token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // only read
	read, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(read)
}

func TestHouse_leaves_nothing_behind(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	house, err := playhouse.New(t.Context(), playhouse.Options{Log: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	left, err := filepath.Glob(filepath.Join(dir, "showtime-demo-*"))
	if err != nil || len(left) != 1 {
		t.Fatalf("the data folder is not where it should be: %v %v", left, err)
	}
	if err := house.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
	if _, err := os.Stat(left[0]); !os.IsNotExist(err) {
		t.Errorf("the data folder is still there: %v", err)
	}
}
