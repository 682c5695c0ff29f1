package usecase

import (
	"context"
	"fmt"
	"strconv"

	"showtime/approval"
	"showtime/blocks"
	"showtime/lifecycle"
)

// noticeSight is what the people using a session see of a request, in the thread of the session's card:
// nothing while there is nobody to tell or no card yet.
func (b *Bot) noticeSight(ctx context.Context, p post, state lifecycle.State) (*sight, error) {
	var req approval.Request
	found, err := b.store.Get(ctx, b.requestKey(p.Request), &req)
	if err != nil || !found {
		return nil, err
	}
	open := req.State == approval.Open && req.Concerns(state)
	switch {
	case p.TS != "" || !p.Begun.IsZero():
	case p.Drawn != "":
		return &sight{name: p.Drawn}, nil // nobody knows where it stands, until somebody clicks it
	case !open:
		return nil, nil //nolint:nilnil // it is too late to tell anybody
	}
	card, err := b.cardOf(ctx, p.Generation)
	if err != nil {
		return nil, err
	}
	nobody := p.TS == "" && len(blocks.Concerned(req, state)) == 0
	if nobody || card == nil || card.TS == "" {
		return &sight{name: p.Drawn}, nil
	}
	return &sight{
		name: requestName(req, state), channels: []string{card.Channel}, thread: card.TS, final: req.State != approval.Open,
		message: message(blocks.Notice(blocks.NoticeView{Request: req, State: state, Now: b.now()})),
	}, nil
}

// requestName names what a drawing of a request shows. While it is open it shows the session, who looks at
// it and who needs it; it is never redrawn for time, because somebody may be typing into it.
func requestName(req approval.Request, state lifecycle.State) string {
	name := string(req.State)
	if req.State != approval.Open {
		return name + string(req.Undone)
	}
	name += "/" + strconv.FormatInt(state.Revision, 10) + "/" + strconv.Itoa(len(req.NeededBy))
	if req.LookedAtBy != "" {
		name += fmt.Sprintf("/%s@%d", req.LookedAtBy, req.LookedAtUntil.Unix())
	}
	return name
}
