package lifecycle

import (
	"slices"
	"time"
)

// EstimateCost estimates a session from the configured rates, as a range because clusters scale. It
// counts from the launch, at most to the lease's end and its grace, and stands still once it ended. Until the
// last count of its instances it is what they used, and from then on a range again.
func EstimateCost(set Settings, s Session, now time.Time) Cost {
	rates := set.Rates
	if rates == nil {
		return Cost{}
	}
	c := Cost{Configured: true, Currency: rates.Currency, AsOf: rates.AsOf, Unknown: unpriced(set, s.Count)}
	c.Known = len(c.Unknown) == 0 && len(set.Shape.Nodes) > 0
	if !c.Known {
		return c
	}
	for _, n := range set.Shape.Nodes {
		c.PerHourMin += float64(n.Min) * rates.PerHour[n.Type]
		c.PerHourMax += float64(n.Max) * rates.PerHour[n.Type]
	}
	hours, bound := billedHours(s, set.Lease.Grace, now)
	most := c.PerHourMax
	spent, counted := 0.0, 0.0
	if s.Count != nil {
		spent, counted = priced(set, s.Count.Hours), s.Count.At.Sub(s.LaunchedAt).Hours()
		most = max(most, priced(set, s.Count.Running)) // somebody may have made it larger than its file
	}
	since := max(0, hours-counted)
	c.SoFarMin, c.SoFarMax = spent+since*c.PerHourMin, spent+since*most
	c.AtMost = spent + max(0, bound-counted)*most // by its form the same to the cent, whenever it is worked out
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

// priced is what numbers of instances, or their hours, cost by their types' rates.
func priced[N int | float64](set Settings, by map[string]N) float64 {
	sum := 0.0
	for kind, n := range by {
		sum += float64(n) * set.Rates.PerHour[kind]
	}
	return sum
}

func unpriced(set Settings, counted *Count) []string {
	var unknown []string
	for _, n := range set.Shape.Nodes {
		if _, ok := set.Rates.PerHour[n.Type]; !ok {
			unknown = append(unknown, n.Type)
		}
	}
	if counted != nil {
		for kind := range counted.Hours {
			if _, ok := set.Rates.PerHour[kind]; !ok {
				unknown = append(unknown, kind)
			}
		}
	}
	slices.Sort(unknown)
	return slices.Compact(unknown)
}
