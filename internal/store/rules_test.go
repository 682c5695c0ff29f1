package store

import (
	"errors"
	"testing"
	"time"

	"showtime/lifecycle"
)

func TestRules_of_keys(t *testing.T) {
	t.Parallel()
	later := time.Unix(2000, 0)
	tests := []struct {
		name                   string
		key                    lifecycle.Key
		expires                time.Time
		insertOK, changeOK, ra bool
	}{
		{"live", lifecycle.LiveKey("a", "row"), time.Time{}, true, true, false},
		{"dedupe_expires", lifecycle.DedupeKey("a", "op"), later, true, true, false},
		{"audit_inserted_only", lifecycle.AuditKey("a", "t/1"), time.Time{}, true, false, true},
		{"audit_never_expires", lifecycle.AuditKey("a", "t/1"), later, false, false, true},
		{"audit_of_no_cluster", lifecycle.AuditKey("", "t/1"), later, false, false, true},
		{"no_name", lifecycle.Key{Partition: "p"}, time.Time{}, false, false, false},
		{"no_partition", lifecycle.Key{Name: "n"}, time.Time{}, false, false, false},
		{"zero_byte", lifecycle.Key{Partition: "p", Name: "a\x00b"}, time.Time{}, false, false, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			insert, change := CheckInsert(tt.key, tt.expires), CheckChange(tt.key)
			if (insert == nil) != tt.insertOK || (change == nil) != tt.changeOK {
				t.Errorf("insert: %v, change: %v", insert, change)
			}
			if errors.Is(change, ErrAudit) != tt.ra {
				t.Errorf("change: %v, want ErrAudit %v", change, tt.ra)
			}
		})
	}
}

func TestExpiry_is_never_early(t *testing.T) {
	t.Parallel()
	if Expiry(time.Time{}) != 0 || Expired(0, time.Unix(1<<40, 0)) {
		t.Error("zero does not mean never")
	}
	at := time.Unix(100, 500)
	e := Expiry(at)
	if Expired(e, at) {
		t.Error("gone before its second is over")
	}
	if !Expired(e, time.Unix(101, 0)) {
		t.Error("not gone at the next second")
	}
	if !Expired(Expiry(time.Unix(-5, 0)), time.Unix(100, 0)) {
		t.Error("a time before 1970 means never")
	}
}
