package manager_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
)

// tap copies the bodies of launches on their way.
type tap struct {
	http.Handler
	launches chan<- []byte
}

func (d tap) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".RunJobFlow") {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		d.launches <- body
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	return direct{d.Handler}.RoundTrip(r)
}
