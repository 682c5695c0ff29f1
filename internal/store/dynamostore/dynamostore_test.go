package dynamostore

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"showtime/internal/store/storetest"
	"showtime/lifecycle"
)

func TestContract(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, clock *storetest.Clock) lifecycle.Store {
		t.Helper()
		return New(newFake(), "table", clock.Now)
	})
}

var rowKey = lifecycle.LiveKey("exploration", "row")

// increment adds one to the row and notes it in the audit; runs counts how often its function ran.
func increment(t *testing.T, s *Store) (runs int, err error) {
	t.Helper()
	err = s.Update(t.Context(), func(tx lifecycle.Tx) error {
		runs++
		var n int
		if _, err := tx.Get(rowKey, &n); err != nil {
			return err
		}
		return errors.Join(tx.Put(rowKey, n+1), tx.Insert(lifecycle.AuditKey("exploration", "1"), n, time.Time{}))
	})
	return runs, err
}

func row(t *testing.T, s *Store) (n int) {
	t.Helper()
	if _, err := s.Get(t.Context(), rowKey, &n); err != nil {
		t.Fatal(err)
	}
	return n
}

// once lets f answer the first commit only.
func once(f func(in *dynamodb.TransactWriteItemsInput) error) func(*dynamodb.TransactWriteItemsInput) error {
	done := false
	return func(in *dynamodb.TransactWriteItemsInput) error {
		if done {
			return nil
		}
		done = true
		return f(in)
	}
}

// The commit was made, its reply lost, and what came back in its stead must not make fn run again.
func TestUpdate_lost_reply_is_not_done_twice(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		after func(db *fake) func(in *dynamodb.TransactWriteItemsInput) error
	}{
		{"retry_finds_its_own_writes", func(db *fake) func(*dynamodb.TransactWriteItemsInput) error {
			return db.apply
		}},
		{"retry_conflicts_with_itself", func(*fake) func(*dynamodb.TransactWriteItemsInput) error {
			return func(in *dynamodb.TransactWriteItemsInput) error { return cancelledBy(in, "TransactionConflict") }
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			db := newFake()
			s := New(db, "table", time.Now)
			db.after = once(tt.after(db))
			runs, err := increment(t, s)
			if err != nil || runs != 1 || row(t, s) != 1 {
				t.Errorf("%v after %d runs, row = %d, want one run and 1", err, runs, row(t, s))
			}
		})
	}
}

// An insert that meets what it inserted itself has not failed.
func TestUpdate_lost_reply_of_an_insert_is_not_ErrExists(t *testing.T) {
	t.Parallel()
	db := newFake()
	db.after = once(db.apply)
	insert := func(tx lifecycle.Tx) error { return tx.Insert(rowKey, 1, time.Time{}) }
	s := New(db, "table", time.Now)
	if err := s.Update(t.Context(), insert); err != nil {
		t.Errorf("got %v, want success", err)
	}
	if err := s.Update(t.Context(), insert); !errors.Is(err, lifecycle.ErrExists) {
		t.Errorf("another insert: %v, want ErrExists", err)
	}
}

func TestUpdate_one_token_per_attempt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := newFake()
		tokens := map[string]bool{}
		tries := 0
		db.before = func(in *dynamodb.TransactWriteItemsInput) error {
			tries++
			tokens[*in.ClientRequestToken] = true
			if tries < 3 {
				return cancelledBy(in, "TransactionConflict")
			}
			return nil
		}
		s := New(db, "table", time.Now)
		if runs, err := increment(t, s); err != nil || runs != 3 || len(tokens) != 3 || row(t, s) != 1 {
			t.Errorf("%v after %d runs with %d tokens, row = %d", err, runs, len(tokens), row(t, s))
		}
	})
}

func TestUpdate_gives_up_on_endless_conflict(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"TransactionConflict", "ThrottlingError"} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				db := newFake()
				db.before = func(in *dynamodb.TransactWriteItemsInput) error { return cancelledBy(in, code) }
				begin := time.Now()
				runs, err := increment(t, New(db, "table", time.Now))
				if !errors.Is(err, lifecycle.ErrConflict) || runs != maxAttempts {
					t.Errorf("%v after %d runs", err, runs)
				}
				if took := time.Since(begin); took <= 0 || took > maxAttempts*longestWait {
					t.Errorf("waited %v in all", took)
				}
			})
		})
	}
}

func TestUpdate_faults_come_back_without_another_run(t *testing.T) {
	t.Parallel()
	fault := errors.New("connection reset")
	tests := []struct {
		name string
		set  func(db *fake)
		want string
	}{
		{"read", func(db *fake) { db.fault = fault }, "read record cluster/exploration row: connection reset"},
		{"commit", func(db *fake) { db.before = func(*dynamodb.TransactWriteItemsInput) error { return fault } }, "commit: connection reset"},
		{"refused", func(db *fake) {
			db.before = func(in *dynamodb.TransactWriteItemsInput) error { return cancelledBy(in, "ValidationError") }
		}, "validationerror"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			db := newFake()
			tt.set(db)
			runs, err := increment(t, New(db, "table", time.Now))
			if err == nil || !strings.Contains(err.Error(), tt.want) || errors.Is(err, lifecycle.ErrConflict) || runs != 1 {
				t.Errorf("%v after %d runs, want %q after one", err, runs, tt.want)
			}
		})
	}
}

