package main

import (
	"context"
	"time"

	"showtime/internal/clusterfile"
	"showtime/internal/config"
	"showtime/internal/doctor"
	"showtime/internal/secret"
	"showtime/internal/wiring"
	"showtime/lifecycle"
)

// serve looks at what one process that does everything needs.
func (v *visit) serve() []doctor.Check {
	s, problems := config.ReadServe(v.lookup, v.socket)
	checks := []doctor.Check{doctor.Variables("serve", problems)}
	if v.socket {
		token := wiring.Secret(v.aws, s.AppToken, s.Worker.SecretPath, secret.AppToken, time.Now)
		checks = append(checks, wiring.SecretCheck(token.Check, s.Worker.SecretPath, secret.AppToken, "SLACK_APP_TOKEN"))
	} else {
		checks = append(checks, v.signing(s.Receiver))
	}
	record := func(cluster string) doctor.Vitals { return recordIn(s.Data, cluster) }
	if s.Worker.Table == "" {
		checks = append(checks, folderCheck(s.Data, s.Receiver.ClusterName))
	} else {
		record = v.recordInTable(s.Worker.Table)
	}
	if s.Worker.QueueURL != "" {
		checks = append(checks, queueUse())
	}
	return append(checks, v.work(s.Worker, record)...)
}

// receiver looks at what the function needs that Slack calls.
func (v *visit) receiver() []doctor.Check {
	s, problems := config.ReadReceiver(v.lookup)
	checks := []doctor.Check{doctor.Variables("receiver", problems), v.signing(s)}
	if s.QueueURL != "" {
		checks = append(checks, doctor.QueueSettings(wiring.Queue(wiring.Heard(v.clocks, v.aws), s.QueueURL)), queueUse())
	}
	return checks
}

// worker looks at what the function needs that does the work.
func (v *visit) worker() []doctor.Check {
	s, problems := config.ReadWorker(v.lookup)
	checks := []doctor.Check{
		doctor.Variables("worker", problems),
		doctor.Unchecked("secret signing-secret", "it is the receiver's", "showtime doctor --for receiver; or ask the receiver's /healthz."), queueUse(),
	}
	return append(checks, v.work(s, v.recordInTable(s.Table))...)
}

// queueUse is what no read shows, and every answer in Slack.
func queueUse() doctor.Check {
	return doctor.Unchecked("queue use", "sqs:SendMessage of the receiver; ReceiveMessage, DeleteMessage and ChangeMessageVisibility of the worker",
		"Type /emr: its answer has gone through the queue.")
}

// work looks at what work needs, wherever it is done.
func (v *visit) work(c config.Worker, record func(cluster string) doctor.Vitals) []doctor.Check {
	setup := wiring.Setup{Config: c, AWS: v.aws, Sign: wiring.Sign(v.aws, time.Now), Now: time.Now, Wire: time.Now}
	if c.Cluster == "" {
		return setup.Checks(v.clocks)
	}
	file, err := readFile(c.Cluster)
	if err != nil {
		return append([]doctor.Check{doctor.BadClusterFile(err)}, setup.Checks(v.clocks)...)
	}
	setup.File, setup.Record = &file, record(file.Config.Name)
	return setup.Checks(v.clocks)
}

// readFile reads the cluster file of a setting. Its error does not repeat the setting, which may be a secret gone astray.
func readFile(setting string) (clusterfile.File, error) {
	data, err := config.ClusterFile(setting)
	if err != nil {
		return clusterfile.File{}, err
	}
	return clusterfile.Parse(data)
}

func (v *visit) signing(c config.Receiver) doctor.Check {
	signing := secret.StaticSigning(c.SigningSecrets)
	if c.SecretPath != "" {
		signing = secret.NewSigning(wiring.Secret(v.aws, "", c.SecretPath, secret.SigningSecret, time.Now))
	}
	return wiring.SecretCheck(signing.Check, c.SecretPath, secret.SigningSecret, "SLACK_SIGNING_SECRET")
}

func (v *visit) recordInTable(table string) func(cluster string) doctor.Vitals {
	store := wiring.Table(wiring.Heard(v.clocks, v.aws), table, time.Now)
	return func(cluster string) doctor.Vitals {
		return func(ctx context.Context) (lifecycle.Vitals, error) { return lifecycle.ReadVitals(ctx, store, cluster) }
	}
}
