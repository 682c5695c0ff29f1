package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"showtime/lifecycle"
)

func names(t *testing.T, s lifecycle.Store, q lifecycle.Query) []string {
	t.Helper()
	records, err := s.List(t.Context(), q)
	if err != nil {
		t.Fatalf("list %+v: %v", q, err)
	}
	out := []string{}
	for _, r := range records {
		if r.Key.Partition != q.Partition {
			t.Errorf("list %+v gave partition %s", q, r.Key.Partition)
		}
		out = append(out, r.Key.Name)
	}
	return out
}

func listRanges(t *testing.T, s lifecycle.Store, clock *Clock) {
	t.Helper()
	update(t, s, func(tx lifecycle.Tx) error {
		for _, n := range []string{"a", "b", "ba", "c", "d"} {
			if err := tx.Put(key(n), doc{Text: n}); err != nil {
				return err
			}
		}
		return tx.Insert(key("bz"), doc{}, clock.Now()) // expired at once: neither listed nor counted
	})
	p := key("").Partition
	tests := []struct {
		name string
		q    lifecycle.Query
		want []string
	}{
		{"all", lifecycle.Query{Partition: p}, []string{"a", "b", "ba", "c", "d"}},
		{"from", lifecycle.Query{Partition: p, From: "b"}, []string{"b", "ba", "c", "d"}},
		{"to_is_excluded", lifecycle.Query{Partition: p, To: "c"}, []string{"a", "b", "ba"}},
		{"between", lifecycle.Query{Partition: p, From: "b", To: "d"}, []string{"b", "ba", "c"}},
		{"between_newest", lifecycle.Query{Partition: p, From: "b", To: "d", Newest: true}, []string{"c", "ba", "b"}},
		{"between_newest_limit", lifecycle.Query{Partition: p, From: "b", To: "d", Newest: true, Limit: 1}, []string{"c"}},
		{"limit", lifecycle.Query{Partition: p, Limit: 3}, []string{"a", "b", "ba"}},
		{"limit_past_expired", lifecycle.Query{Partition: p, From: "ba", Limit: 2}, []string{"ba", "c"}},
		{"limit_more_than_there_are", lifecycle.Query{Partition: p, Limit: 50}, []string{"a", "b", "ba", "c", "d"}},
		{"newest", lifecycle.Query{Partition: p, Newest: true}, []string{"d", "c", "ba", "b", "a"}},
		{"newest_limit", lifecycle.Query{Partition: p, Newest: true, Limit: 2}, []string{"d", "c"}},
		{"newest_past_the_end", lifecycle.Query{Partition: p, From: "c", To: "zz", Newest: true}, []string{"d", "c"}},
		{"empty_range", lifecycle.Query{Partition: p, From: "c", To: "c"}, []string{}},
		{"upside_down", lifecycle.Query{Partition: p, From: "d", To: "a"}, []string{}},
		{"nothing_there", lifecycle.Query{Partition: p, From: "x"}, []string{}},
	}
	for _, tt := range tests {
		if got := names(t, s, tt.q); !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
	records, err := s.List(t.Context(), lifecycle.Query{Partition: p, Limit: 1})
	if err != nil || len(records) != 1 || string(records[0].Value) != `{"n":0,"text":"a"}` {
		t.Errorf("value = %s (%v)", records, err)
	}
}

// More than DynamoDB gives in one page (1 MB).
func listMany(t *testing.T, s lifecycle.Store, _ *Clock) {
	t.Helper()
	const batches, each = 5, 12
	text := strings.Repeat("x", 30_000)
	var all []string
	for b := range batches {
		update(t, s, func(tx lifecycle.Tx) error {
			for i := range each {
				if err := tx.Put(key(fmt.Sprintf("%02d-%02d", b, i)), doc{Text: text}); err != nil {
					return err
				}
			}
			return nil
		})
		for i := range each {
			all = append(all, fmt.Sprintf("%02d-%02d", b, i))
		}
	}
	p := key("").Partition
	if got, want := names(t, s, lifecycle.Query{Partition: p}), all; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got, want := names(t, s, lifecycle.Query{Partition: p, Limit: 50}), all[:50]; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := names(t, s, lifecycle.Query{Partition: p, Newest: true, Limit: 45}); len(got) != 45 || got[44] != all[15] {
		t.Errorf("newest 45 end in %v", got[len(got)-1])
	}
}

func partitions(t *testing.T, s lifecycle.Store, _ *Clock) {
	t.Helper()
	for _, c := range []string{"a", "a-b", "a/b", "b"} {
		put(t, s, lifecycle.LiveKey(c, "row"), doc{Text: c})
	}
	for _, newest := range []bool{false, true} {
		q := lifecycle.Query{Partition: lifecycle.LiveKey("a", "").Partition, Newest: newest}
		if got := names(t, s, q); len(got) != 1 {
			t.Errorf("partition a holds %v (newest %v)", got, newest)
		}
	}
	want(t, s, lifecycle.LiveKey("a", "row"), &doc{Text: "a"})
}
