//go:build lambda

package lambda

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"showtime/lifecycle/httpapi/grant"
	"showtime/test/moto"
	"showtime/test/template"
)

// secretKey is what every function signs with; moto's configuration gives it.
const secretKey = "testing"

// manage runs the lifecycle manager behind its API, opened to the worker's role, and gives the API's address.
func (w *World) manage(tb testing.TB) (url string) {
	tb.Helper()
	role, err := w.Stack.Template.Resolve(template.Call{Fn: "Ref", Arg: "WorkerRole"})
	if err != nil {
		tb.Fatal(err)
	}
	name := role.(string)
	w.Manager = w.function(tb, "Manager", "LifecycleRole", map[string]string{
		"SHOWTIME_GRANTS": grantsFor(tb, "arn:aws:iam::123456789012:role/"+name),
	})
	return w.serve(tb, &Gateway{Function: w.Manager, Verify: w.verifier("arn:aws:sts::123456789012:assumed-role/" + name + "/worker")}, "Manager")
}

// grantsFor writes a grants file that opens the bot's cluster to a role.
func grantsFor(tb testing.TB, role string) (path string) {
	tb.Helper()
	data, err := json.Marshal(map[string]any{"grants": []grant.Row{{
		Name: "bot", Principal: role, Clusters: []string{"exploration"},
		Verbs: []grant.Verb{grant.Read, grant.Start, grant.Stop, grant.Join, grant.Extend, grant.OnBehalf},
	}}})
	if err != nil {
		tb.Fatal(err)
	}
	path = filepath.Join(tb.TempDir(), "grants.json")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}

// verifier is what API Gateway does for AWS_IAM: the signature must be the worker's and good, and IAM must allow the call.
func (w *World) verifier(arn string) func(*http.Request, []byte) (string, bool) {
	return func(r *http.Request, body []byte) (string, bool) {
		key := credential(r)
		if key != accessKey("Worker") || !signed(r, body, key) {
			return "", false
		}
		resource := moto.ARN("execute-api", "LifecycleApi/$default/"+r.Method+r.URL.Path)
		return arn, w.Proxy.Guard.allows(key, []template.Request{{Action: "execute-api:Invoke", Resource: resource}})
	}
}

// signed signs a request again, with the headers that were signed, and compares.
func signed(r *http.Request, body []byte, key string) bool {
	at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	if err != nil || time.Since(at).Abs() > 5*time.Minute {
		return false
	}
	again, err := http.NewRequestWithContext(r.Context(), r.Method, "http://"+r.Host+r.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		return false
	}
	_, list, _ := strings.Cut(r.Header.Get("Authorization"), "SignedHeaders=")
	list, _, _ = strings.Cut(list, ",")
	for name := range strings.SplitSeq(list, ";") {
		if values := r.Header.Values(name); len(values) > 0 {
			again.Header[http.CanonicalHeaderKey(name)] = values
		}
	}
	sum := sha256.Sum256(body)
	credentials := aws.Credentials{AccessKeyID: key, SecretAccessKey: secretKey}
	if err := v4.NewSigner().SignHTTP(r.Context(), credentials, again, hex.EncodeToString(sum[:]), "execute-api", "eu-central-1", at); err != nil {
		return false
	}
	return again.Header.Get("Authorization") == r.Header.Get("Authorization")
}
