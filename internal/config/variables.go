package config

import "slices"

// Process is a program that reads settings.
type Process string

// The processes.
const (
	ReceiverProcess Process = "receiver"
	WorkerProcess   Process = "worker"
	ServeProcess    Process = "serve"
	// LifecycleProcess is the lifecycle manager, ToolProcess the command line against one.
	LifecycleProcess Process = "lifecycle"
	ToolProcess      Process = "tool"
)

// The names of the variables.
const (
	varSigning        = "SLACK_SIGNING_SECRET"
	varBot            = "SLACK_BOT_TOKEN"
	varSecretPath     = "SLACK_SECRET_PATH"
	varAPIURL         = "SLACK_API_URL"
	varTeamID         = "SLACK_TEAM_ID"
	varAppID          = "SLACK_APP_ID"
	varSocketApp      = "SLACK_APP_TOKEN"
	varInstallation   = "SHOWTIME_INSTALLATION"
	varCluster        = "SHOWTIME_CLUSTER"
	varClusters       = "SHOWTIME_CLUSTERS"
	varGrants         = "SHOWTIME_GRANTS"
	varChannels       = "SHOWTIME_CHANNELS"
	varAdminChannel   = "SHOWTIME_ADMIN_CHANNEL"
	varAnalysts       = "SHOWTIME_ANALYSTS"
	varAdmins         = "SHOWTIME_ADMINS"
	varApproval       = "SHOWTIME_APPROVAL"
	varReason         = "SHOWTIME_REASON"
	varPhrases        = "SHOWTIME_PHRASES"
	varQueueURL       = "SHOWTIME_QUEUE_URL"
	varTable          = "SHOWTIME_TABLE"
	varData           = "SHOWTIME_DATA"
	varListen         = "SHOWTIME_LISTEN"
	varAdminListen    = "SHOWTIME_ADMIN_LISTEN"
	varLifecycleURL   = "SHOWTIME_LIFECYCLE_URL"
	varLifecycleToken = "SHOWTIME_LIFECYCLE_TOKEN"
	varLogLevel       = "LOG_LEVEL"
)

// The defaults.
const (
	defaultAPIURL      = "https://slack.com/api/"
	defaultData        = "./data"
	defaultListen      = "127.0.0.1:8080"
	defaultAdminListen = "127.0.0.1:9090"
	defaultLogLevel    = "info"
)

// Variable describes one setting to people.
type Variable struct {
	Name     string
	ReadBy   []Process
	Required string // when it must be set; empty for never
	Default  string
	Meaning  string
}

// Variables lists every setting in the order in which people meet them. The values that the AWS SDK
// reads for itself (AWS_REGION and the like) are not ours and not listed.
func Variables() []Variable {
	all := []Process{ReceiverProcess, WorkerProcess, ServeProcess}
	back := []Process{WorkerProcess, ServeProcess}
	front := []Process{ReceiverProcess, ServeProcess}
	serve, manager := []Process{ServeProcess}, []Process{LifecycleProcess}
	stored := append(slices.Clone(back), LifecycleProcess)
	listening := []Process{ServeProcess, LifecycleProcess}
	remote := append(slices.Clone(back), ToolProcess)
	return slices.Concat(slackVariables(all, front, back, serve), []Variable{
		{varInstallation, stored, "always", "", "name of this deployment; its clusters bear it as a tag"},
		{varCluster, all, "always", "", "path of the cluster file, or its JSON"},
		{varClusters, manager, "unless --clusters", "", "folder of cluster files, *.json"},
		{varGrants, manager, "always", "", "file that says who may do what; showtime token new makes its rows"},
		{varChannels, back, "always", "", "ids of the channels where it may be used, comma-separated; the first is where cards go"},
		{varAdminChannel, back, "", "the first channel", "id of the channel where approvals are asked"},
		{varAnalysts, back, "", "admins only", "user ids and user-group ids, comma-separated; * = everybody in an allowed channel"},
		{varAdmins, back, "always", "", "user ids and user-group ids, comma-separated"},
		{varApproval, back, "", "admin", "who must agree to an early destroy: admin (for an analyst's), four-eyes (always another admin), none"},
		{varReason, back, "", "optional", "whether a reason is optional or required"},
		{varPhrases, front, "", "built-in", `JSON {"start":[…],"status":[…],"destroy":[…]}: the phrases it listens for in a channel`},
		{varQueueURL, all, "receiver", "embedded queue (serve)", "URL of the SQS FIFO queue"},
		{varTable, stored, "worker, lifecycle on Lambda", "embedded store (serve, lifecycle)", "name of the DynamoDB table"},
		{varData, listening, "", defaultData, "folder of the embedded store and queue"},
		{varListen, listening, "", defaultListen, "address for Slack's requests, or the manager's"},
		{varAdminListen, listening, "", defaultAdminListen, "address for metrics and the like"},
		{varLifecycleURL, remote, "showtime cluster", "in process", "URL of a lifecycle manager to work through"},
		{varLifecycleToken, remote, "", "signed with AWS credentials", "token for the lifecycle manager"},
		{varLogLevel, append(slices.Clone(all), LifecycleProcess), "", defaultLogLevel, "trace, debug, info, warn, error, fatal, panic or disabled"},
	})
}

func slackVariables(all, front, back, serve []Process) []Variable {
	return []Variable{
		{varSigning, front, "unless SLACK_SECRET_PATH", "", "the app's signing secret; several comma-separated while one is replaced, newest first"},
		{varBot, back, "unless SLACK_SECRET_PATH", "", "the bot's token, xoxb-…"},
		{varSecretPath, all, "", "", "instead of secrets in variables: SSM path with the SecureStrings signing-secret, bot-token and app-token under it"},
		{varAPIURL, back, "", defaultAPIURL, "Slack's Web API"},
		{varTeamID, all, "", "any", "workspace id; requests of others are dropped"},
		{varAppID, all, "", "any", "app id; requests of others are dropped"},
		{varSocketApp, serve, "--socket, unless SLACK_SECRET_PATH", "", "the app-level token, xapp-…, for serve --socket, which needs no signing secret"},
	}
}
