package template

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

var variable = regexp.MustCompile(`\$\{([A-Za-z0-9:.]+)\}`)

// Resolve replaces every intrinsic function in v by its value. What !Ref AWS::NoValue stands for is left out.
func (t *Template) Resolve(v any) (any, error) {
	switch v := v.(type) {
	case Call:
		return t.call(v)
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, value := range v {
			r, err := t.Resolve(value)
			if err != nil {
				return nil, err
			}
			if r != nil {
				out[key] = r
			}
		}
		return out, nil
	case []any:
		out := make([]any, 0, len(v))
		for _, item := range v {
			r, err := t.Resolve(item)
			if err != nil {
				return nil, err
			}
			if r != nil {
				out = append(out, r)
			}
		}
		return out, nil
	default:
		return v, nil
	}
}

func (t *Template) call(c Call) (any, error) {
	switch arg := c.Arg.(type) {
	case string:
		return t.scalarCall(c.Fn, arg)
	case []any:
		return t.listCall(c.Fn, arg)
	}
	return nil, fmt.Errorf("!%s with a mapping is not understood", c.Fn)
}

func (t *Template) scalarCall(fn, arg string) (any, error) {
	switch {
	case fn == "Ref" && arg == "AWS::NoValue":
		return nil, nil //nolint:nilnil // no value is what it means
	case fn == "Ref" && Map(t.Section("Parameters"), arg)["Type"] == "CommaDelimitedList":
		v, err := t.value(arg)
		return split(v, ","), err
	case fn == "Ref" || fn == "GetAtt":
		return t.value(arg)
	case fn == "Sub":
		var missing error
		s := variable.ReplaceAllStringFunc(arg, func(m string) string {
			v, err := t.value(variable.FindStringSubmatch(m)[1])
			if err != nil {
				missing = err
			}
			return v
		})
		return s, missing
	}
	return nil, fmt.Errorf("!%s is not understood", fn)
}

func (t *Template) listCall(fn string, arg []any) (any, error) {
	if fn == "If" {
		holds, err := t.condition(fmt.Sprint(arg[0]))
		if err != nil {
			return nil, err
		}
		if holds {
			return t.Resolve(arg[1])
		}
		return t.Resolve(arg[2])
	}
	resolved, err := t.Resolve(arg)
	if err != nil {
		return nil, err
	}
	args := resolved.([]any)
	switch fn {
	case "Split":
		return split(fmt.Sprint(args[1]), fmt.Sprint(args[0])), nil
	case "Contains":
		return slices.Contains(args[0].([]any), args[1]), nil
	case "Equals":
		return args[0] == args[1], nil
	case "Not":
		return args[0] == false, nil
	}
	return nil, fmt.Errorf("!%s is not understood", fn)
}

func split(s, by string) []any {
	var parts []any
	for part := range strings.SplitSeq(s, by) {
		parts = append(parts, part)
	}
	return parts
}

func (t *Template) condition(name string) (bool, error) {
	v, err := t.Resolve(t.Section("Conditions")[name])
	if err != nil {
		return false, err
	}
	holds, ok := v.(bool)
	if !ok {
		return false, fmt.Errorf("template has no condition %s", name)
	}
	return holds, nil
}

// value is what a name stands for. A resource that no override names stands for its own name, and its
// attribute for an ARN made of it.
func (t *Template) value(name string) (string, error) {
	if v, ok := t.values[name]; ok {
		return v, nil
	}
	resource, attribute, hasAttribute := strings.Cut(name, ".")
	switch _, exists := t.Section("Resources")[resource]; {
	case exists && attribute == "Arn":
		return "arn:" + resource, nil
	case exists && hasAttribute:
		return resource + "." + attribute, nil
	case exists:
		return resource, nil
	}
	return "", fmt.Errorf("nothing is called %s", name)
}
