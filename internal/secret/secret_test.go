package secret_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/google/go-cmp/cmp"

	"showtime/internal/secret"
)

// store is a Parameter Store with one parameter.
type store struct {
	mu    sync.Mutex
	value *string
	err   error
	slow  time.Duration
	asked []string
}

func (s *store) GetParameter(ctx context.Context, in *ssm.GetParameterInput, _ ...func(*ssm.Options)) (*ssm.GetParameterOutput, error) {
	select {
	case <-time.After(s.slow):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !aws.ToBool(in.WithDecryption) {
		return nil, errors.New("asked without decryption")
	}
	s.asked = append(s.asked, aws.ToString(in.Name))
	if s.err != nil {
		return nil, s.err
	}
	return &ssm.GetParameterOutput{Parameter: &types.Parameter{Value: s.value}}, nil
}

func (s *store) set(value string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.value, s.err = &value, err
}

func (s *store) times() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.asked)
}

func newValue(s *store) *secret.Value {
	return secret.New(secret.FromSSM(s, "/showtime/slack/", secret.BotToken), time.Now)
}

// want asks for the secret and checks it and how often the store has been asked by then.
func want(t *testing.T, s *store, get func(context.Context) (string, error), value string, times int) {
	t.Helper()
	got, err := get(t.Context())
	if got != value || (err != nil) != (value == "") || s.times() != times {
		t.Errorf("got %q, %v after %d readings, want %q after %d", got, err, s.times(), value, times)
	}
}

func TestKeptFiveMinutes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &store{value: aws.String(" one\n")}
		v := newValue(s)
		if s.times() != 0 {
			t.Error("read before the first use")
		}
		want(t, s, v.Get, "one", 1)
		s.set("two", nil)
		time.Sleep(5*time.Minute - time.Second)
		want(t, s, v.Get, "one", 1)
		time.Sleep(time.Second)
		want(t, s, v.Get, "two", 2)
		if s.asked[0] != "/showtime/slack/bot-token" {
			t.Errorf("asked for %q", s.asked[0])
		}
	})
}

func TestRefreshAtMostOnceAMinute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &store{value: aws.String("one")}
		v := newValue(s)
		want(t, s, v.Get, "one", 1)
		s.set("two", nil)
		want(t, s, v.Refresh, "one", 1)
		time.Sleep(time.Minute)
		want(t, s, v.Refresh, "two", 2)
		for range 10 {
			want(t, s, v.Refresh, "two", 2)
		}
	})
}

func TestOldValueStaysOnError(t *testing.T) {
	t.Parallel()
	for name, broken := range map[string]func(*store){
		"refused": func(s *store) { s.set("", errors.New("denied")) },
		"empty":   func(s *store) { s.set(" , ", nil) },
		"slow":    func(s *store) { s.slow = time.Hour },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &store{value: aws.String("one")}
				v := newValue(s)
				want(t, s, v.Get, "one", 1)
				broken(s)
				time.Sleep(6 * time.Minute)
				begin := time.Now()
				if got, err := v.Get(t.Context()); got != "one" || err != nil || time.Since(begin) > time.Second {
					t.Errorf("got %q, %v after %v", got, err, time.Since(begin))
				}
				asked, again := s.times(), time.Now()
				if got, err := v.Get(t.Context()); got != "one" || err != nil || s.times() != asked || time.Since(again) != 0 {
					t.Error("a failing store is asked again within the minute")
				}
			})
		})
	}
}

func TestNeverReadFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &store{err: errors.New("down")}
		v := newValue(s)
		want(t, s, v.Get, "", 1)
		want(t, s, v.Get, "", 1)
		s.set("one", nil)
		time.Sleep(time.Second)
		want(t, s, v.Get, "one", 2)
	})
}

func TestOneReadingForMany(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &store{value: aws.String("one"), slow: 500 * time.Millisecond}
		v := newValue(s)
		gone, leave := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { // the one who began it goes away
			if got, err := v.Get(gone); err == nil {
				t.Errorf("got %q after leaving", got)
			}
		})
		synctest.Wait()
		for range 20 {
			wg.Go(func() {
				if got, err := v.Get(t.Context()); got != "one" || err != nil {
					t.Errorf("got %q, %v", got, err)
				}
			})
		}
		synctest.Wait()
		leave()
		wg.Wait()
		if s.times() != 1 {
			t.Errorf("%d readings, want 1", s.times())
		}
	})
}

func TestSigning(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &store{value: aws.String(" new , ,old,\n")}
		signing := secret.NewSigning(secret.New(secret.FromSSM(s, "/p", secret.SigningSecret), time.Now))
		got, err := signing.Signing(t.Context())
		if diff := cmp.Diff([]string{"new", "old"}, got); err != nil || diff != "" {
			t.Errorf("error %v, secrets (-want +got):\n%s", err, diff)
		}
		time.Sleep(time.Minute)
		s.set("newest", nil)
		if got, err := signing.Refresh(t.Context()); err != nil || !cmp.Equal(got, []string{"newest"}) {
			t.Errorf("refreshed to %q, %v", got, err)
		}
	})
}

func TestStaticSigning(t *testing.T) {
	t.Parallel()
	if got, err := secret.StaticSigning([]string{"a", "b"}).Signing(t.Context()); err != nil || !cmp.Equal(got, []string{"a", "b"}) {
		t.Errorf("got %q, %v", got, err)
	}
	if got, err := secret.StaticSigning([]string{"", " "}).Signing(t.Context()); err == nil {
		t.Errorf("empty secrets gave %q", got)
	}
}

func TestErrorsHoldNoSecret(t *testing.T) {
	t.Parallel()
	s := &store{value: aws.String("xoxb-secret"), err: errors.New("denied")}
	_, err := newValue(s).Get(t.Context())
	if err == nil || strings.Contains(err.Error(), "xoxb") || !strings.Contains(err.Error(), "/showtime/slack/bot-token") {
		t.Errorf("error = %v, want one that names the parameter alone", err)
	}
}
