package job

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"strconv"
	"strings"
	"time"
)

// maxSlackID bounds an id of Slack; real ones have about eleven characters.
const maxSlackID = 40

// TriggerID is the id of a job made by a command or a click: a hash, because a trigger id is a credential.
func TriggerID(source Source, trigger string) string {
	sum := sha256.Sum256([]byte(trigger))
	return string(source) + "-" + hex.EncodeToString(sum[:16])
}

// MessageID is the id of a job made by a message, which channel and ts name.
func MessageID(channel, ts string) string {
	return string(Phrase) + "-" + channel + "-" + ts
}

// RefOf is the short reference of a job: the same for every delivery of what has this id.
func RefOf(id string) string {
	sum := sha256.Sum256([]byte(id))
	return strings.ToLower(base32.StdEncoding.EncodeToString(sum[:5]))
}

// IsSlackID says whether a string can be an id of Slack's (a person, channel, team or app). Groups of
// the queue and keys of the store are made of these, so nothing else may get into them.
func IsSlackID(s string) bool {
	if s == "" || len(s) > maxSlackID {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

// TimeOf reads a ts of Slack's, which is a time in seconds with six decimals.
func TimeOf(ts string) (time.Time, bool) {
	whole, fraction, ok := strings.Cut(ts, ".")
	if !ok || len(whole) > 12 || len(fraction) != 6 {
		return time.Time{}, false
	}
	seconds, err := strconv.ParseUint(whole, 10, 62)
	if err != nil {
		return time.Time{}, false
	}
	micros, err := strconv.ParseUint(fraction, 10, 62)
	if err != nil {
		return time.Time{}, false
	}
	return time.Unix(int64(seconds), int64(micros)*int64(time.Microsecond)).UTC(), true
}
