package emrsim

import (
	"encoding/json"
	"fmt"
	"time"
)

// notice writes the EventBridge event of a change; EMR has none for BOOTSTRAPPING and TERMINATING.
func (s *Sim) notice(c *cluster, at time.Time) {
	if s.o.Notice == nil || c.state == bootstrapping || c.state == terminating {
		return
	}
	why := object{"code": c.why.code}
	if c.why.message != "" {
		why["message"] = c.why.message
	}
	// The real event carries the reason as JSON inside a string. Maps of strings always encode.
	inner, _ := json.Marshal(why)
	event, _ := json.Marshal(object{
		"version": "0", "id": fmt.Sprintf("%s-%s-%d", c.id, c.state, at.UnixMilli()),
		"detail-type": "EMR Cluster State Change", "source": "aws.emr", "account": "123456789012",
		"time": at.UTC().Format(time.RFC3339), "region": "us-east-1", "resources": []string{},
		"detail": object{
			"severity": severity(c), "stateChangeReason": string(inner), "name": c.in.Name,
			"clusterId": c.id, "state": c.state, "message": message(c, at),
		},
	})
	s.events = append(s.events, event)
}

func severity(c *cluster) string {
	ordinary := c.why.code == "USER_REQUEST" || c.why.code == "ALL_STEPS_COMPLETED"
	if c.state == withErrors || c.state == terminated && !ordinary {
		return "CRITICAL"
	}
	return "INFO"
}

func message(c *cluster, at time.Time) string {
	when := at.UTC().Format("2006-01-02 15:04 UTC")
	switch who := c.id + " (" + c.in.Name + ")"; c.state {
	case starting:
		return "Amazon EMR cluster " + who + " was requested at " + when + " and is being created."
	case running:
		return "Amazon EMR cluster " + who + " began running steps at " + when + "."
	case waiting:
		return "Amazon EMR cluster " + who + " was created at " + when + " and is ready for use."
	case withErrors:
		return "Amazon EMR Cluster " + who + " has terminated with errors at " + when + " with a reason of " + c.why.code + "."
	default:
		return "Amazon EMR Cluster " + who + " has terminated at " + when + " with a reason of " + c.why.code + "."
	}
}
