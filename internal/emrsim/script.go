package emrsim

import "time"

// Fate is what becomes of a cluster that was launched.
type Fate int

// The fates.
const (
	Lives          Fate = iota
	BootstrapFails      // ends with errors at the end of its set-up
	InvalidLater        // was accepted, ends with a validation error soon after
	NoCapacity          // stays STARTING
	Slow                // waits long for its machines
)

// NextLaunch says what becomes of the next launched cluster; several calls stand in a queue.
func (s *Sim) NextLaunch(f Fate) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fates = append(s.fates, f)
}

// ForgetFates makes the next launches live.
func (s *Sim) ForgetFates() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fates = nil
}

// Fault spoils calls.
type Fault struct {
	Op    string // "" = every operation
	Times int    // how many calls it spoils
	// Err, if given, is the answer; unless Acts is set too, nothing is done.
	Err  *Error
	Acts bool
	// Drop does what was asked and then breaks the connection instead of answering.
	Drop bool
	// Hold does what was asked and answers when it is closed.
	Hold <-chan struct{}
}

// Error is an error of EMR's protocol.
type Error struct {
	Status        int
	Type, Message string
	Code          string // only InvalidRequestException has one
}

// Throttled is EMR's answer to too many calls.
func Throttled() *Error {
	return &Error{Status: 400, Type: "ThrottlingException", Message: "Rate exceeded"}
}

// Broken is EMR's answer when something inside fails.
func Broken() *Error {
	return &Error{Status: 500, Type: "InternalServerException", Message: "An internal error occurred."}
}

// Denied is the answer to calls that IAM forbids.
func Denied(op string) *Error {
	return &Error{Status: 400, Type: "AccessDeniedException", Message: "User is not authorized to perform: elasticmapreduce:" + op}
}

// Invalid is EMR's refusal of a request.
func Invalid(message string) *Error {
	return &Error{Status: 400, Type: "ValidationException", Message: message}
}

func badRequest(message string) *Error {
	return &Error{Status: 400, Type: "InvalidRequestException", Message: message}
}

// Inject adds a fault. The oldest that fits a call spoils it.
func (s *Sim) Inject(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, f)
}

// Forgive takes back every fault and fate that has not struck yet.
func (s *Sim) Forgive() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults, s.fates = nil, nil
}

// fault takes one use of the oldest fault that fits.
func (s *Sim) fault(op string) Fault {
	for i := range s.faults {
		f := &s.faults[i]
		if f.Times > 0 && (f.Op == "" || f.Op == op) {
			f.Times--
			return *f
		}
	}
	return Fault{}
}

// LagListings hides new clusters from ListClusters for a time.
func (s *Sim) LagListings(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lag = d
}

// Deny makes every call about one cluster answer AccessDeniedException, or no longer.
func (s *Sim) Deny(id string, denied bool) { s.with(id, func(c *cluster) { c.denied = denied }) }

// NeverEnd makes a cluster stay TERMINATING.
func (s *Sim) NeverEnd(id string) {
	s.with(id, func(c *cluster) {
		c.endless = true
		if c.state == terminating {
			c.plan = nil
		}
	})
}

// EndOutside ends a cluster as a user of the AWS console would, protected or not.
func (s *Sim) EndOutside(id string) {
	s.with(id, func(c *cluster) { s.end(c, terminated, byUser()) })
}

// FailInstance ends a cluster because its primary node failed.
func (s *Sim) FailInstance(id string) {
	s.with(id, func(c *cluster) {
		s.end(c, withErrors, reason{
			code: "INSTANCE_FAILURE", message: "The master failed: Error provisioning instances",
			details: []detail{{Code: "INSTANCE_FAILURE_MASTER", Message: "The primary node failed.", Data: []map[string]string{}}},
		})
	})
}

// GoIdle leaves a waiting cluster alone: its auto-termination policy, if any, ends it in due time.
func (s *Sim) GoIdle(id string) {
	s.with(id, func(c *cluster) {
		idle := c.in.AutoTerminationPolicy.IdleTimeout
		if c.state == waiting && idle > 0 {
			at := s.o.Now().Add(time.Duration(idle) * time.Second)
			c.plan = s.ending(c, at, terminated, reason{message: "Cluster auto-terminated because it was idle"})
		}
	})
}

// Forget makes EMR no longer know a cluster, as it does two months after its end.
func (s *Sim) Forget(id string) {
	defer s.locked()()
	for i, c := range s.clusters {
		if c.id == id {
			s.clusters = append(s.clusters[:i:i], s.clusters[i+1:]...)
			return
		}
	}
}

func (s *Sim) with(id string, fn func(*cluster)) {
	defer s.locked()()
	if c := s.find(id); c != nil {
		fn(c)
	}
}

func byUser() reason { return reason{code: "USER_REQUEST", message: "Terminated by user request"} }
