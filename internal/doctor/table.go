package doctor

import (
	"context"
	"slices"
	"strings"

	"showtime/internal/store"
)

// Table is what is asked of DynamoDB about the table's settings.
type Table interface {
	Facts(ctx context.Context) (store.Facts, error)
	Expiry(ctx context.Context) (string, error)
	Recoverable(ctx context.Context) (bool, error)
}

// What the store needs of its table.
const expiresAt = "expires_at"

func tableKeys() []string { return []string{"pk HASH S", "sk RANGE S"} }

// TableSettings tells whether the table is set up as the store needs it.
func TableSettings(t Table, table string) []Check {
	return []Check{
		{Name: "table", Run: func(ctx context.Context) []Finding {
			f, err := t.Facts(ctx)
			if err != nil {
				return []Finding{unseen("table", table, "dynamodb:DescribeTable", err)}
			}
			return tableFindings("table", table, f)
		}},
		{Name: "table expiry", Run: func(ctx context.Context) []Finding {
			by, err := t.Expiry(ctx)
			return []Finding{expiry("table expiry", table, by, err)}
		}},
		{Name: "table recovery", Run: func(ctx context.Context) []Finding {
			on, err := t.Recoverable(ctx)
			return []Finding{recovery("table recovery", table, on, err)}
		}},
	}
}

// unseen is a setting that could not be looked at. Looking needs rights that working does not.
func unseen(name, thing, action string, err error) Finding {
	what := action + " of " + thing + ": " + because(err)
	if causeOf(err) == denied {
		return unknown(name, what, remedy(err, action, thing))
	}
	return bad(name, what, remedy(err, action, thing))
}

func tableFindings(name, table string, f store.Facts) []Finding {
	var found []Finding
	if !f.Active {
		found = append(found, bad(name, table+" is being made or deleted", "Wait until it is active; if it is being deleted, see the runbook, A lost table."))
	}
	if !slices.Equal(f.Keys, tableKeys()) {
		found = append(found, bad(name, table+" has the key "+strings.Join(f.Keys, ", ")+", and the store needs "+strings.Join(tableKeys(), ", "),
			"Name a table of Showtime's own in SHOWTIME_TABLE; template.yaml makes one."))
	}
	if !f.OnDemand {
		found = append(found, doubtful(name, table+" has a fixed capacity, beyond which jobs fail", "aws dynamodb update-table --billing-mode PAY_PER_REQUEST --table-name "+table))
	}
	if found == nil {
		found = append(found, good(name, table+" is there, on demand, with the right key"))
	}
	return found
}

func expiry(name, table, by string, err error) Finding {
	do := "aws dynamodb update-time-to-live --table-name " + table + " --time-to-live-specification Enabled=true,AttributeName=" + expiresAt
	switch {
	case err != nil:
		return unseen(name, table, "dynamodb:DescribeTimeToLive", err)
	case by == "":
		return doubtful(name, "nothing ever expires, so the table grows", do)
	case by != expiresAt:
		return bad(name, "items expire by "+by+", and Showtime writes "+expiresAt, "Turn that off, then: "+do)
	}
	return good(name, "items expire by "+expiresAt)
}

func recovery(name, table string, on bool, err error) Finding {
	switch {
	case err != nil:
		return unseen(name, table, "dynamodb:DescribeContinuousBackups", err)
	case !on:
		return doubtful(name, "a damaged table cannot be restored to a point in time",
			"aws dynamodb update-continuous-backups --table-name "+table+" --point-in-time-recovery-specification PointInTimeRecoveryEnabled=true")
	}
	return good(name, "point-in-time recovery is on")
}