func TestReads_give_faults(t *testing.T) {
	t.Parallel()
	db := newFake()
	db.fault = errors.New("throttled")
	s := New(db, "table", time.Now)
	if found, err := s.Get(t.Context(), rowKey, new(int)); found || !errors.Is(err, db.fault) {
		t.Errorf("get: %v, %v", found, err)
	}
	if _, err := s.List(t.Context(), lifecycle.Query{Partition: "p"}); !errors.Is(err, db.fault) {
		t.Errorf("list: %v", err)
	}
}

// An insert that met a record says nothing while something else the function read has changed too: on
// fresh records it might not insert at all.
func TestUpdate_insert_conflict_counts_only_on_fresh_records(t *testing.T) {
	t.Parallel()
	s := New(newFake(), "table", time.Now)
	audit := lifecycle.AuditKey("exploration", "1")
	runs := 0
	err := s.Update(t.Context(), func(tx lifecycle.Tx) error {
		runs++
		var n int
		if _, err := tx.Get(rowKey, &n); err != nil || n > 0 {
			return err
		}
		if _, err := increment(t, s); err != nil { // another writer, between our read and our commit
			return err
		}
		return tx.Insert(audit, "mine", time.Time{})
	})
	if err != nil || runs != 2 {
		t.Errorf("%v after %d runs, want success of the second", err, runs)
	}
}

func TestUpdate_deleted_and_made_anew_is_another_record(t *testing.T) {
	t.Parallel()
	s := New(newFake(), "table", time.Now)
	set := func(tx lifecycle.Tx) error { return tx.Put(rowKey, 1) }
	if err := s.Update(t.Context(), set); err != nil {
		t.Fatal(err)
	}
	runs := 0
	err := s.Update(t.Context(), func(tx lifecycle.Tx) error {
		runs++
		if _, err := tx.Get(rowKey, new(int)); err != nil {
			return err
		}
		if runs == 1 {
			if err := s.Update(t.Context(), func(tx lifecycle.Tx) error { return tx.Delete(rowKey) }); err != nil {
				return err
			}
			if err := s.Update(t.Context(), set); err != nil {
				return err
			}
		}
		return tx.Put(rowKey, 2)
	})
	if err != nil || runs != 2 {
		t.Errorf("%v after %d runs, want the change to be seen", err, runs)
	}
}

func TestUpdate_reads_alone_are_confirmed_when_there_are_several(t *testing.T) {
	t.Parallel()
	for records, want := range map[int]int{0: 0, 1: 0, 2: 1} {
		db := newFake()
		err := New(db, "table", time.Now).Update(t.Context(), func(tx lifecycle.Tx) error {
			for i := range records {
				if _, err := tx.Get(lifecycle.LiveKey("a", fmt.Sprint(i)), new(int)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil || db.commits != want {
			t.Errorf("%d records read: %d commits (%v), want %d", records, db.commits, err, want)
		}
	}
}

func TestUpdate_says_when_there_are_too_many_records(t *testing.T) {
	t.Parallel()
	for n, ok := range map[int]bool{maxItems: true, maxItems + 1: false} {
		err := New(newFake(), "table", time.Now).Update(t.Context(), func(tx lifecycle.Tx) error {
			for i := range n {
				if err := tx.Insert(lifecycle.LiveKey("a", fmt.Sprint(i)), i, time.Time{}); err != nil {
					return err
				}
			}
			return nil
		})
		if (err == nil) != ok || (err != nil && !strings.Contains(err.Error(), "101 records")) {
			t.Errorf("%d records: %v", n, err)
		}
	}
}

// Even an audit item that somebody gave an expiry by hand is never written over.
func TestInsert_audit_is_conditional_on_absence_only(t *testing.T) {
	t.Parallel()
	db := newFake()
	key := lifecycle.AuditKey("exploration", "1")
	old := item{key: key, body: "1", version: 1, expires: 1}
	db.items[key.Partition] = map[string]attrs{key.Name: old.attributes()}
	s := New(db, "table", time.Now)
	err := s.Update(t.Context(), func(tx lifecycle.Tx) error { return tx.Insert(key, 2, time.Time{}) })
	if !errors.Is(err, lifecycle.ErrExists) {
		t.Errorf("got %v, want ErrExists", err)
	}
}

func TestParse_refuses_what_it_did_not_write(t *testing.T) {
	t.Parallel()
	good := item{key: rowKey, body: "1", version: 7, expires: 9, by: "x"}
	if got, err := parse(good.attributes()); err != nil || got != good {
		t.Errorf("parse = %+v, %v, want %+v", got, err, good)
	}
	for name, change := range map[string]func(a attrs){
		"no_version":   func(a attrs) { delete(a, attrVersion) },
		"text_version": func(a attrs) { a[attrVersion] = text("1") },
		"text_expiry":  func(a attrs) { a[attrExpires] = text("soon") },
	} {
		a := good.attributes()
		change(a)
		if _, err := parse(a); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
