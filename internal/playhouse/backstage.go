package playhouse

import (
	"context"
	"encoding/json"
	"slices"

	"showtime/internal/demo"
	"showtime/internal/job"
	"showtime/internal/queue/embedded"
	"showtime/lifecycle"
)

// auditShown is how many of the newest audit records the page gets.
const auditShown = 50

// backstage shows the visitor what stands behind Slack.
type backstage struct{ house *House }

// Look implements demo.Backstage.
func (b backstage) Look(ctx context.Context) (demo.Scene, error) {
	scene := demo.Scene{Clusters: b.clusters()}
	state, err := b.house.server.Joined.Manager.State(ctx)
	if err != nil {
		return scene, err
	}
	if state.Generation > 0 {
		scene.Row = &state.Row
	}
	if scene.Queue, err = b.queue(ctx); err != nil {
		return scene, err
	}
	scene.Audit, err = b.audit(ctx, state.Cluster)
	return scene, err
}

func (b backstage) clusters() []demo.Cluster {
	clusters := []demo.Cluster{}
	for _, c := range b.house.sim.Clusters() {
		clusters = append(clusters, demo.Cluster{
			ID: c.ID, Name: c.Name, State: c.State, Reason: c.ReasonCode, Created: c.Created, Protected: c.Protected, Tags: c.Tags,
		})
	}
	slices.Reverse(clusters)
	return clusters
}

func (b backstage) queue(ctx context.Context) ([]demo.Waiting, error) {
	waiting := []demo.Waiting{}
	q, ok := b.house.server.Queue.(*embedded.Queue)
	if !ok {
		return waiting, nil
	}
	held, err := q.Held(ctx)
	if err != nil {
		return waiting, err
	}
	for _, h := range held {
		w := demo.Waiting{ID: h.DedupeID, Group: h.Group, SentAt: h.SentAt, Receives: h.Receives, Dead: h.Dead}
		if j, err := job.Decode(h.Body); err == nil {
			w.What, w.Who = string(j.Kind), j.User
		}
		waiting = append(waiting, w)
	}
	return waiting, nil
}

func (b backstage) audit(ctx context.Context, cluster string) ([]lifecycle.Attempt, error) {
	records, err := b.house.server.Store.List(ctx, lifecycle.Query{
		Partition: lifecycle.AuditKey(cluster, "").Partition, Newest: true, Limit: auditShown,
	})
	attempts := []lifecycle.Attempt{}
	for _, r := range records {
		var a lifecycle.Attempt
		if json.Unmarshal(r.Value, &a) == nil {
			attempts = append(attempts, a)
		}
	}
	return attempts, err
}
