package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// phrases checks the phrases and gives them as they are: what counts as the same phrase is for the
// reader of messages to say.
func (r *reader) phrases() string {
	v := r.get(varPhrases)
	if v == "" {
		return ""
	}
	if err := checkPhrases(v); err != nil {
		r.fail(varPhrases, err.Error()+`; for example {"start":["It's showtime!"]}`)
		return ""
	}
	return v
}

// checkPhrases is strict: a misspelt key would silently leave a default phrase in force.
func checkPhrases(text string) error {
	var lists map[string][]string
	d := json.NewDecoder(strings.NewReader(text))
	if err := d.Decode(&lists); err != nil || lists == nil {
		return errors.New("must be a JSON object of lists of strings")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("must be one JSON object and nothing behind it")
	}
	used := map[string]bool{}
	for key, list := range lists {
		if !slices.Contains([]string{"start", "status", "destroy"}, key) {
			return errors.New("has an unknown key: only start, status and destroy are known")
		}
		for i, phrase := range list {
			plain := strings.ToLower(strings.Join(strings.Fields(phrase), " "))
			if plain == "" {
				return fmt.Errorf("%s[%d] is empty", key, i)
			}
			if used[plain] {
				return errors.New("has the same phrase twice")
			}
			used[plain] = true
		}
	}
	return nil
}
