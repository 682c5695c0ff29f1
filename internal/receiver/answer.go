package receiver

import (
	"encoding/json"
	"io"
	"mime"
	"net/http"
)

const (
	formType = "application/x-www-form-urlencoded"
	jsonType = "application/json"
)

// unauthorized is the one body of every 401, so that it tells nothing about the reason.
const unauthorized = "unauthorized\n"

// turnAway answers what is not for us, and leaves the one line that counts it.
func (rc *Receiver) turnAway(w http.ResponseWriter, status int, why string) {
	rc.config.Log.Info().Int("status", status).Str("why", why).Msg("turned away")
	if status == http.StatusUnauthorized {
		words(w, status, unauthorized)
		return
	}
	w.WriteHeader(status)
}

// words answers with plain text that no browser takes for anything else.
func words(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text) // nobody is left to tell
}

// ephemeral answers a command with words for its person alone.
func ephemeral(w http.ResponseWriter, text string) {
	data, err := json.Marshal(struct {
		ResponseType string `json:"response_type"`
		Text         string `json:"text"`
	}{"ephemeral", text})
	if err != nil { // two strings cannot fail to marshal
		panic(err)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(data) // nobody is left to tell
}

func isType(h http.Header, want string) bool {
	got, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	return err == nil && got == want
}
