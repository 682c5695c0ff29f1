package wiring

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"showtime/internal/clusterfile"
	"showtime/internal/config"
	"showtime/internal/doctor"
	"showtime/internal/metric"
	"showtime/internal/roles"
	"showtime/internal/secret"
	"showtime/internal/slackapi"
	"showtime/internal/store/dynamostore"
	"showtime/lifecycle"
	"showtime/lifecycle/httpapi"
)

// Setup is what a worker works with, as a doctor looks at it: it may be incomplete, and nothing of it need work.
// Every look makes clients of its own, so that it sees what is so now and disturbs no work.
type Setup struct {
	Config config.Worker
	File   *clusterfile.File // nil = not to be read, which is said elsewhere
	AWS    aws.Config
	Sign   httpapi.Sign
	// Record reads what is recorded of the cluster, unless a lifecycle manager has it.
	Record doctor.Vitals
	// Transport carries the calls to Slack, ManagerTransport those to a lifecycle manager; nil means Go's own.
	Transport, ManagerTransport http.RoundTripper
	// Now is domain time, Wire is Slack's.
	Now, Wire func() time.Time
}

// examiner looks at a running worker's setup.
type examiner struct{ setup Setup }

// Examine implements usecase.Doctor.
func (e examiner) Examine(ctx context.Context) doctor.Report {
	clocks := doctor.NewClocks(e.setup.Wire)
	return doctor.Examine(ctx, doctor.Within, append(e.setup.Checks(clocks), clocks.Check()))
}

// setup is the parts as a doctor looks at them. The variables and the file were right, else nothing would run.
func (p Parts) setup() Setup {
	return Setup{
		Config: p.Config, File: &p.File, AWS: p.AWS, Sign: p.Sign, Transport: p.Transport, ManagerTransport: p.ManagerTransport,
		Record: func(ctx context.Context) (lifecycle.Vitals, error) {
			return lifecycle.ReadVitals(ctx, p.Store, p.File.Config.Name)
		},
		Now: p.Now, Wire: p.Wire,
	}
}

// Checks are what there is to look at. Whoever answers is heard by the clocks.
func (s Setup) Checks(clocks *doctor.Clocks) []doctor.Check {
	a, c := Heard(clocks, s.AWS), s.Config
	token := Secret(a, c.BotToken, c.SecretPath, secret.BotToken, s.Wire)
	checks := slices.Concat(
		FileChecks(s.File, s.Now), []doctor.Check{SecretCheck(token.Check, c.SecretPath, secret.BotToken, "SLACK_BOT_TOKEN")}, s.slackChecks(clocks, token),
	)
	if c.QueueURL != "" {
		checks = append(checks, doctor.QueueSettings(Queue(a, c.QueueURL)))
	}
	if c.Table != "" {
		checks = append(checks, TableChecks(a, c.Table)...)
	}
	if c.LifecycleURL != "" {
		return append(checks, s.managerChecks()...)
	}
	return append(checks, ClusterChecks(a, s.File, c.Installation, s.Record, s.Now)...)
}

// FileChecks look at a valid cluster file.
func FileChecks(file *clusterfile.File, now func() time.Time) []doctor.Check {
	if file == nil {
		return nil
	}
	return []doctor.Check{doctor.ClusterFile(file.Config.Name, file.Warnings), doctor.Rates(file.Config.Rates, now)}
}

// ClusterChecks look at whether a cluster is looked after, and at the rights that takes.
func ClusterChecks(a aws.Config, file *clusterfile.File, installation string, read doctor.Vitals, now func() time.Time) []doctor.Check {
	if file == nil { // nobody knows which cluster
		return nil
	}
	emr := EMR(a, *file, installation, metric.Discard)
	return append([]doctor.Check{doctor.Tick(read, now), doctor.EMRLooking(emr, read), doctor.EMRCounting(emr, read)}, doctor.EMRRights(emr, file.Template.Roles()...)...)
}

func (s Setup) slackChecks(clocks *doctor.Clocks, token *secret.Value) []doctor.Check {
	c := s.Config
	slack, err := slackapi.New(slackapi.Options{
		URL: c.APIURL, Token: token.Get, Alarm: func(context.Context, string, string) {}, Now: s.Wire,
		Transport: clocks.Transport("Slack", s.Transport),
	})
	if err != nil {
		return []doctor.Check{doctor.Unchecked("bot token", err.Error(), "Correct SLACK_API_URL.")}
	}
	settings := doctor.SlackSettings{
		TeamID: c.TeamID, Channels: c.Channels, Admins: c.AdminChannel, Groups: len(c.Admins.Groups)+len(c.Analysts.Groups) > 0,
	}
	who := struct {
		*roles.Roles
		*slackapi.Client
	}{roles.New(roleConfig(c, slack), slack, s.Wire), slack}
	people := doctor.Roles{Admins: c.Admins, Analysts: c.Analysts, Policy: c.Approval}
	return []doctor.Check{doctor.Token(slack, settings), doctor.Channels(slack, settings), doctor.Admins(who, people), doctor.Analysts(who, people)}
}

// managerChecks look at a lifecycle manager, which says when it last looked at EMR.
func (s Setup) managerChecks() []doctor.Check {
	if s.File == nil {
		return nil
	}
	name := s.File.Config.Name
	client, err := httpapi.NewClient(httpapi.ClientOptions{
		URL: s.Config.LifecycleURL, Cluster: name, Token: s.Config.LifecycleToken, Sign: s.Sign, Transport: s.ManagerTransport,
	})
	if err != nil {
		return []doctor.Check{doctor.Unchecked("lifecycle manager", err.Error(), "Correct SHOWTIME_LIFECYCLE_URL and SHOWTIME_LIFECYCLE_TOKEN.")}
	}
	looked := func(ctx context.Context) (lifecycle.Vitals, error) {
		state, err := client.State(ctx)
		return lifecycle.Vitals{TickedAt: state.ListedAt}, err
	}
	return []doctor.Check{doctor.ManagerRights(client, name), doctor.Tick(looked, s.Now)}
}

// SecretCheck looks whether a secret can be read from below the SSM path or, without one, from its variable.
func SecretCheck(read func(ctx context.Context) error, path, name, variable string) doctor.Check {
	thing := variable
	if path != "" {
		thing = path + "/" + name
	}
	return doctor.Secret("secret "+name, thing, read)
}

// TableChecks look at a table.
func TableChecks(a aws.Config, table string) []doctor.Check {
	return doctor.TableSettings(dynamostore.NewInspector(dynamodb.NewFromConfig(a), table), table)
}

// Heard is the SDK's configuration, whose answers the clocks hear.
func Heard(clocks *doctor.Clocks, a aws.Config) aws.Config {
	if a.HTTPClient == nil {
		a.HTTPClient = awshttp.NewBuildableClient()
	}
	a.HTTPClient = clocks.Client("AWS", a.HTTPClient)
	return a
}
