package template

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
)

// Request is something a function tries to do in AWS.
type Request struct {
	Action   string
	Resource string
	// Context has the condition keys that AWS sends along, each with its values.
	Context map[string][]string
}

// Statement is one statement of a policy, resolved.
type Statement struct {
	Sid, Effect        string
	Actions, Resources []string
	Conditions         map[string]map[string][]string // operator, key, values
}

// Statements gives what a role may and may not do, by its own policies and by those that are attached to it.
func (t *Template) Statements(role string) ([]Statement, error) {
	properties, err := t.Properties(role)
	if err != nil {
		return nil, err
	}
	if _, managed := properties["ManagedPolicyArns"]; managed {
		return nil, fmt.Errorf("%s has managed policies, which nobody here can read", role)
	}
	called, err := t.value(role)
	if err != nil {
		return nil, err
	}
	policies := properties["Policies"].([]any)
	for _, name := range t.Resources("AWS::IAM::Policy") {
		attached, err := t.Properties(name)
		if err != nil {
			return nil, err
		}
		if slices.Contains(Strings(attached["Roles"]), called) {
			policies = append(policies, attached)
		}
	}
	var out []Statement
	for _, policy := range policies {
		out = append(out, statementsOf(Map(policy, "PolicyDocument"))...)
	}
	return out, nil
}

// Document reads a policy that stands alone, as JSON.
func Document(data []byte) ([]Statement, error) {
	var document map[string]any
	if err := json.Unmarshal(data, &document); err != nil {
		return nil, fmt.Errorf("read policy: %w", err)
	}
	return statementsOf(document), nil
}

func statementsOf(document map[string]any) []Statement {
	var out []Statement
	for _, s := range document["Statement"].([]any) {
		m := s.(map[string]any)
		st := Statement{
			Sid: fmt.Sprint(m["Sid"]), Effect: fmt.Sprint(m["Effect"]),
			Actions: Strings(m["Action"]), Resources: Strings(m["Resource"]),
			Conditions: map[string]map[string][]string{},
		}
		for operator, keys := range Map(m["Condition"]) {
			st.Conditions[operator] = map[string][]string{}
			for key, values := range Map(keys) {
				st.Conditions[operator][key] = Strings(values)
			}
		}
		out = append(out, st)
	}
	return out
}

// Strings gives a value, or a list of them, as strings.
func Strings(v any) []string {
	list, ok := v.([]any)
	if !ok {
		return []string{fmt.Sprint(v)}
	}
	out := make([]string, 0, len(list))
	for _, item := range list {
		out = append(out, fmt.Sprint(item))
	}
	return out
}

// Allows decides as IAM does: some statement must allow it, and none deny it.
func Allows(statements []Statement, r Request) bool {
	allowed := false
	for _, s := range statements {
		if !s.applies(r) {
			continue
		}
		if s.Effect == "Deny" {
			return false
		}
		allowed = true
	}
	return allowed
}

func (s Statement) applies(r Request) bool {
	if !slices.ContainsFunc(s.Actions, func(p string) bool { return Like(p, r.Action) }) ||
		!slices.ContainsFunc(s.Resources, func(p string) bool { return Like(p, r.Resource) }) {
		return false
	}
	for operator, keys := range s.Conditions {
		for key, values := range keys {
			if !holds(operator, values, r.Context[key]) {
				return false
			}
		}
	}
	return true
}

// holds evaluates one condition. An operator that it does not know holds nowhere.
func holds(operator string, want, got []string) bool {
	matches := func(v string) bool { return slices.Contains(want, v) }
	if strings.HasSuffix(operator, "StringLike") {
		matches = func(v string) bool { return slices.ContainsFunc(want, func(p string) bool { return Like(p, v) }) }
	}
	switch operator {
	case "StringEquals", "StringLike":
		return len(got) == 1 && matches(got[0])
	case "ArnNotLike":
		return !slices.ContainsFunc(got, func(v string) bool { return slices.ContainsFunc(want, func(p string) bool { return Like(p, v) }) })
	case "ForAnyValue:StringEquals", "ForAnyValue:StringLike":
		return slices.ContainsFunc(got, matches)
	case "ForAllValues:StringEquals", "ForAllValues:StringLike": // true of no values at all
		return !slices.ContainsFunc(got, func(v string) bool { return !matches(v) })
	case "Null":
		return slices.Contains(want, fmt.Sprint(len(got) == 0))
	}
	return false
}

// Like matches IAM's * (any characters) and ? (one). path.Match has both, but its * stops at a slash.
func Like(pattern, s string) bool {
	slashless := strings.NewReplacer("/", "\x00", "[", "\x01")
	ok, err := path.Match(slashless.Replace(pattern), slashless.Replace(s))
	return err == nil && ok
}
