package testbed

import (
	"context"
	"runtime"

	"showtime/lifecycle"
)

// Points are the moments at which a process can die, or be overtaken by another: before and after every
// transaction, and before and after every call to Slack or EMR. They are counted while they are armed.
type Points struct {
	armed  bool
	passed []string
	at     int // the one that strikes, from 1; 0 for none
	strike func()
}

// pass is called at every point.
func (p *Points) pass(what string) {
	if !p.armed {
		return
	}
	p.passed = append(p.passed, what)
	if len(p.passed) != p.at {
		return
	}
	p.armed = false
	p.strike()
}

// During runs do in a process of its own, which strikes at the nth point that it passes: strike runs
// there while do waits. A strike that is Die ends the process. It gives the points that were passed.
func (p *Points) During(n int, strike, do func()) (passed []string) {
	p.armed, p.passed, p.at, p.strike = true, nil, n, strike
	done := make(chan struct{})
	go func() {
		defer close(done)
		do()
	}()
	<-done
	p.armed = false
	return p.passed
}

// Last is the point that was passed last.
func (p *Points) Last() string { return p.passed[len(p.passed)-1] }

// Die ends the process that During runs, as kill -9 would: nothing more of it happens.
func Die() { runtime.Goexit() }

// watched is a store whose transactions pass points.
type watched struct {
	lifecycle.Store
	points *Points
}

// Update passes a point before the transaction, one between its decision and its commit, and one after.
func (w watched) Update(ctx context.Context, fn func(lifecycle.Tx) error) error {
	w.points.pass("before update")
	err := w.Store.Update(ctx, fn)
	w.points.pass("after update")
	return err
}
