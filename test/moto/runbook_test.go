//go:build moto

package moto_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"showtime/internal/wiring"
	"showtime/lifecycle"
	"showtime/test/moto"
	"showtime/test/template"
)

// commands are those of the runbook, as they stand there.
func commands(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(filepath.Dir(template.Path()), "docs", "runbook.md"))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, m := range regexp.MustCompile("(?s)```sh\n(.*?)```|`(aws [^`]+)`").FindAllStringSubmatch(string(text), -1) {
		inline := strings.Join(strings.Fields(m[2]), " ") // it is wrapped where the line was full
		all = append(all, strings.TrimSpace(m[1])+inline)
	}
	return all
}

// follow runs commands of the runbook, each found by how it begins, with what an operator fills in.
func follow(t *testing.T, server *moto.Server, fill *strings.Replacer, begins ...string) {
	t.Helper()
	all := commands(t)
	for _, begin := range begins {
		i := slices.IndexFunc(all, func(command string) bool { return strings.HasPrefix(command, begin) })
		if i < 0 {
			t.Fatalf("the runbook has no command %q", begin)
		}
		if out, err := shell(t, server, "set -euo pipefail\n"+fill.Replace(all[i])).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", fill.Replace(all[i]), err, out)
		}
	}
}

// TestRunbook_is_shell: what no simulator takes can at least be read by the shell, and names what AWS's command line has.
func TestRunbook_is_shell(t *testing.T) {
	t.Parallel()
	server := moto.Start(t)
	for _, command := range commands(t) {
		if out, err := shell(t, server, `bash -n <<<"$1"`, command).CombinedOutput(); err != nil {
			t.Errorf("%v: %s\n%s", err, out, command)
		}
		for _, m := range regexp.MustCompile(`\baws ([a-z]+ [a-z-]+)`).FindAllStringSubmatch(command, -1) {
			out, _ := shell(t, server, "aws "+m[1]+" --no-such-option").CombinedOutput() // refused before anything is asked
			if strings.Contains(string(out), "nvalid choice") {
				t.Errorf("aws has no %q: %s", m[1], out)
			}
		}
	}
}

// TestRunbook_lost_table makes a lost table anew, as the template has it.
func TestRunbook_lost_table(t *testing.T) {
	t.Parallel()
	server := moto.Start(t)
	stack := server.Deploy(t, "lost", nil)
	client := dynamodb.NewFromConfig(server.Config())
	if _, err := client.DeleteTable(t.Context(), &dynamodb.DeleteTableInput{TableName: &stack.Table}); err != nil {
		t.Fatal(err)
	}
	follow(t, server, strings.NewReplacer("NAME", stack.Table), "aws dynamodb list-backups", "aws dynamodb create-table",
		"aws dynamodb update-time-to-live", "aws dynamodb update-continuous-backups")
	store := wiring.Table(server.Config(), stack.Table, time.Now)
	key := lifecycle.LiveKey("exploration", "lifecycle/row")
	if err := store.Update(t.Context(), func(tx lifecycle.Tx) error { return tx.Put(key, lifecycle.Row{Generation: 3}) }); err != nil {
		t.Errorf("it cannot be written: %v", err)
	}
	ttl, err := client.DescribeTimeToLive(t.Context(), &dynamodb.DescribeTimeToLiveInput{TableName: &stack.Table})
	if err != nil || aws.ToString(ttl.TimeToLiveDescription.AttributeName) != "expires_at" {
		t.Errorf("time to live: %+v, %v", ttl, err)
	}
	backups, err := client.DescribeContinuousBackups(t.Context(), &dynamodb.DescribeContinuousBackupsInput{TableName: &stack.Table})
	if err != nil || backups.ContinuousBackupsDescription.PointInTimeRecoveryDescription.PointInTimeRecoveryStatus != "ENABLED" {
		t.Errorf("point-in-time recovery: %+v, %v", backups, err)
	}
	follow(t, server, strings.NewReplacer("NAME", stack.Table), "aws dynamodb delete-table")
}

// TestRunbook_move takes the row and the history to the manager's table.
func TestRunbook_move(t *testing.T) {
	t.Parallel()
	server := moto.Start(t)
	from, to := server.Deploy(t, "from", nil).Table, server.Deploy(t, "to", nil).Table
	row, past := lifecycle.LiveKey("exploration", "lifecycle/row"), lifecycle.HistoryKey("exploration", "2026-11-23T09:00:00Z/000000000007")
	written := lifecycle.Row{V: 1, Generation: 7, Session: lifecycle.Session{Purpose: `Case "4711" \ ü`}}
	err := wiring.Table(server.Config(), from, time.Now).Update(t.Context(), func(tx lifecycle.Tx) error {
		if err := tx.Put(row, written); err != nil {
			return err
		}
		return tx.Put(past, written)
	})
	if err != nil {
		t.Fatal(err)
	}
	follow(t, server, strings.NewReplacer("BOTS-TABLE", from, "MANAGERS-TABLE", to), "move()")
	for _, key := range []lifecycle.Key{row, past} {
		var got lifecycle.Row
		found, err := wiring.Table(server.Config(), to, time.Now).Get(t.Context(), key, &got)
		if err != nil || !found || got.Generation != 7 || got.Session.Purpose != written.Session.Purpose {
			t.Errorf("%s arrives as %+v, %t, %v", key.Name, got, found, err)
		}
	}
}

// TestRunbook_secrets_and_dead_letters rotates and removes the secrets, and looks at what was put aside.
func TestRunbook_secrets_and_dead_letters(t *testing.T) {
	t.Parallel()
	server := moto.Start(t)
	stack := server.Deploy(t, "secrets", nil)
	stack.PutSecrets(t, "old", "xoxb-old")
	secrets := func() []types.Parameter {
		out, err := ssm.NewFromConfig(server.Config()).GetParameters(t.Context(), &ssm.GetParametersInput{
			Names: []string{"/showtime/slack/signing-secret", "/showtime/slack/bot-token"}, WithDecryption: aws.Bool(true),
		})
		if err != nil {
			t.Fatal(err)
		}
		return out.Parameters
	}
	follow(t, server, strings.NewReplacer("…", "/showtime/slack"), "aws ssm put-parameter --overwrite")
	if !slices.ContainsFunc(secrets(), func(p types.Parameter) bool {
		return *p.Value == "NEW,OLD" && p.Type == types.ParameterTypeSecureString
	}) {
		t.Error("the signing secret is not what was written")
	}
	_, err := sqs.NewFromConfig(server.Config()).SendMessage(t.Context(), &sqs.SendMessageInput{
		QueueUrl: &stack.DeadLetterURL, MessageBody: aws.String("job"), MessageGroupId: aws.String("g"), MessageDeduplicationId: aws.String("1"),
	})
	if err != nil {
		t.Fatal(err)
	}
	follow(t, server, strings.NewReplacer("--queue-url", "--queue-url "+stack.DeadLetterURL), "aws sqs receive-message")
	follow(t, server, strings.NewReplacer(), "aws ssm delete-parameters")
	if left := secrets(); len(left) != 0 {
		t.Errorf("%d secrets are left", len(left))
	}
}
