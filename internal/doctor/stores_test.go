package doctor_test

import (
	"context"
	"testing"
	"time"

	"showtime/internal/doctor"
	"showtime/internal/queue"
	"showtime/internal/store"
)

type table struct {
	facts store.Facts
	by    string
	on    bool
	err   error
}

func (d table) Facts(context.Context) (store.Facts, error) { return d.facts, d.err }
func (d table) Expiry(context.Context) (string, error)     { return d.by, d.err }
func (d table) Recoverable(context.Context) (bool, error)  { return d.on, d.err }

func rightTable(change ...func(*table)) table {
	d := table{facts: store.Facts{Active: true, Keys: []string{"pk HASH S", "sk RANGE S"}, OnDemand: true}, by: "expires_at", on: true}
	for _, c := range change {
		c(&d)
	}
	return d
}

func TestTableSettings(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name                        string
		table                       table
		table1, expiry, recoverable string
	}{
		{"right", rightTable(), "ok: on demand, with the right key", "ok: expires_at", "ok: point-in-time"},
		{"not_there", table{err: failing("ResourceNotFoundException")}, "error: Make jobs, or correct its name", "error: Make jobs", "error: Make jobs"},
		{"no_right_to_look", table{err: failing("AccessDeniedException")}, "not checked: Allow dynamodb:DescribeTable on jobs", "not checked: Allow dynamodb:DescribeTimeToLive", "not checked: Allow dynamodb:DescribeContinuousBackups"},
		{"away", table{err: errAway}, "error: connection refused", "error: connection refused", "error: connection refused"},
		{"being_deleted", rightTable(func(d *table) { d.facts.Active = false }), "error: being made or deleted", "ok: ", "ok: "},
		{"other_key", rightTable(func(d *table) { d.facts.Keys = []string{"id HASH S"} }), "error: has the key id HASH S, and the store needs pk HASH S, sk RANGE S", "ok: ", "ok: "},
		{"number_key", rightTable(func(d *table) { d.facts.Keys[1] = "sk RANGE N" }), "error: sk RANGE N", "ok: ", "ok: "},
		{"provisioned", rightTable(func(d *table) { d.facts.OnDemand = false }), "warning: --billing-mode PAY_PER_REQUEST --table-name jobs", "ok: ", "ok: "},
		{"nothing_expires", rightTable(func(d *table) { d.by = "" }), "ok: ", "warning: Enabled=true,AttributeName=expires_at", "ok: "},
		{"expires_by_another", rightTable(func(d *table) { d.by = "ttl" }), "ok: ", "error: items expire by ttl, and Showtime writes expires_at", "ok: "},
		{"not_recoverable", rightTable(func(d *table) { d.on = false }), "ok: ", "ok: ", "warning: update-continuous-backups --table-name jobs"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			checks := doctor.TableSettings(tt.table, "jobs")
			for i, want := range []string{tt.table1, tt.expiry, tt.recoverable} {
				wants(t, checks[i], want)
			}
		})
	}
}

type jobs struct {
	facts queue.Facts
	err   error
}

func (j jobs) Facts(context.Context) (queue.Facts, error) { return j.facts, j.err }

func rightQueue(change func(*queue.Facts)) jobs {
	f := queue.Facts{FIFO: true, Visibility: 6 * time.Minute, MaxReceives: 5, DeadLetters: "arn:aws:sqs:eu-central-1:1:dead.fifo"}
	change(&f)
	return jobs{facts: f}
}

func TestQueueSettings(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		queue jobs
		want  []string
	}{
		{"right", rightQueue(func(*queue.Facts) {}), []string{"ok: hides a job for 6m0s and puts it aside after 5 tries"}},
		{"longer", rightQueue(func(f *queue.Facts) { f.Visibility = time.Hour }), []string{"ok: "}},
		{"standard", rightQueue(func(f *queue.Facts) { f.FIFO = false }), []string{"error: no FIFO queue"}},
		{"short", rightQueue(func(f *queue.Facts) { f.Visibility = 359 * time.Second }), []string{"warning: Set its visibility timeout to 360 s"}},
		{"too_short", rightQueue(func(f *queue.Facts) { f.Visibility = 59 * time.Second }), []string{"error: jobs come again while they are being done"}},
		{"nothing_put_aside", rightQueue(func(f *queue.Facts) { f.MaxReceives, f.DeadLetters = 0, "" }), []string{"error: puts nothing aside"}},
		{"put_aside_early", rightQueue(func(f *queue.Facts) { f.MaxReceives = 3 }), []string{"error: after 3 tries, and the worker tells its person on the 5th"}},
		{"put_aside_late", rightQueue(func(f *queue.Facts) { f.MaxReceives = 10 }), []string{"warning: tries a job 10 times"}},
		{"standard_dead_letters", rightQueue(func(f *queue.Facts) { f.DeadLetters = "arn:aws:sqs:eu-central-1:1:dead" }), []string{"error: dead-letter queue is no FIFO"}},
		{"everything", rightQueue(func(f *queue.Facts) { *f = queue.Facts{} }), []string{"error: no FIFO", "error: hides a job for 0s", "error: puts nothing aside"}},
		{"not_there", jobs{err: failing("AWS.SimpleQueueService.NonExistentQueue")}, []string{"error: Make the queue of SHOWTIME_QUEUE_URL"}},
		{"denied", jobs{err: failing("AccessDenied")}, []string{"error: Allow sqs:GetQueueAttributes"}},
		{"away", jobs{err: errAway}, []string{"error: connection refused → See that AWS can be reached"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			wants(t, doctor.QueueSettings(tt.queue), tt.want...)
		})
	}
}
