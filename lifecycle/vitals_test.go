package lifecycle

import (
	"context"
	"errors"
	"testing"
)

type brokenGetter struct{}

func (brokenGetter) Get(context.Context, Key, any) (bool, error) { return false, errors.New("down") }

func TestReadVitals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	read := func() Vitals {
		t.Helper()
		v, err := ReadVitals(t.Context(), w.store, w.l.set.Name)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	if v := read(); v != (Vitals{}) {
		t.Errorf("before anything: %+v", v)
	}
	id := w.up()
	w.poke()
	if v := read(); v.EMRID != id || !v.TickedAt.Equal(w.clock.now()) {
		t.Errorf("of a session that runs: %+v", v)
	}
	if _, err := ReadVitals(t.Context(), brokenGetter{}, "x"); err == nil {
		t.Error("a store that is down is no error")
	}
}
