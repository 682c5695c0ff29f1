package slash

import (
	"strconv"
	"strings"

	"showtime/internal/job"
)

// maxDays is how far back a history can be asked for.
const maxDays = 366

// history reads how far back: nothing, or a number of days such as "30d", "30" or "30 days".
func history(rest string) (j job.Job, instead string) {
	if rest == "" {
		return job.Job{Kind: job.History}, ""
	}
	number := strings.ToLower(unquote(rest))
	for _, unit := range []string{"days", "day", "d"} {
		if cut, ok := strings.CutSuffix(number, unit); ok {
			number = cut
			break
		}
	}
	days, err := strconv.Atoi(strings.TrimSpace(number))
	if err != nil || days < 1 || days > maxDays {
		return job.Job{}, wordUsage
	}
	return job.Job{Kind: job.History, Days: days}, ""
}
