package moto

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// ask makes a request of a service for which there is no SDK in go.mod: moto tells services apart by the signature.
func (s *Server) ask(ctx context.Context, service, method, path, kind string, body []byte) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, method, s.URL+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", kind)
	sum := sha256.Sum256(body)
	key := aws.Credentials{AccessKeyID: accessKey, SecretAccessKey: accessKey}
	if err := v4.NewSigner().SignHTTP(ctx, key, r, hex.EncodeToString(sum[:]), service, region, time.Now()); err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close() //nolint:errcheck // only read
	answer, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode >= http.StatusBadRequest {
		err = fmt.Errorf("%s %s %s: %s\n%s", service, method, path, resp.Status, answer)
	}
	return answer, err
}

// query makes a call of one of the services that speak in forms and XML. into may be nil.
func (s *Server) query(tb testing.TB, service string, form url.Values, into any) {
	tb.Helper()
	answer, err := s.ask(tb.Context(), service, http.MethodPost, "/", "application/x-www-form-urlencoded", []byte(form.Encode()))
	if err == nil && into != nil {
		err = xml.Unmarshal(answer, into)
	}
	if err != nil {
		tb.Fatalf("%s: %v", form.Get("Action"), err)
	}
}
