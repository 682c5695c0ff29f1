package httpapi_test

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"showtime/lifecycle"
	"showtime/lifecycle/httpapi"
)

// fill sets everything in a value to something that is not zero, so that whatever is lost on the way shows.
func fill(v reflect.Value, n *int64) {
	*n++
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(v.Index(0), n)
		fill(v.Index(1), n)
	case reflect.Map:
		value := reflect.New(v.Type().Elem()).Elem()
		fill(value, n)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(reflect.ValueOf("x"), value)
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Unix(*n, 0).UTC()))
			return
		}
		for _, field := range v.Fields() {
			fill(field, n)
		}
	case reflect.String:
		v.SetString("x")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Float64:
		v.SetFloat(float64(*n))
	default:
		v.SetInt(*n)
	}
}

// TestNothingIsLost sends a state that has everything over the wire.
func TestNothingIsLost(t *testing.T) {
	t.Parallel()
	var want lifecycle.State
	n := int64(0)
	fill(reflect.ValueOf(&want).Elem(), &n)
	data, err := json.Marshal(httpapi.FromState(want))
	if err != nil {
		t.Fatal(err)
	}
	var c httpapi.Cluster
	if err := json.Unmarshal(data, &c); err != nil {
		t.Fatal(err)
	}
	got, err := c.State()
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-sent +arrived):\n%s", err, diff)
	}
}
