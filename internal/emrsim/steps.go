package emrsim

// RunSteps makes a waiting cluster run steps, which EMR shows as RUNNING, or ends them.
func (s *Sim) RunSteps(id string, run bool) {
	s.with(id, func(c *cluster) {
		switch {
		case run && c.state == waiting:
			c.state = running
		case !run && c.state == running && len(c.plan) == 0:
			c.state = waiting
		default:
			return
		}
		s.notice(c, s.o.Now())
	})
}
