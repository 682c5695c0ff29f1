package lifecycle

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

// question is an operation of EMR that only looks, and so can wait.
type question string

const (
	listClusters    question = "ListClusters"
	describeCluster question = "DescribeCluster"
	listInstances   question = "ListInstances"
)

// How long a question that EMR limited is not asked again: the first time up to a minute, then twice as long
// each time, up to the most.
const (
	firstWait = time.Minute
	mostWait  = 5 * time.Minute
)

// errHeld answers a question that is not asked yet, because EMR limited it lately.
var errHeld = fmt.Errorf("%w: not asked again yet", ErrThrottled)

// Patience leaves EMR alone for a while after it limited requests: each question by itself, as EMR's quotas
// are, and each time for longer. One Patience serves all who share an account's quotas. It lives in the
// process: another one learns by asking once. It is safe for concurrent use.
type Patience struct {
	now    func() time.Time
	jitter func() float64 // in [0,1)

	mu   sync.Mutex
	held map[question]hold
}

// hold is how often in a row a question was limited, and until when it is not asked.
type hold struct {
	times int
	until time.Time
}

// NewPatience makes the patience of a process; now is the domain's time.
func NewPatience(now func() time.Time) *Patience {
	return &Patience{now: now, jitter: rand.Float64, held: map[question]hold{}}
}

// ask asks a question unless it is held.
func (p *Patience) ask(q question, call func() error) error {
	if p.holds(q) {
		return errHeld
	}
	return p.insist(q, call)
}

// insist asks a question that somebody waits for, held or not.
func (p *Patience) insist(q question, call func() error) error {
	err := call()
	p.heard(q, err)
	return err
}

// holds says whether a question is not to be asked now. A clock that went back holds nothing for long.
func (p *Patience) holds(q question) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	left := p.held[q].until.Sub(p.now())
	return left > 0 && left <= mostWait
}

// heard takes note of an answer. Half of each wait is chance, so that those who were limited together do not
// come again together.
func (p *Patience) heard(q question, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !errors.Is(err, ErrThrottled) {
		delete(p.held, q)
		return
	}
	h := p.held[q]
	wait := min(firstWait<<min(h.times, 8), mostWait)
	wait -= time.Duration(p.jitter() * float64(wait/2))
	p.held[q] = hold{times: h.times + 1, until: p.now().Add(wait)}
}
