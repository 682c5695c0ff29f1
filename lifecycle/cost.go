package lifecycle

import (
	"slices"
	"time"
)

// EstimateCost estimates a session from the configured rates, as a range because clusters scale. It
// counts from the launch, at most to the lease's end and its grace, and stands still once it ended.
func EstimateCost(set Settings, s Session, now time.Time) Cost {
	rates := set.Rates
	if rates == nil {
		return Cost{}
	}
	c := Cost{Configured: true, Currency: rates.Currency, AsOf: rates.AsOf, Unknown: unpriced(set)}
	c.Known = len(c.Unknown) == 0 && len(set.Shape.Nodes) > 0
	if !c.Known {
		return c
	}
	for _, n := range set.Shape.Nodes {
		c.PerHourMin += float64(n.Min) * rates.PerHour[n.Type]
		c.PerHourMax += float64(n.Max) * rates.PerHour[n.Type]
	}
	hours, bound := billedHours(s, set.Lease.Grace, now)
	c.SoFarMin, c.SoFarMax = hours*c.PerHourMin, hours*c.PerHourMax
	c.AtMost = bound * c.PerHourMax
	return c
}

// billedHours says how long the session has run, and how long it can run at most.
func billedHours(s Session, grace time.Duration, now time.Time) (soFar, atMost float64) {
	over := !s.EndedAt.IsZero()
	if s.LaunchedAt.IsZero() || over && s.EMRID == "" {
		return 0, 0
	}
	if over {
		now = s.EndedAt
	}
	soFar = max(0, now.Sub(s.LaunchedAt).Hours())
	if over {
		return soFar, soFar
	}
	end := s.LeaseEnd.Add(grace)
	if s.GraceUntil.After(end) {
		end = s.GraceUntil
	}
	return soFar, max(soFar, end.Sub(s.LaunchedAt).Hours())
}

func unpriced(set Settings) []string {
	var unknown []string
	for _, n := range set.Shape.Nodes {
		if _, ok := set.Rates.PerHour[n.Type]; !ok {
			unknown = append(unknown, n.Type)
		}
	}
	slices.Sort(unknown)
	return slices.Compact(unknown)
}
