package sqsqueue

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestReturn(t *testing.T) {
	t.Parallel()
	f := &fakeSQS{}
	r := NewReturner(f, testURL)
	for _, after := range []time.Duration{0, 2 * time.Second, 2500 * time.Millisecond} {
		if err := r.Return(t.Context(), "1", after); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"hide 1 for 0 s", "hide 1 for 2 s", "hide 1 for 3 s"}, f.settled); diff != "" {
		t.Error(diff)
	}
	f.err = errDown
	if err := r.Return(t.Context(), "1", 0); !errors.Is(err, errDown) {
		t.Errorf("got %v, want SQS's error", err)
	}
}
