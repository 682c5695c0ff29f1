package doctor

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// Symbol goes with a status's word.
func (s Status) Symbol() string {
	switch s {
	case OK:
		return "✓"
	case Warning:
		return "!"
	case Error:
		return "✗"
	case NotChecked:
	}
	return "?"
}

// Summary counts the findings in words.
func (r Report) Summary() string {
	plural := func(s Status) string {
		if n := r.Count(s); n != 1 {
			return fmt.Sprintf("%d %ss", n, s)
		}
		return "1 " + string(s)
	}
	return fmt.Sprintf("%s, %s, %d not checked, %d ok", plural(Error), plural(Warning), r.Count(NotChecked), r.Count(OK))
}

// WriteTable writes a report for people: each finding, and below it what to do.
func WriteTable(w io.Writer, r Report) error {
	buffered := bufio.NewWriter(w)
	t := tabwriter.NewWriter(buffered, 0, 0, 2, ' ', 0)
	for _, f := range r {
		what := f.What
		if len(f.About) > 0 {
			what = strings.Join(f.About, ", ") + ": " + what
		}
		_, _ = fmt.Fprintf(t, "%s %s\t%s\t%s\n", f.Status.Symbol(), f.Status, f.Check, what)
		if f.Do != "" {
			_, _ = fmt.Fprintf(t, "\t\t→ %s\n", f.Do)
		}
	}
	_ = t.Flush()
	_, _ = fmt.Fprintf(buffered, "\n%s\n", r.Summary())
	if err := buffered.Flush(); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

// WriteJSON writes a report for programs.
func WriteJSON(w io.Writer, process string, r Report) error {
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	out.SetEscapeHTML(false)
	err := out.Encode(struct {
		Process  string `json:"process"`
		OK       bool   `json:"ok"` // no error was found
		Findings Report `json:"findings"`
	}{process, r.Count(Error) == 0, r})
	if err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}
