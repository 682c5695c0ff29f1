// Package template reads template.yaml, so that the tests take table keys, queue settings, permissions
// and variables from the file that is deployed and from nowhere else.
package template

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Template is the parsed file.
type Template struct {
	root map[string]any
	// values are what !Ref, !Sub and !GetAtt give: parameters and pseudo parameters by name, attributes as Name.Attr.
	values map[string]string
}

// Call is an intrinsic function as it stands in the file.
type Call struct {
	Fn  string // Ref, Sub, GetAtt, ...
	Arg any
}

// PathVariable names another template in the place of template.yaml, for a test of the tests.
const PathVariable = "SHOWTIME_TEST_TEMPLATE"

// Path is where template.yaml stands.
func Path() string {
	if other := os.Getenv(PathVariable); other != "" {
		return other
	}
	return filepath.Join(here(), "..", "..", "template.yaml")
}

// here is this folder.
func here() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Dir(file)
}

// Load reads template.yaml. Parameters have their defaults, and overrides go over them; an override
// may also name what exists only once deployed, such as "Queue" or "Queue.Arn".
func Load(overrides map[string]string) (*Template, error) {
	data, err := os.ReadFile(Path())
	if err != nil {
		return nil, fmt.Errorf("read template: %w", err)
	}
	return Parse(data, overrides)
}

// Parse reads a template's YAML, or its JSON, as Load does.
func Parse(data []byte, overrides map[string]string) (*Template, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return nil, fmt.Errorf("parse template: %w", err)
	}
	root, err := decode(doc.Content[0])
	if err != nil {
		return nil, fmt.Errorf("parse template: %w", err)
	}
	t := &Template{root: root.(map[string]any), values: map[string]string{
		"AWS::StackName": "showtime-test", "AWS::Region": "eu-central-1", "AWS::AccountId": "123456789012",
		"AWS::Partition": "aws", "AWS::URLSuffix": "amazonaws.com",
	}}
	for name, p := range t.Section("Parameters") {
		if value, ok := p.(map[string]any)["Default"]; ok {
			t.values[name] = fmt.Sprint(value)
		}
	}
	maps.Copy(t.values, overrides)
	return t, nil
}

// Section gives a top-level section, unresolved.
func (t *Template) Section(name string) map[string]any {
	section, _ := t.root[name].(map[string]any)
	return section
}

// Resources gives the names of the resources of one type that the parameters bring about, sorted.
func (t *Template) Resources(kind string) []string {
	var names []string
	for name, r := range t.There("Resources") {
		if Map(r)["Type"] == kind {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// There gives what of a section exists with these parameters: what has a condition only where it holds.
func (t *Template) There(section string) map[string]any {
	there := maps.Clone(t.Section(section))
	maps.DeleteFunc(there, func(_ string, v any) bool {
		name, conditional := Map(v)["Condition"].(string)
		if !conditional {
			return false
		}
		holds, err := t.condition(name)
		return err == nil && !holds // a condition that nobody can read hides nothing
	})
	return there
}

// Properties gives a resource's properties with every intrinsic function resolved.
func (t *Template) Properties(name string) (map[string]any, error) {
	resource, ok := t.Section("Resources")[name].(map[string]any)
	if !ok {
		return nil, fmt.Errorf("template has no resource %s", name)
	}
	v, err := t.Resolve(resource["Properties"])
	if err != nil {
		return nil, fmt.Errorf("resolve %s: %w", name, err)
	}
	return v.(map[string]any), nil
}

// Environment gives the variables that a function gets, the shared ones included.
func (t *Template) Environment(function string) (map[string]string, error) {
	env := map[string]string{}
	own, err := t.Properties(function)
	if err != nil {
		return nil, err
	}
	shared, err := t.Resolve(t.Section("Globals")["Function"])
	if err != nil {
		return nil, fmt.Errorf("resolve Globals: %w", err)
	}
	for _, properties := range []any{shared, own} {
		for name, value := range Map(properties, "Environment", "Variables") {
			env[name] = fmt.Sprint(value)
		}
	}
	return env, nil
}

// Map walks down the keys and gives the map it finds there, or an empty one.
func Map(v any, keys ...string) map[string]any {
	m, _ := v.(map[string]any)
	for _, key := range keys {
		m, _ = m[key].(map[string]any)
	}
	return m
}

// decode turns YAML into maps, slices, strings, numbers, booleans and Calls.
func decode(n *yaml.Node) (any, error) {
	if strings.HasPrefix(n.Tag, "!") && !strings.HasPrefix(n.Tag, "!!") {
		fn := strings.TrimPrefix(n.Tag, "!")
		plain := *n
		plain.Tag = map[yaml.Kind]string{yaml.ScalarNode: "!!str", yaml.SequenceNode: "!!seq", yaml.MappingNode: "!!map"}[n.Kind]
		arg, err := decode(&plain)
		return Call{Fn: fn, Arg: arg}, err
	}
	switch n.Kind {
	case yaml.MappingNode:
		if call, ok, err := longForm(n); ok {
			return call, err
		}
		m := make(map[string]any, len(n.Content)/2)
		for i := 0; i < len(n.Content); i += 2 {
			key := n.Content[i].Value
			if _, twice := m[key]; twice {
				return nil, fmt.Errorf("line %d: key %q stands twice", n.Content[i].Line, key)
			}
			v, err := decode(n.Content[i+1])
			if err != nil {
				return nil, err
			}
			m[key] = v
		}
		return m, nil
	case yaml.SequenceNode:
		s := make([]any, 0, len(n.Content))
		for _, item := range n.Content {
			v, err := decode(item)
			if err != nil {
				return nil, err
			}
			s = append(s, v)
		}
		return s, nil
	case yaml.ScalarNode:
		return scalar(n)
	default: // CloudFormation refuses aliases, although YAML has them
		return nil, fmt.Errorf("line %d: aliases are not for CloudFormation", n.Line)
	}
}

// longForm reads an intrinsic function as JSON must write it: {"Ref": "Name"}, {"Fn::GetAtt": ["Name", "Arn"]}.
func longForm(n *yaml.Node) (call Call, ok bool, err error) {
	if len(n.Content) != 2 {
		return Call{}, false, nil
	}
	fn, isFn := strings.CutPrefix(n.Content[0].Value, "Fn::")
	if !isFn && fn != "Ref" {
		return Call{}, false, nil
	}
	arg, err := decode(n.Content[1])
	if parts, isList := arg.([]any); isList && fn == "GetAtt" {
		arg = strings.Join(Strings(parts), ".")
	}
	return Call{Fn: fn, Arg: arg}, true, err
}

func scalar(n *yaml.Node) (any, error) {
	if n.Anchor != "" {
		return nil, fmt.Errorf("line %d: anchors are not for CloudFormation", n.Line)
	}
	switch n.Tag {
	case "!!int":
		return strconv.Atoi(n.Value)
	case "!!bool":
		return strconv.ParseBool(n.Value)
	default:
		return n.Value, nil
	}
}
