package usecase

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"showtime/approval"
	"showtime/internal/metric"
	"showtime/lifecycle"
)

// Idle says whether a tick has nothing to do for the conversation. It asks nobody and changes nothing;
// whatever it is not sure of is something to do. Every tick asks it, so it also records how the cluster stands.
func (b *Bot) Idle(ctx context.Context) (bool, error) {
	state, err := b.manager.State(ctx)
	if err != nil {
		return false, fmt.Errorf("look at the cluster: %w", err)
	}
	b.measure(state)
	n, err := b.newsOf(func(key lifecycle.Key, into any) (bool, error) { return b.store.Get(ctx, key, into) }, state.Generation)
	if err != nil {
		return false, err
	}
	if _, marks := n.due(state, b.now()); len(marks) > 0 {
		return false, nil
	}
	if quiet, err := b.quiet(ctx); err != nil || !quiet {
		return false, err
	}
	return b.drawn(ctx, state)
}

// measure records whether there is a session and, where the rates are known, what it has cost at most.
func (b *Bot) measure(state lifecycle.State) {
	if !state.Live() {
		b.record(metric.Sessions, "", 0)
		return
	}
	b.record(metric.Sessions, "", 1)
	if state.Cost.Known {
		b.record(metric.EstimatedCost, "", state.Cost.SoFarMax)
	}
}

// quiet says whether nothing is owed and no request is open or to be forgotten.
func (b *Bot) quiet(ctx context.Context) (bool, error) {
	records, err := b.store.List(ctx, lifecycle.Query{Partition: b.newsKey().Partition})
	if err != nil {
		return false, fmt.Errorf("list what may be due: %w", err)
	}
	for _, r := range records {
		if strings.HasPrefix(r.Key.Name, owedPrefix) {
			return false, nil
		}
		if !strings.HasPrefix(r.Key.Name, requestPrefix) {
			continue
		}
		var req approval.Request
		if err := json.Unmarshal(r.Value, &req); err != nil {
			return false, fmt.Errorf("read request %s: %w", r.Key.Name, err)
		}
		if req.State == approval.Open || b.now().Sub(req.DecidedAt) > keepDecided {
			return false, nil
		}
	}
	return true, nil
}

// drawn says whether every kept message shows the record.
func (b *Bot) drawn(ctx context.Context, state lifecycle.State) (bool, error) {
	posts, err := b.posts(ctx)
	if err != nil {
		return false, err
	}
	isCard := func(p post) bool { return p.Request == "" && p.Generation == state.Generation }
	if state.Generation > 0 && !slices.ContainsFunc(posts, isCard) {
		return false, nil
	}
	for _, p := range posts {
		if p.Request == "" && !isCard(p) { // an earlier card: drawn once more, then forgotten
			return false, nil
		}
		s, err := b.sightOf(ctx, p, state)
		if err != nil || s == nil || s.final || s.name != p.Drawn {
			return false, err
		}
	}
	return true, nil
}
