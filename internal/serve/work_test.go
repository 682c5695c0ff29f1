package serve

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestOutlive(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		asked, stop := context.WithCancel(t.Context())
		patience, cancel := outlive(asked, graceFor)
		defer cancel()
		time.Sleep(time.Hour)
		if patience.Err() != nil {
			t.Fatal("it ended before anybody asked")
		}
		stop()
		time.Sleep(graceFor - time.Second)
		if patience.Err() != nil {
			t.Error("no grace was given")
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if patience.Err() == nil {
			t.Error("it never ends")
		}
	})
}

func TestEndWith(t *testing.T) {
	t.Parallel()
	other, end := context.WithCancel(t.Context())
	ctx, stop := endWith(t.Context(), other)
	defer stop()
	end()
	<-ctx.Done()
	if t.Context().Err() != nil {
		t.Error("the parent ended too")
	}
}

func TestRepeat_begins_at_once_and_ends_with_its_context(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithTimeout(t.Context(), 150*time.Second)
		defer stop()
		n := 0
		if err := repeat(ctx, time.Minute, func() { n++ }); err != nil || n != 3 {
			t.Errorf("done %d times, %v", n, err)
		}
	})
}

// When one part ends, the process must not live on as half of itself.
func TestTogether_ends_all_with_one(t *testing.T) {
	t.Parallel()
	broken := errors.New("file broken")
	err := together(t.Context(),
		func(context.Context) error { return broken },
		func(ctx context.Context) error { <-ctx.Done(); return nil },
	)
	if !errors.Is(err, broken) {
		t.Errorf("err = %v", err)
	}
}
