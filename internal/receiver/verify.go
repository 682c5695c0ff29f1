package receiver

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	signatureHeader = "X-Slack-Signature"
	timestampHeader = "X-Slack-Request-Timestamp"
	scheme          = "v0="
	maxSkew         = 300 // seconds, in both directions
	maxDigits       = 12  // of a timestamp; keeps it far from overflow
)

// signed is what the headers claim about a body.
type signed struct {
	stamp string // as sent, because the signature covers it so
	at    time.Time
	mac   [sha256.Size]byte
}

// readSignature reads the two headers. Why is a fixed word for the log when they cannot hold.
func readSignature(h http.Header, now time.Time) (s signed, why string) {
	stamps, signatures := h.Values(timestampHeader), h.Values(signatureHeader)
	if len(stamps) != 1 || len(signatures) != 1 {
		return signed{}, "no-signature"
	}
	digits, ok := strings.CutPrefix(signatures[0], scheme)
	if !ok || len(digits) != hex.EncodedLen(sha256.Size) {
		return signed{}, "bad-signature"
	}
	if _, err := hex.Decode(s.mac[:], []byte(digits)); err != nil {
		return signed{}, "bad-signature"
	}
	seconds, ok := readSeconds(stamps[0])
	if !ok {
		return signed{}, "bad-timestamp"
	}
	if skew := now.Unix() - seconds; skew > maxSkew || skew < -maxSkew {
		return signed{}, "stale"
	}
	s.stamp, s.at = stamps[0], time.Unix(seconds, 0).UTC()
	return s, ""
}

// readSeconds accepts digits alone: no sign, space or fraction.
func readSeconds(stamp string) (int64, bool) {
	if len(stamp) > maxDigits {
		return 0, false
	}
	seconds, err := strconv.ParseUint(stamp, 10, 62)
	return int64(seconds), err == nil
}

// by says whether one of the secrets made the signature. An empty secret signs nothing.
func (s signed) by(secrets []string, body []byte) bool {
	for _, secret := range secrets {
		if secret == "" {
			continue
		}
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write([]byte("v0:" + s.stamp + ":"))
		mac.Write(body)
		if hmac.Equal(mac.Sum(nil), s.mac[:]) {
			return true
		}
	}
	return false
}
