package awsemr

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// parse reads one JSON object, keeping numbers as they are written. encoding/json lets the last of two
// equal keys win, which would hide a forgotten line, so they are reported here.
func parse(raw json.RawMessage, c *checker) (any, error) {
	if len(bytes.TrimSpace(raw)) == 0 {
		return nil, errors.New("is required: EMR's own RunJobFlow request")
	}
	if !json.Valid(raw) {
		return nil, errors.New("is not valid JSON")
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	return c.value(dec, root)
}

func (c *checker) value(dec *json.Decoder, path string) (any, error) {
	token, err := dec.Token()
	if err != nil {
		return nil, fmt.Errorf("read JSON: %w", err)
	}
	switch token {
	case json.Delim('{'):
		return c.object(dec, path)
	case json.Delim('['):
		return c.array(dec, path)
	default:
		return token, nil
	}
}

func (c *checker) object(dec *json.Decoder, path string) (any, error) {
	out := map[string]any{}
	for dec.More() {
		token, err := dec.Token()
		if err != nil {
			return nil, fmt.Errorf("read JSON: %w", err)
		}
		key, _ := token.(string)
		at := member(path, key)
		if _, twice := out[key]; twice {
			c.fail(at, "appears twice")
		}
		if out[key], err = c.value(dec, at); err != nil {
			return nil, err
		}
	}
	_, err := dec.Token()
	return out, err
}

func (c *checker) array(dec *json.Decoder, path string) (any, error) {
	out := []any{}
	for dec.More() {
		v, err := c.value(dec, element(path, len(out)))
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	_, err := dec.Token()
	return out, err
}

// decode stores a parsed value, reporting unknown keys and wrong types. The SDK's field names are the
// API's names, and unlike encoding/json this compares them exactly.
func (c *checker) decode(path string, value any, into reflect.Value) {
	switch into.Kind() {
	case reflect.Pointer:
		into.Set(reflect.New(into.Type().Elem()))
		c.decode(path, value, into.Elem())
	case reflect.Struct:
		c.members(path, value, into)
	case reflect.Slice:
		c.elements(path, value, into)
	case reflect.Map:
		c.entries(path, value, into)
	default:
		c.scalar(path, value, into)
	}
}

func (c *checker) members(path string, value any, into reflect.Value) {
	object, ok := value.(map[string]any)
	if !ok {
		c.fail(path, "must be an object")
		return
	}
	for _, key := range slices.Sorted(maps.Keys(object)) {
		field, ok := into.Type().FieldByName(key)
		if !ok || !field.IsExported() {
			c.fail(member(path, key), unknown(key, into.Type()))
			continue
		}
		c.decode(member(path, key), object[key], into.FieldByIndex(field.Index))
	}
	for _, key := range required(into.Type().Name()) {
		if _, ok := object[key]; !ok {
			c.fail(member(path, key), "is required")
		}
	}
}

// unknown says that a key is unknown, and which one differs only by case.
func unknown(key string, t reflect.Type) string {
	for field := range t.Fields() {
		if field.IsExported() && strings.EqualFold(field.Name, key) {
			return "is unknown; did you mean " + field.Name + "?"
		}
	}
	return "is unknown"
}

func (c *checker) elements(path string, value any, into reflect.Value) {
	list, ok := value.([]any)
	if !ok {
		c.fail(path, "must be a list")
		return
	}
	into.Set(reflect.MakeSlice(into.Type(), len(list), len(list)))
	for i, v := range list {
		c.decode(element(path, i), v, into.Index(i))
	}
}

func (c *checker) entries(path string, value any, into reflect.Value) {
	object, ok := value.(map[string]any)
	if !ok {
		c.fail(path, "must be an object")
		return
	}
	into.Set(reflect.MakeMapWithSize(into.Type(), len(object)))
	for _, key := range slices.Sorted(maps.Keys(object)) {
		v := reflect.New(into.Type().Elem()).Elem()
		c.decode(member(path, key), object[key], v)
		into.SetMapIndex(reflect.ValueOf(key), v)
	}
}

func (c *checker) scalar(path string, value any, into reflect.Value) {
	switch into.Kind() {
	case reflect.String:
		if s, ok := value.(string); !ok {
			c.fail(path, "must be a string")
		} else {
			into.SetString(s)
			c.enum(path, s, into)
		}
	case reflect.Bool:
		if b, ok := value.(bool); !ok {
			c.fail(path, "must be true or false")
		} else {
			into.SetBool(b)
		}
	default:
		c.number(path, value, into)
	}
}

func (c *checker) number(path string, value any, into reflect.Value) {
	text, _ := value.(json.Number)
	if into.CanFloat() {
		f, err := strconv.ParseFloat(text.String(), 64)
		if err != nil {
			c.fail(path, "must be a number")
		}
		into.SetFloat(f)
		return
	}
	n, err := strconv.ParseInt(text.String(), 10, into.Type().Bits())
	if err != nil {
		c.fail(path, "must be a whole number")
		return
	}
	into.SetInt(n)
}

// enum checks a value of one of the SDK's enumerations, which all list their values.
func (c *checker) enum(path, value string, into reflect.Value) {
	values := into.MethodByName("Values")
	if !values.IsValid() {
		return
	}
	list := values.Call(nil)[0]
	words := make([]string, list.Len())
	for i := range words {
		words[i] = list.Index(i).String()
	}
	if !slices.Contains(words, value) {
		c.fail(path, "must be "+strings.Join(words, " or "))
	}
}

func element(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

// member gives the path of a key, quoted unless it is a plain word.
func member(path, key string) string {
	plain := func(r rune) bool {
		return r == '_' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
	}
	if key != "" && strings.IndexFunc(key, func(r rune) bool { return !plain(r) }) < 0 {
		return path + "." + key
	}
	return path + "[" + strconv.Quote(key) + "]"
}

// required gives the members that EMR requires in a structure of the request. Name is ours to fill in.
func required(structure string) []string {
	switch structure {
	case "RunJobFlowInput":
		return []string{"Instances", "JobFlowRole", "ReleaseLabel", "ServiceRole"}
	case "BootstrapActionConfig":
		return []string{"Name", "ScriptBootstrapAction"}
	case "InstanceGroupConfig":
		return []string{"InstanceCount", "InstanceRole", "InstanceType"}
	case "InstanceFleetConfig":
		return []string{"InstanceFleetType", "InstanceTypeConfigs"}
	case "ComputeLimits":
		return []string{"MaximumCapacityUnits", "MinimumCapacityUnits", "UnitType"}
	case "SpotProvisioningSpecification":
		return []string{"TimeoutAction", "TimeoutDurationMinutes"}
	case "CloudWatchAlarmDefinition":
		return []string{"ComparisonOperator", "MetricName", "Period", "Threshold"}
	default:
		return requiredFew(structure)
	}
}

func requiredFew(structure string) []string {
	few := map[string]string{
		"Tag":                               "Key",
		"Application":                       "Name",
		"Configuration":                     "Classification",
		"AutoTerminationPolicy":             "IdleTimeout",
		"ManagedScalingPolicy":              "ComputeLimits",
		"ScriptBootstrapActionConfig":       "Path",
		"HadoopJarStepConfig":               "Jar",
		"InstanceTypeConfig":                "InstanceType",
		"EbsBlockDeviceConfig":              "VolumeSpecification",
		"OnDemandProvisioningSpecification": "AllocationStrategy",
		"PlacementGroupConfig":              "InstanceRole",
		"ScalingAction":                     "SimpleScalingPolicyConfiguration",
		"ScalingTrigger":                    "CloudWatchAlarmDefinition",
		"SimpleScalingPolicyConfiguration":  "ScalingAdjustment",
		"CloudWatchLogConfiguration":        "Enabled",
	}
	pairs := map[string][]string{
		"StepConfig":          {"HadoopJarStep", "Name"},
		"AutoScalingPolicy":   {"Constraints", "Rules"},
		"ScalingConstraints":  {"MaxCapacity", "MinCapacity"},
		"ScalingRule":         {"Action", "Name", "Trigger"},
		"KerberosAttributes":  {"KdcAdminPassword", "Realm"},
		"VolumeSpecification": {"SizeInGB", "VolumeType"},
	}
	if one, ok := few[structure]; ok {
		return []string{one}
	}
	return pairs[structure]
}
