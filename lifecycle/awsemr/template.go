package awsemr

import (
	"encoding/json"
	"reflect"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/emr"

	"showtime/lifecycle"
)

// root is where run_job_flow stands in a cluster file.
const root = "$.run_job_flow"

// Template is a checked run_job_flow: what every launch of one cluster has in common.
type Template struct {
	// Warnings are choices that may be meant, each with its JSON path.
	Warnings []string

	name  string
	input emr.RunJobFlowInput
}

// ParseTemplate reads the run_job_flow of the cluster called name. It gives every problem it finds, and
// a template only when there is none.
func ParseTemplate(raw json.RawMessage, name string) (*Template, []*lifecycle.FieldError) {
	c := &checker{}
	value, err := parse(raw, c)
	if err != nil {
		c.fail(root, err.Error())
		return nil, c.problems
	}
	t := &Template{name: name}
	c.decode(root, value, reflect.ValueOf(&t.input).Elem())
	c.template(t)
	if len(c.problems) > 0 {
		return nil, c.problems
	}
	t.input.Name = aws.String(name)
	t.Warnings = c.warnings
	return t, nil
}

// Roles are the role and the instance profile that a launch names, as the file has them.
func (t *Template) Roles() []string {
	return []string{aws.ToString(t.input.ServiceRole), aws.ToString(t.input.JobFlowRole)}
}

// checker collects what is wrong and what is doubtful.
type checker struct {
	problems []*lifecycle.FieldError
	warnings []string
}

// fail reports one problem per path: the first says enough.
func (c *checker) fail(path, problem string) {
	for _, p := range c.problems {
		if p.Path == path {
			return
		}
	}
	c.problems = append(c.problems, &lifecycle.FieldError{Path: path, Problem: problem})
}

func (c *checker) warn(path, text string) { c.warnings = append(c.warnings, path+": "+text) }
