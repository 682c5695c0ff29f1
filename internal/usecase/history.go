package usecase

import (
	"context"
	"fmt"
	"time"

	"showtime/blocks"
	"showtime/internal/slackapi"
	"showtime/lifecycle"
)

// historyShown is how many sessions a history without days shows.
const historyShown = 10

// renderHistory draws the ended sessions for one person.
func (b *Bot) renderHistory(ctx context.Context, a answer) (slackapi.Message, error) {
	who, err := b.roles.Show(ctx, a.User)
	if err != nil {
		return message(blocks.MembershipUnknown(a.Ref)), nil //nolint:nilerr // that is the answer
	}
	if !who.May() {
		return message(notAllowed(who, a.User)), nil
	}
	since, limit := time.Time{}, historyShown+1
	if a.Days > 0 {
		since, limit = b.now().AddDate(0, 0, -a.Days), 0
	}
	sessions, err := b.manager.History(ctx, since, limit)
	if err != nil {
		return slackapi.Message{}, fmt.Errorf("look at the history: %w", err)
	}
	v := blocks.HistoryView{Cluster: b.cluster, Sessions: sessions, Days: a.Days, Now: b.now()}
	if a.Days == 0 && len(sessions) > historyShown {
		v.Sessions, v.More = sessions[:historyShown], true
	}
	return message(blocks.History(v)), nil
}

// endedSession gives a session that is over, nil when nothing is known of it any more.
func (b *Bot) endedSession(ctx context.Context, generation int64) (*lifecycle.State, error) {
	ended, err := b.manager.History(ctx, time.Time{}, historyDepth)
	if err != nil {
		return nil, fmt.Errorf("look at the history: %w", err)
	}
	for _, old := range ended {
		if old.Session.Generation == generation {
			return &old, nil
		}
	}
	return nil, nil //nolint:nilnil // nothing is known of that session any more
}
