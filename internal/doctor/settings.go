package doctor

import (
	"context"
	"fmt"
	"strings"
	"time"

	"showtime/lifecycle"
)

// Variables tells what a process would say about its variables before it ends: all problems at once.
func Variables(process string, problems error) Check {
	return Problems("variables", process+" would start with them", "Correct it for "+process+", which does not start so; showtime help says what each variable is for.", problems)
}

// each takes a joined error apart, and what is joined within it; what only wraps a join stays whole.
func each(err error) []error {
	joined, ok := err.(interface{ Unwrap() []error })
	switch {
	case err == nil:
		return nil
	case !ok:
		return []error{err}
	}
	var all []error
	for _, e := range joined.Unwrap() {
		all = append(all, each(e)...)
	}
	return all
}

// Problems tells what is wrong with something that is read as a whole, or that it is right.
func Problems(name, right, do string, problems error) Check {
	return Check{Name: name, Run: func(context.Context) []Finding {
		var found []Finding
		for _, p := range each(problems) {
			found = append(found, bad(name, p.Error(), do))
		}
		if found == nil {
			found = append(found, good(name, right))
		}
		return found
	}}
}

// ratesWarning begins the cluster file's own warning about rates, which Rates words better.
const ratesWarning = "$.rates: "

// ClusterFile tells what may not be meant in a valid cluster file.
func ClusterFile(cluster string, warnings []string) Check {
	const name = "cluster file"
	return Check{Name: name, Run: func(context.Context) []Finding {
		found := []Finding{good(name, fmt.Sprintf("cluster %q is valid", cluster))}
		for _, w := range warnings {
			if !strings.HasPrefix(w, ratesWarning) {
				found = append(found, doubtful(name, w, "Correct the file, unless it is meant so."))
			}
		}
		return found
	}}
}

// BadClusterFile tells every problem of a cluster file.
func BadClusterFile(problems error) Check {
	return Problems("cluster file", "", "Correct the file; showtime validate checks it by itself.", problems)
}

// ratesFor is how old rates may be before nobody should trust them.
const ratesFor = 90 * 24 * time.Hour

// Rates tells whether money is shown, and by how old a price list.
func Rates(rates *lifecycle.Rates, now func() time.Time) Check {
	const name = "rates"
	return Check{Name: name, Run: func(context.Context) []Finding { return []Finding{aged(name, rates, now())} }}
}

func aged(name string, rates *lifecycle.Rates, now time.Time) Finding {
	if rates == nil {
		return doubtful(name, "the cluster file has none, so no card says what a session costs", "Add rates to the cluster file: clusters/exploration.json shows how.")
	}
	asOf, err := time.Parse(time.DateOnly, rates.AsOf)
	if err != nil {
		return doubtful(name, "they do not say as of when they are", "Set $.rates.as_of in the cluster file.")
	}
	days := int(now.Sub(asOf).Hours() / 24)
	switch {
	case now.Sub(asOf) > ratesFor:
		return doubtful(name, fmt.Sprintf("they are of %s, %d days ago", rates.AsOf, days), "Compare them with AWS's price list, then correct them and $.rates.as_of.")
	case now.Before(asOf):
		return doubtful(name, "they are of "+rates.AsOf+", which has not come yet", "Correct $.rates.as_of.")
	}
	return good(name, fmt.Sprintf("they are of %s, %d days ago", rates.AsOf, days))
}

// Secret tells whether a secret can be read; thing says where it stands: an SSM parameter, which begins with a slash,
// or a variable. What it is is never told.
func Secret(name, thing string, read func(ctx context.Context) error) Check {
	return Check{Name: name, Run: func(ctx context.Context) []Finding {
		err := read(ctx)
		if err == nil {
			return []Finding{good(name, "it can be read from "+thing)}
		}
		do := remedy(err, "ssm:GetParameter", thing)
		switch {
		case !strings.HasPrefix(thing, "/"):
			do = "Set " + thing + "."
		case causeOf(err) == missing:
			do = "Put it there: aws ssm put-parameter --type SecureString --name " + thing
		case causeOf(err) == denied:
			do += " If it is encrypted with a key of your own, allow kms:Decrypt on that."
		}
		return []Finding{bad(name, "it cannot be read from "+thing+": "+because(err), do)}
	}}
}
