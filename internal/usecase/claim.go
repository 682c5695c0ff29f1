package usecase

import "time"

// claimFor is how long a claimed thing is left to its claimer.
const claimFor = time.Minute

// longestWait is how long a thing that keeps failing is left alone: a card must not lie for long after
// Slack has come back.
const longestWait = 2 * time.Minute

// claim says who is trying an owed thing. It is taken by a conditional write, so that of two processes
// that see the same debt only one pays it.
type claim struct {
	Token string    `json:"token,omitempty"`
	Until time.Time `json:"until,omitzero"`
	Tries int       `json:"tries,omitempty"`
}

// free says whether the thing may be claimed now.
func (c claim) free(now time.Time) bool { return !now.Before(c.Until) }

// take claims the thing for a token.
func (c *claim) take(token string, now time.Time) {
	c.Token, c.Until = token, now.Add(claimFor)
	c.Tries++
}

// left is how much of the claim's time remains: whoever tries the thing must be done by then, because
// afterwards somebody else may try it.
func (c claim) left(now time.Time) time.Duration { return c.Until.Sub(now) }

// mine says whether the claim is still this token's: a slow claimer must not undo its successor's work.
func (c claim) mine(token string) bool { return c.Token == token }

// failed leaves the thing to the tick, somewhat later the more often it has failed.
func (c *claim) failed(now time.Time) {
	wait := min(time.Duration(c.Tries)*30*time.Second, longestWait)
	c.Token, c.Until = "", now.Add(wait)
}

// done frees the thing.
func (c *claim) done() { *c = claim{} }
