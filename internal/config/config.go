// Package config reads each process's settings from the environment. A process reads and checks only
// its own variables and reports all problems at once. No error repeats a value, because a secret may
// have been put into the wrong variable.
package config

import (
	"github.com/rs/zerolog"

	"showtime/approval"
	"showtime/internal/roles"
)

// Lookup finds a variable of the environment, as os.LookupEnv does.
type Lookup func(name string) (string, bool)

// Receiver are the settings of the receiver. There is no bot token among them.
type Receiver struct {
	SigningSecrets []string `json:"-"` // newest first; empty when SecretPath is set
	SecretPath     string   // SSM path, without a slash at its end
	TeamID         string   // empty = any
	AppID          string   // empty = any
	ClusterName    string
	Phrases        string // JSON; empty = the defaults
	QueueURL       string // empty = the embedded queue, in serve only
	LogLevel       zerolog.Level
}

// Worker are the settings of the worker.
type Worker struct {
	BotToken     string `json:"-"` // empty when SecretPath is set
	SecretPath   string
	APIURL       string // ends in a slash
	TeamID       string
	AppID        string
	Installation string
	Cluster      string   // path or JSON; ClusterFile reads it
	Channels     []string // never empty; the first is where cards go
	AdminChannel string
	Analysts     roles.People
	Admins       roles.People
	Approval     approval.Policy
	ReasonNeeded bool
	QueueURL     string // empty = not known
	Table        string // empty = the embedded store, in serve only

	LifecycleURL   string // empty = the lifecycle runs in process; else without a slash at its end
	LifecycleToken string `json:"-"`

	LogLevel zerolog.Level
}

// Serve are the settings of the one process that does everything.
type Serve struct {
	Receiver    Receiver
	Worker      Worker
	AppToken    string `json:"-"` // for --socket; empty when a SecretPath is set
	Data        string
	Listen      string
	AdminListen string
}

// ReadReceiver reads the receiver's settings. The error names every variable that is wrong.
func ReadReceiver(lookup Lookup) (Receiver, error) {
	r := reader{lookup: lookup}
	s := r.receiver(demands{signing: true, queue: true})
	return s, r.err()
}

// ReadWorker reads the worker's settings. The error names every variable that is wrong.
func ReadWorker(lookup Lookup) (Worker, error) {
	r := reader{lookup: lookup}
	s := r.worker(demands{table: true})
	return s, r.err()
}

// ReadServe reads the settings of serve, with or without --socket. The error names every variable that is wrong.
func ReadServe(lookup Lookup, socket bool) (Serve, error) {
	r := reader{lookup: lookup}
	s := Serve{
		Receiver:    r.receiver(demands{signing: !socket}),
		Worker:      r.worker(demands{}),
		Data:        r.or(varData, defaultData),
		Listen:      r.address(varListen, defaultListen),
		AdminListen: r.address(varAdminListen, defaultAdminListen),
	}
	if socket {
		s.AppToken = r.secret(varSocketApp, "xapp-", s.Worker.SecretPath)
	}
	if s.Listen == s.AdminListen && !anyPort(s.Listen) {
		r.fail(varAdminListen, "must differ from "+varListen)
	}
	return s, r.err()
}

// Lifecycle are the settings of the lifecycle manager.
type Lifecycle struct {
	Installation string
	Clusters     string // folder of cluster files
	Grants       string // file of grants
	Table        string // empty = the embedded store, not on Lambda
	Data         string
	Listen       string
	AdminListen  string
	LogLevel     zerolog.Level
}

// ReadLifecycle reads the settings of the manager as a process. The error names every variable that is wrong.
func ReadLifecycle(lookup Lookup) (Lifecycle, error) {
	r := reader{lookup: lookup}
	s := r.lifecycle(false)
	s.Data = r.or(varData, defaultData)
	s.Listen, s.AdminListen = r.address(varListen, defaultListen), r.address(varAdminListen, defaultAdminListen)
	if s.Listen == s.AdminListen && !anyPort(s.Listen) {
		r.fail(varAdminListen, "must differ from "+varListen)
	}
	return s, r.err()
}

