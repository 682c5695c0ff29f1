package wiring_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"showtime/internal/wiring"
	"showtime/lifecycle"
	"showtime/lifecycle/httpapi"
)

// verifySigV4 checks a request as AWS describes it, written here without AWS's library. It gives what is wrong.
func verifySigV4(r *http.Request, body []byte, secret, region, service string, now time.Time) string {
	fields := map[string]string{}
	rest, ok := strings.CutPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 ")
	for field := range strings.SplitSeq(rest, ", ") {
		name, value, _ := strings.Cut(field, "=")
		fields[name] = value
	}
	stamp := r.Header.Get("X-Amz-Date")
	at, err := time.Parse("20060102T150405Z", stamp)
	if !ok || err != nil {
		return "not signed"
	}
	if d := now.Sub(at); d > 5*time.Minute || d < -5*time.Minute {
		return "clock skew"
	}
	scope := strings.Join([]string{stamp[:8], region, service, "aws4_request"}, "/")
	if _, got, _ := strings.Cut(fields["Credential"], "/"); got != scope {
		return "scope " + got
	}
	signed := strings.Split(fields["SignedHeaders"], ";")
	if !slices.Contains(signed, "host") || !slices.Contains(signed, "x-amz-date") {
		return "host or time is not signed"
	}
	var headers strings.Builder
	for _, name := range signed {
		value := r.Header.Get(name)
		switch name {
		case "host":
			value = r.Host
		case "content-length":
			value = fmt.Sprint(r.ContentLength)
		}
		_, _ = fmt.Fprintf(&headers, "%s:%s\n", name, strings.TrimSpace(value))
	}
	query := strings.ReplaceAll(r.URL.Query().Encode(), "+", "%20")
	path := strings.ReplaceAll(r.URL.EscapedPath(), "%", "%25") // escaped twice, as everywhere but in S3
	canonical := strings.Join([]string{r.Method, path, query, headers.String(), fields["SignedHeaders"], hexSum(body)}, "\n")
	key := []byte("AWS4" + secret)
	for part := range strings.SplitSeq(scope, "/") {
		key = mac(key, part)
	}
	want := hex.EncodeToString(mac(key, strings.Join([]string{"AWS4-HMAC-SHA256", stamp, scope, hexSum([]byte(canonical))}, "\n")))
	if fields["Signature"] != want {
		return "signature"
	}
	return ""
}

func hexSum(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	_, _ = io.WriteString(h, text)
	return h.Sum(nil)
}

// TestVerifySigV4 holds the verification itself to the vector get-vanilla of AWS's published test suite.
func TestVerifySigV4(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "https://example.amazonaws.com/", http.NoBody)
	r.Header.Set("X-Amz-Date", "20150830T123600Z")
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "+
		"SignedHeaders=host;x-amz-date, Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31")
	at := time.Date(2015, 8, 30, 12, 36, 0, 0, time.UTC)
	if got := verifySigV4(r, nil, "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "us-east-1", "service", at); got != "" {
		t.Error(got)
	}
}

// TestSign says that a client without a token signs every request, its body included, for API Gateway.
func TestSign(t *testing.T) {
	t.Parallel()
	const secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	a := aws.Config{Region: "eu-central-1", Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", secret, "session-token")}
	tests := []struct {
		name, secret, region string
		late                 time.Duration
		change               func(r *http.Request, body *[]byte)
		want                 string
	}{
		{"as_sent", secret, "eu-central-1", 0, nil, ""},
		{"a_little_late", secret, "eu-central-1", 4 * time.Minute, nil, ""},
		{"skewed", secret, "eu-central-1", 6 * time.Minute, nil, "clock skew"},
		{"skewed_back", secret, "eu-central-1", -6 * time.Minute, nil, "clock skew"},
		{"another_secret", "other", "eu-central-1", 0, nil, "signature"},
		{"another_region", secret, "eu-west-1", 0, nil, "scope 20261123/eu-central-1/execute-api/aws4_request"},
		{"another_body", secret, "eu-central-1", 0, func(_ *http.Request, body *[]byte) { *body = []byte(`{}`) }, "signature"},
		{"another_path", secret, "eu-central-1", 0, func(r *http.Request, _ *[]byte) { r.URL.Path += "x" }, "signature"},
		{"another_query", secret, "eu-central-1", 0, func(r *http.Request, _ *[]byte) { r.URL.RawQuery = "dry_run=true" }, "signature"},
		{"another_host", secret, "eu-central-1", 0, func(r *http.Request, _ *[]byte) { r.Host = "elsewhere.test" }, "signature"},
		{"another_session", secret, "eu-central-1", 0, func(r *http.Request, _ *[]byte) { r.Header.Set("X-Amz-Security-Token", "x") }, "signature"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			asked := 0
			look := carry(func(r *http.Request) {
				asked++
				body, err := io.ReadAll(r.Body)
				if err != nil {
					t.Fatal(err)
				}
				if tt.change != nil {
					tt.change(r, &body)
				}
				if got := verifySigV4(r, body, tt.secret, tt.region, "execute-api", now.Add(tt.late)); got != tt.want {
					t.Errorf("%s %s: %q, want %q", r.Method, r.URL, got, tt.want)
				}
			})
			c, err := httpapi.NewClient(httpapi.ClientOptions{
				URL: "https://manager.test", Cluster: "threat hunting", Sign: wiring.Sign(a, func() time.Time { return now }), Transport: look,
			})
			if err != nil {
				t.Fatal(err)
			}
			in := lifecycle.StartInput{Op: lifecycle.Op{ID: "start-1"}, Purpose: "looking around"}
			if _, err := c.Start(t.Context(), in); err == nil || asked == 0 {
				t.Errorf("%v after %d requests", err, asked)
			}
			if _, err := c.History(t.Context(), now, 5); err == nil {
				t.Error("a refusal is an answer")
			}
		})
	}
}

// carry looks at requests and answers none of them well.
type carry func(*http.Request)

func (c carry) RoundTrip(r *http.Request) (*http.Response, error) {
	c(r)
	w := httptest.NewRecorder()
	w.WriteHeader(http.StatusForbidden)
	return w.Result(), nil
}
