package lifecycle

import (
	"context"
	"fmt"
)

// alarms are those that a recorded step demands and that nobody is known to have heard, by the id of the
// step's audit record. They are recorded with the step: an alarm may be heard twice, and never not at all.
type alarms struct {
	V      int               `json:"v"`
	Unsaid map[string]unsaid `json:"unsaid,omitempty"`
}

type unsaid struct {
	Kind   string `json:"kind"`
	Detail string `json:"detail"`
}

// alarmIn records an alarm in the transaction of what demands it.
func (l *Local) alarmIn(tx Tx, id string, u unsaid) error {
	return l.changeAlarms(tx, func(all map[string]unsaid) { all[id] = u })
}

func (l *Local) changeAlarms(tx Tx, change func(all map[string]unsaid)) error {
	key, a := l.key(alarmsRecord), alarms{Unsaid: map[string]unsaid{}}
	if _, err := tx.Get(key, &a); err != nil {
		return fmt.Errorf("read alarms: %w", err)
	}
	a.V = 1
	change(a.Unsaid)
	if len(a.Unsaid) == 0 {
		return tx.Delete(key)
	}
	return tx.Put(key, a)
}

// raise tells the operators what is recorded, and forgets it. What cannot be forgotten is heard again.
func (l *Local) raise(ctx context.Context, all map[string]unsaid) {
	if len(all) == 0 {
		return
	}
	for _, u := range all {
		l.alarm(ctx, u.Kind, u.Detail)
	}
	err := l.store.Update(ctx, func(tx Tx) error {
		return l.changeAlarms(tx, func(left map[string]unsaid) {
			for id := range all {
				delete(left, id)
			}
		})
	})
	if err != nil {
		l.log.Warn().Err(err).Msg("alarm is not forgotten")
	}
}