// ReadLifecycleLambda reads the settings of the manager as a Lambda function.
func ReadLifecycleLambda(lookup Lookup) (Lifecycle, error) {
	r := reader{lookup: lookup}
	s := r.lifecycle(true)
	return s, r.err()
}

func (r *reader) lifecycle(lambda bool) Lifecycle {
	return Lifecycle{
		Installation: r.installation(),
		Clusters:     r.need(varClusters, "the folder of the cluster files"),
		Grants:       r.need(varGrants, "the file of grants"),
		Table:        r.table(lambda),
		LogLevel:     r.logLevel(),
	}
}

// Remote says where a lifecycle manager is and what proves who asks.
type Remote struct {
	URL   string
	Token string `json:"-"` // empty = requests are signed with AWS credentials
}

// ReadRemote reads the settings of the command line against a manager.
func ReadRemote(lookup Lookup) (Remote, error) {
	r := reader{lookup: lookup}
	s := Remote{URL: r.webURL(varLifecycleURL, "")}
	if s.URL == "" && len(r.problems) == 0 {
		r.fail(varLifecycleURL, "is required: the URL of a lifecycle manager")
	}
	s.Token = r.lifecycleToken(s.URL)
	return s, r.err()
}

// String keeps the token out of a stray %v.
func (Remote) String() string { return "remote settings" }

// GoString does the same for %#v.
func (Remote) GoString() string { return "remote settings" }

// demands are what one process needs and another can do without.
type demands struct{ signing, queue, table bool }

func (r *reader) receiver(d demands) Receiver {
	s := Receiver{
		SecretPath:  r.secretPath(),
		TeamID:      r.id(varTeamID, "T", "a workspace id (T…)"),
		AppID:       r.id(varAppID, "A", "an app id (A…)"),
		ClusterName: r.clusterName(),
		Phrases:     r.phrases(),
		QueueURL:    r.queueURL(d.queue),
		LogLevel:    r.logLevel(),
	}
	if d.signing {
		s.SigningSecrets = r.signingSecrets(s.SecretPath)
	}
	return s
}

func (r *reader) worker(d demands) Worker {
	s := Worker{
		SecretPath:   r.secretPath(),
		APIURL:       r.webURL(varAPIURL, defaultAPIURL) + "/",
		TeamID:       r.id(varTeamID, "T", "a workspace id (T…)"),
		AppID:        r.id(varAppID, "A", "an app id (A…)"),
		Installation: r.installation(),
		Cluster:      r.need(varCluster, "the path of the cluster file, or its JSON"),
		Channels:     r.channels(),
		Analysts:     r.people(varAnalysts),
		Admins:       r.admins(),
		Approval:     r.approval(),
		ReasonNeeded: r.choice(varReason, "optional", "required") == "required",
		QueueURL:     r.queueURL(d.queue),
		Table:        r.table(d.table),
		LogLevel:     r.logLevel(),
	}
	s.BotToken = r.secret(varBot, "xoxb-", s.SecretPath)
	s.AdminChannel = r.adminChannel(s.Channels)
	s.LifecycleURL = r.webURL(varLifecycleURL, "")
	s.LifecycleToken = r.lifecycleToken(s.LifecycleURL)
	return s
}

// String keeps the settings out of a stray %v: there are secrets among them.
func (Receiver) String() string { return "receiver settings" }

// GoString does the same for %#v.
func (Receiver) GoString() string { return "receiver settings" }

// String keeps the settings out of a stray %v: there are secrets among them.
func (Worker) String() string { return "worker settings" }

// GoString does the same for %#v.
func (Worker) GoString() string { return "worker settings" }

// String keeps the settings out of a stray %v: there are secrets among them.
func (Serve) String() string { return "serve settings" }

// GoString does the same for %#v.
func (Serve) GoString() string { return "serve settings" }
