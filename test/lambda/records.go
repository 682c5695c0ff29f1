//go:build lambda

package lambda

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"showtime/internal/slacklike"
	"showtime/internal/wiring"
	"showtime/lifecycle"
)

var stamp = regexp.MustCompile(`"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"`)

// Pass lets time pass: the functions' clock is the real one, so everything that a tick reads becomes older.
// No function may be at work.
func (w *World) Pass(tb testing.TB, d time.Duration) {
	tb.Helper()
	for _, table := range w.tables() {
		w.age(tb, table, d)
	}
}

func (w *World) age(tb testing.TB, table string, d time.Duration) {
	tb.Helper()
	client := dynamodb.NewFromConfig(w.Moto.Config())
	all, err := client.Query(tb.Context(), &dynamodb.QueryInput{
		TableName: &table, KeyConditionExpression: aws.String("pk = :live"),
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":live": &types.AttributeValueMemberS{Value: lifecycle.LiveKey(w.name, "").Partition},
		},
	})
	if err != nil {
		tb.Fatalf("read what ticks read: %v", err)
	}
	for _, item := range all.Items {
		body, ok := item["body"].(*types.AttributeValueMemberS)
		if !ok || !stamp.MatchString(body.Value) {
			continue
		}
		body.Value = stamp.ReplaceAllStringFunc(body.Value, func(s string) string {
			t, err := time.Parse(`"`+time.RFC3339Nano+`"`, s)
			if err != nil || t.IsZero() {
				return s
			}
			return t.Add(-d).Format(`"` + time.RFC3339Nano + `"`)
		})
		if _, err := client.PutItem(tb.Context(), &dynamodb.PutItemInput{TableName: &table, Item: item}); err != nil {
			tb.Fatalf("age record: %v", err)
		}
	}
}

// recovery is how many ticks, two minutes apart, may pass until everything is true again.
const recovery = 12

// Recover lets everything be delivered again and ticks run until nothing is owed.
func (w *World) Recover(tb testing.TB) {
	tb.Helper()
	for range recovery {
		w.Settle(tb)
		w.Pass(tb, 2*time.Minute)
		w.Tick(tb)
		if phase := w.Row(tb).Phase; len(w.Owed(tb)) == 0 && (phase == lifecycle.Down || phase == lifecycle.Up) && w.CardIsTrue(tb) == "" {
			return
		}
	}
}

// tables are the bot's and, where there is one, the manager's.
func (w *World) tables() []string {
	if w.Stack.ManagerTable == "" {
		return []string{w.Stack.Table}
	}
	return []string{w.Stack.Table, w.Stack.ManagerTable}
}

func (w *World) store(table string) lifecycle.Store {
	return wiring.Table(w.Moto.Config(), table, time.Now)
}

func (w *World) list(tb testing.TB, table string, q lifecycle.Query) []lifecycle.Record {
	tb.Helper()
	records, err := w.store(table).List(tb.Context(), q)
	if err != nil {
		tb.Fatalf("list records: %v", err)
	}
	return records
}

// Row is what is recorded about the cluster, by whoever looks after it.
func (w *World) Row(tb testing.TB) lifecycle.Row {
	tb.Helper()
	tables := w.tables()
	var row lifecycle.Row
	if _, err := w.store(tables[len(tables)-1]).Get(tb.Context(), lifecycle.LiveKey(w.name, "lifecycle/row"), &row); err != nil {
		tb.Fatalf("read row: %v", err)
	}
	return row
}

// Owed is what recorded decisions still demand.
func (w *World) Owed(tb testing.TB) []lifecycle.Record {
	tb.Helper()
	var owed []lifecycle.Record
	for _, table := range w.tables() {
		owed = append(owed, w.list(tb, table, lifecycle.Query{Partition: lifecycle.LiveKey(w.name, "").Partition, From: "owed/", To: "owed0"})...)
	}
	return owed
}

// Audit counts the records of each attempt.
func (w *World) Audit(tb testing.TB) map[string]int {
	tb.Helper()
	found := map[string]int{}
	for _, r := range w.list(tb, w.Stack.Table, lifecycle.Query{Partition: lifecycle.AuditKey(w.name, "").Partition}) {
		var a lifecycle.Attempt
		if err := json.Unmarshal(r.Value, &a); err != nil {
			tb.Fatalf("read audit: %v", err)
		}
		found[a.ID]++
	}
	return found
}

// Cards are the cards of sessions, oldest first.
func (w *World) Cards() []slacklike.Message {
	return slices.DeleteFunc(w.Slack.Messages(Channel, ""), func(m slacklike.Message) bool {
		return m.Ephemeral() || !strings.Contains(string(m.Metadata), "showtime_session")
	})
}

// CardIsTrue says in what the cards differ from the row; "" when they do not.
func (w *World) CardIsTrue(tb testing.TB) string {
	tb.Helper()
	row, cards := w.Row(tb), w.Cards()
	over := []string{"OFF", "FAILED"} // failed: nothing was ever launched
	want := map[lifecycle.Phase][]string{
		lifecycle.Down: over, lifecycle.Up: {"READY", "RUNNING"}, lifecycle.Stopping: {"STOPPING"}, lifecycle.Launching: {"STARTING", "CONFIRMING"},
	}[row.Phase]
	if int64(len(cards)) != row.Generation {
		return strconv.Itoa(len(cards)) + " cards of " + strconv.FormatInt(row.Generation, 10) + " sessions"
	}
	for i, card := range cards {
		words := over
		if i == len(cards)-1 {
			words = want
		}
		if !slices.ContainsFunc(words, func(word string) bool { return strings.Contains(card.Text, word+" · ") }) {
			return "the row is " + string(row.Phase) + ", a card says " + card.Text
		}
	}
	return ""
}

// Waiting is how many messages a queue holds, those that are being handled included.
func (w *World) Waiting(tb testing.TB, url string) int {
	tb.Helper()
	out, err := sqs.NewFromConfig(w.Moto.Config()).GetQueueAttributes(tb.Context(), &sqs.GetQueueAttributesInput{
		QueueUrl: aws.String(url), AttributeNames: []sqstypes.QueueAttributeName{sqstypes.QueueAttributeNameAll},
	})
	if err != nil {
		tb.Fatalf("read queue: %v", err)
	}
	sum := 0
	for _, name := range []string{"ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"} {
		n, err := strconv.Atoi(out.Attributes[name])
		if err != nil {
			tb.Fatalf("read queue: %v", err)
		}
		sum += n
	}
	return sum
}
