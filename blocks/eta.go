package blocks

import (
	"strconv"
	"time"

	"showtime/lifecycle"
)

// etaLine says how long a start usually takes, and when this one is slower, where it hangs. A card is
// not drawn again for time alone, so it holds until the tempo changes.
func etaLine(s lifecycle.State, now time.Time) string {
	e := s.Session
	if !starting(s) {
		return ""
	}
	median, slow, known := s.Usual()
	switch s.Tempo(now) {
	case lifecycle.Overdue:
		return "⚠ Attention: not ready after " + duration(s.StartWarn) + "; it hangs at: " + hangs(s) + ". " + giveUpAt(s)
	case lifecycle.Slow:
		return "⚠ Slower than usual: nine of ten launches were ready within " + minutes(slow) + " min. It hangs at: " + hangs(s) + "."
	case lifecycle.InTime:
	}
	if !known {
		return ""
	}
	usual := minutes(median)
	if upper := minutes(slow); upper != usual {
		usual += " to " + upper
	}
	return "Usually ready in " + usual + " min, so by " + when(e.LaunchedAt.Add(slow)) + "."
}

// starting says whether somebody waits for the session to become usable.
func starting(s lifecycle.State) bool {
	switch sceneOf(s) {
	case requested, confirming, capacity, installing:
		return s.Session.Stop == nil
	case off, failed, repeating, ready, stopping, leaving:
	}
	return false
}

// hangs names the step that a slow start has not done.
func hangs(s lifecycle.State) string {
	switch sceneOf(s) {
	case capacity:
		return "capacity from AWS"
	case installing:
		return "installing the software"
	case off, failed, repeating, confirming, requested, ready, stopping, leaving:
	}
	return "AWS's answer to the launch"
}

func giveUpAt(s lifecycle.State) string {
	if s.StartTimeout == 0 {
		return ""
	}
	return "If that lasts, it is stopped " + when(s.Session.LaunchedAt.Add(s.StartTimeout)) + " by itself (start timeout)."
}

// minutes rounds up to whole minutes.
func minutes(d time.Duration) string {
	return strconv.FormatInt(int64((d+time.Minute-1)/time.Minute), 10)
}
