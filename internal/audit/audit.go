// Package audit reads the audit of a cluster, one record per attempt, and writes it for people and for programs.
package audit

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"
	"time"

	"showtime/lifecycle"
)

// Lister is what is needed of a store.
type Lister interface {
	List(ctx context.Context, q lifecycle.Query) ([]lifecycle.Record, error)
}

// Query selects attempts. A zero field selects everything.
type Query struct {
	Since  time.Time
	Person string // a Slack user id, a grant's name or "showtime"
}

// Read gives the attempts on a cluster, oldest first.
func Read(ctx context.Context, store Lister, cluster string, q Query) ([]lifecycle.Attempt, error) {
	of := lifecycle.Query{Partition: lifecycle.AuditKey(cluster, "").Partition}
	if !q.Since.IsZero() { // the names of the records begin with their time
		of.From = q.Since.UTC().Format("2006-01-02T15:04:05.000000000Z")
	}
	records, err := store.List(ctx, of)
	if err != nil {
		return nil, fmt.Errorf("read audit: %w", err)
	}
	attempts := []lifecycle.Attempt{}
	for _, r := range records {
		var a lifecycle.Attempt
		if err := json.Unmarshal(r.Value, &a); err != nil {
			return nil, fmt.Errorf("read audit record %s: %w", r.Key.Name, err)
		}
		if q.Person == "" || q.Person == a.Who {
			attempts = append(attempts, a)
		}
	}
	return attempts, nil
}

// WriteLines writes one JSON document per line.
func WriteLines(w io.Writer, attempts []lifecycle.Attempt) error {
	out := json.NewEncoder(w)
	for _, a := range attempts {
		if err := out.Encode(a); err != nil {
			return fmt.Errorf("write audit: %w", err)
		}
	}
	return nil
}

// ReadLines reads what WriteLines wrote.
func ReadLines(r io.Reader) ([]lifecycle.Attempt, error) {
	attempts := []lifecycle.Attempt{}
	for in := json.NewDecoder(r); ; {
		var a lifecycle.Attempt
		err := in.Decode(&a)
		switch {
		case err == io.EOF:
			return attempts, nil
		case err != nil:
			return nil, fmt.Errorf("read audit: %w", err)
		}
		attempts = append(attempts, a)
	}
}

// WriteTable writes a table for people. What somebody typed is quoted: it cannot drive a terminal.
func WriteTable(w io.Writer, attempts []lifecycle.Attempt) error {
	buffered := bufio.NewWriter(w)
	t := tabwriter.NewWriter(buffered, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(t, "TIME (UTC)\tWHO\tWHAT\tSESSION\tOUTCOME\tWHY\tREQUEST\tCLUSTER\tREF\tTYPED")
	for _, a := range attempts {
		_, _ = fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n",
			a.At.UTC().Format(time.DateTime), cell(a.Who), cell(a.What), session(a.Generation), outcome(a), cell(a.Why), cell(a.Request),
			cell(a.EMRID), cell(a.Ref), quoted(a.Typed))
	}
	_ = t.Flush()
	if err := buffered.Flush(); err != nil {
		return fmt.Errorf("write audit: %w", err)
	}
	return nil
}

// cell keeps a value to printable characters; what is empty is a dash, so that columns can be cut.
func cell(s string) string {
	if s == "" {
		return "-"
	}
	quoted := strconv.QuoteToGraphic(s)
	return quoted[1 : len(quoted)-1]
}

func quoted(s string) string {
	if s == "" {
		return "-"
	}
	return strconv.QuoteToGraphic(s)
}

func session(generation int64) string {
	if generation == lifecycle.AnyGeneration {
		return "any"
	}
	return strconv.FormatInt(generation, 10)
}

func outcome(a lifecycle.Attempt) string {
	if a.Allowed {
		return cell(a.Outcome)
	}
	return "no: " + cell(a.Outcome)
}
