// Package clusterfile reads a cluster file as a whole: Showtime's own part by lifecycle, EMR's part by
// lifecycle/awsemr, and every problem of both at once, each with its JSON path.
package clusterfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"showtime/lifecycle"
	"showtime/lifecycle/awsemr"
)

// maxSize is far above any cluster file.
const maxSize = 1 << 20

// File is a cluster file without problems.
type File struct {
	Config   lifecycle.Config
	Shape    lifecycle.Shape
	Template *awsemr.Template
	// Warnings are choices that may be meant, each with its JSON path.
	Warnings []string
}

// Load reads the file at a path, or the JSON itself when it is given in the path's place.
func Load(pathOrJSON string) (File, error) {
	if strings.HasPrefix(strings.TrimSpace(pathOrJSON), "{") {
		return Parse([]byte(pathOrJSON))
	}
	data, err := read(pathOrJSON)
	if err != nil {
		return File{}, fmt.Errorf("read cluster file: %w", err)
	}
	return Parse(data)
}

func read(path string) ([]byte, error) {
	if path == "" {
		return nil, errors.New("no path is given")
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%q does not exist: %w", path, fs.ErrNotExist)
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, fmt.Errorf("%q is a folder, not a file", path)
	}
	f, err := os.Open(path) //nolint:gosec // the path is the operator's own
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	return data, errors.Join(err, f.Close())
}

// Parse reads a cluster file's JSON. Its error joins a *lifecycle.FieldError for every problem.
func Parse(data []byte) (File, error) {
	if len(data) > maxSize {
		return File{}, problem("is larger than 1 MiB")
	}
	if err := syntax(data); err != nil {
		return File{}, err
	}
	config, err := lifecycle.ParseConfig(data)
	problems := []error{err}
	var template *awsemr.Template
	if config.RunJobFlow != nil {
		var fields []*lifecycle.FieldError
		template, fields = awsemr.ParseTemplate(config.RunJobFlow, config.Name)
		for _, f := range fields {
			problems = append(problems, f)
		}
	}
	if err := errors.Join(problems...); err != nil {
		return File{}, err
	}
	file := File{Config: config, Shape: template.Shape(), Template: template}
	file.Warnings = slices.Concat(template.Warnings, unpriced(config, file.Shape))
	return file, nil
}

// syntax says where broken JSON is broken, which a path cannot.
func syntax(data []byte) error {
	var value json.RawMessage
	err := json.Unmarshal(data, &value)
	if err == nil {
		return nil
	}
	if bad, ok := errors.AsType[*json.SyntaxError](err); ok {
		line, column := position(data, bad.Offset)
		return problem(fmt.Sprintf("is not valid JSON at line %d, column %d: %s", line, column, bad))
	}
	return problem("is not valid JSON: " + err.Error())
}

// position gives the line and the column, in bytes, of the last byte read.
func position(data []byte, offset int64) (line, column int) {
	before := data[:max(0, min(int(offset), len(data))-1)]
	return bytes.Count(before, []byte("\n")) + 1, len(before) - bytes.LastIndexByte(before, '\n')
}

func problem(text string) error { return &lifecycle.FieldError{Path: "$", Problem: text} }

// unpriced warns of instance types without a rate, for then no card can say what the session costs.
func unpriced(c lifecycle.Config, s lifecycle.Shape) []string {
	if c.Rates == nil {
		return []string{"$.rates: is absent: no card can say what a session costs"}
	}
	var out []string
	for _, n := range s.Nodes {
		if _, ok := c.Rates.PerHour[n.Type]; !ok {
			out = append(out, "$.rates.per_hour: has no rate for "+n.Type)
		}
	}
	return out
}
