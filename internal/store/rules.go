// Package store holds the rules every store keeps: which keys there may be, what may be done to the
// audit, and when a record has expired. The stores themselves are boltstore (one file) and dynamostore
// (one DynamoDB table); storetest is the contract both are held to.
package store

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"showtime/lifecycle"
)

// ErrAudit refuses whatever would change or end an audit record.
var ErrAudit = errors.New("audit records are only ever inserted")

// CheckKey says whether a record may have this key: both parts are non-empty and hold no zero byte.
func CheckKey(key lifecycle.Key) error {
	if key.Partition == "" || key.Name == "" || strings.ContainsRune(key.Partition+key.Name, 0) {
		return fmt.Errorf("check key %q: partition and name must be text", key.Partition+" "+key.Name)
	}
	return nil
}

// CheckChange says whether a record may be overwritten or deleted.
func CheckChange(key lifecycle.Key) error {
	if err := CheckKey(key); err != nil {
		return err
	}
	if Audit(key) {
		return fmt.Errorf("change %s %s: %w", key.Partition, key.Name, ErrAudit)
	}
	return nil
}

// CheckInsert says whether a record may be inserted with this expiry.
func CheckInsert(key lifecycle.Key, expires time.Time) error {
	if err := CheckKey(key); err != nil {
		return err
	}
	if Audit(key) && !expires.IsZero() {
		return fmt.Errorf("insert %s %s with an expiry: %w", key.Partition, key.Name, ErrAudit)
	}
	return nil
}

// Audit says whether the key lies in an audit partition.
func Audit(key lifecycle.Key) bool {
	return strings.HasPrefix(key.Partition, lifecycle.AuditKey("", "").Partition)
}

// Expiry gives the Unix second from which a record that expires then is gone, 0 for never. Fractions
// are rounded up, so that nothing is gone early.
func Expiry(expires time.Time) int64 {
	if expires.IsZero() {
		return 0
	}
	sec := expires.Unix()
	if expires.Nanosecond() > 0 {
		sec++
	}
	return max(sec, 1)
}

// Expired says whether a record with this expiry is gone at the given time.
func Expired(expiry int64, now time.Time) bool { return expiry != 0 && expiry <= now.Unix() }

// Empty says that a query's bounds leave no room for a name.
func Empty(q lifecycle.Query) bool { return q.To != "" && q.From >= q.To }
