package emrsim

import "time"

// bucket is one quota: calls that may be made at once, filled again at a rate.
type bucket struct {
	tokens, burst, perSecond float64
	at                       time.Time
}

func (b *bucket) fill(now time.Time) {
	b.tokens = min(b.burst, b.tokens+now.Sub(b.at).Seconds()*b.perSecond)
	b.at = now
}

// allowed takes one token for the operation and one of all calls together, or none.
func (s *Sim) allowed(op string) bool {
	if !s.o.Quotas {
		return true
	}
	one, all := s.bucket(op), s.bucket("")
	if one.tokens < 1 || all.tokens < 1 {
		return false
	}
	one.tokens--
	all.tokens--
	return true
}

func (s *Sim) bucket(op string) *bucket {
	now := s.o.Now()
	b, ok := s.buckets[op]
	if !ok {
		b = quota(op)
		b.tokens, b.at = b.burst, now
		s.buckets[op] = b
	}
	b.fill(now)
	return b
}

// quota gives EMR's default quota of an operation; "" is all of them together.
func quota(op string) *bucket {
	switch op {
	case "":
		return &bucket{burst: 25, perSecond: 5}
	case "DescribeCluster", "ListInstanceGroups":
		return &bucket{burst: 10, perSecond: 1}
	case "ListClusters":
		return &bucket{burst: 20, perSecond: 0.5}
	case "SetTerminationProtection":
		return &bucket{burst: 5, perSecond: 0.2}
	default:
		return &bucket{burst: 10, perSecond: 0.5}
	}
}
