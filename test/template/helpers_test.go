package template_test

import (
	"maps"
	"testing"

	"showtime/test/template"
)

// filledIn is what an operator must fill in, and what exists only once deployed.
func filledIn() map[string]string {
	return map[string]string{
		"EmrServiceRoleArn":  "arn:aws:iam::123456789012:role/EMR_Service",
		"EmrInstanceRoleArn": "arn:aws:iam::123456789012:role/EMR_Instance",
		"Channels":           "C1", "Admins": "UADMIN",
		"Table.Arn":        "arn:aws:dynamodb:eu-central-1:123456789012:table/t",
		"Queue.Arn":        "arn:aws:sqs:eu-central-1:123456789012:q.fifo",
		"Worker.Arn":       "arn:aws:lambda:eu-central-1:123456789012:function:w",
		"ReceiverLogs.Arn": "arn:aws:logs:eu-central-1:123456789012:log-group:r:*",
	}
}

// withManager is the same with a lifecycle manager for two clusters.
func withManager() map[string]string {
	values := filledIn()
	maps.Copy(values, map[string]string{
		"Lifecycle": "manager", "LifecycleClusters": "exploration,etl", "LifecycleApi": "abc123",
		"LifecycleTable.Arn": "arn:aws:dynamodb:eu-central-1:123456789012:table/l",
		"Manager.Arn":        "arn:aws:lambda:eu-central-1:123456789012:function:m",
		"LifecycleLogs.Arn":  "arn:aws:logs:eu-central-1:123456789012:log-group:l:*",
	})
	return values
}

// load reads template.yaml with what an operator must fill in.
func load(t *testing.T) *template.Template {
	t.Helper()
	return loadWith(t, filledIn())
}

func loadWith(t *testing.T, values map[string]string) *template.Template {
	t.Helper()
	tpl, err := template.Load(values)
	if err != nil {
		t.Fatal(err)
	}
	return tpl
}

// both are the two stacks that can be deployed, without and with a lifecycle manager.
func both(t *testing.T, read func(*testing.T, map[string]string) *template.Template) map[string]*template.Template {
	t.Helper()
	return map[string]*template.Template{"bot alone": read(t, filledIn()), "with a manager": read(t, withManager())}
}

func properties(t *testing.T, tpl *template.Template, name string) map[string]any {
	t.Helper()
	p, err := tpl.Properties(name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func statements(t *testing.T, tpl *template.Template, role string) []template.Statement {
	t.Helper()
	s, err := tpl.Statements(role)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
