package lifecycle

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"
)

// anyKey stands for "every key is known".
const anyKey = "*"

// file reads JSON strictly and collects every problem with its path. encoding/json itself matches
// keys in any case and lets the last of two win, which an operator's file must not depend on.
type file struct {
	lenient  bool // unknown keys are somebody else's matter
	problems []error
}

func (f *file) problem(path, text string) {
	f.problems = append(f.problems, &FieldError{Path: path, Problem: text})
}

// object reads one object's members, each as it stands; nil when it is none.
func (f *file) object(path string, raw []byte, known ...string) map[string]json.RawMessage {
	d := json.NewDecoder(bytes.NewReader(raw))
	if t, err := d.Token(); err != nil {
		f.problem(path, "is not JSON: "+err.Error())
		return nil
	} else if t != json.Delim('{') {
		f.problem(path, "must be an object")
		return nil
	}
	members := map[string]json.RawMessage{}
	for d.More() {
		if !f.member(d, path, members, known) {
			return nil
		}
	}
	if _, err := d.Token(); err != nil {
		f.problem(path, "is not JSON: "+err.Error())
		return nil
	}
	if _, err := d.Token(); err != io.EOF { // Decoder.Token gives io.EOF itself
		f.problem(path, "is followed by something else")
	}
	return members
}

func (f *file) member(d *json.Decoder, path string, into map[string]json.RawMessage, known []string) bool {
	key, err := d.Token()
	var value json.RawMessage
	if err == nil {
		err = d.Decode(&value)
	}
	if err != nil {
		f.problem(path, "is not JSON: "+err.Error())
		return false
	}
	name := fmt.Sprint(key)
	at := path + "." + name
	if _, twice := into[name]; twice {
		f.problem(at, "stands there twice")
	}
	if !f.lenient && !slices.Contains(known, name) && !slices.Contains(known, anyKey) {
		f.problem(at, "is not known")
	}
	into[name] = value
	return true
}

// optional reads an object that may be absent, as one without members.
func (f *file) optional(o map[string]json.RawMessage, path, key string, known ...string) map[string]json.RawMessage {
	if o[key] == nil {
		return nil
	}
	return f.object(path+"."+key, o[key], known...)
}

// text reads a string and says whether there is one.
func (f *file) text(o map[string]json.RawMessage, path, key string) (string, bool) {
	raw := o[key]
	if raw == nil {
		return "", false
	}
	var s string
	if err := json.Unmarshal(raw, &s); err != nil || isNull(raw) {
		f.problem(path+"."+key, "must be a string")
		return "", false
	}
	return s, true
}

// duration reads a duration of at least a second; 0 after a problem.
func (f *file) duration(o map[string]json.RawMessage, path, key string, fallback time.Duration) time.Duration {
	if o[key] == nil {
		return fallback
	}
	return f.oneDuration(path+"."+key, o[key], time.Second)
}

// zeroable reads a duration that may be nothing.
func (f *file) zeroable(o map[string]json.RawMessage, path, key string, fallback time.Duration) time.Duration {
	if o[key] == nil {
		return fallback
	}
	return f.oneDuration(path+"."+key, o[key], 0)
}

func (f *file) durations(o map[string]json.RawMessage, path, key string, fallback []time.Duration) []time.Duration {
	if o[key] == nil {
		return fallback
	}
	var raw []json.RawMessage
	if err := json.Unmarshal(o[key], &raw); err != nil || isNull(o[key]) {
		f.problem(path+"."+key, "must be a list of durations")
		return nil
	}
	all := make([]time.Duration, 0, len(raw))
	for i, r := range raw {
		all = append(all, f.oneDuration(fmt.Sprintf("%s.%s[%d]", path, key, i), r, time.Second))
	}
	return all
}

func (f *file) oneDuration(path string, raw json.RawMessage, least time.Duration) time.Duration {
	var s string
	err := json.Unmarshal(raw, &s)
	if err == nil {
		var d time.Duration
		if d, err = time.ParseDuration(s); err == nil && d >= least {
			return d
		}
	}
	if err != nil {
		f.problem(path, `must be a duration such as "4h" or "90s"`)
	} else {
		f.problem(path, "must be at least "+least.String())
	}
	return 0
}

// quiet reads a duration for the sake of another one's default, without a word about problems.
func (f *file) quiet(o map[string]json.RawMessage, key string) time.Duration {
	unheard := &file{}
	return unheard.duration(o, "", key, 0)
}

func isNull(raw json.RawMessage) bool { return string(bytes.TrimSpace(raw)) == "null" }
