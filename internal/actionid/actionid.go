// Package actionid holds the names that blocks writes into messages and interactions finds in
// clicks: the action ids of buttons and inputs, and the value every button carries.
package actionid

import (
	"encoding/json"
	"errors"
	"fmt"
)

// The buttons that become jobs.
const (
	Start   = "showtime:start"
	Join    = "showtime:join"
	Status  = "showtime:status"
	Destroy = "showtime:destroy"
	Approve = "showtime:approve"
	Deny    = "showtime:deny"

	Claim     = "showtime:claim"
	StillNeed = "showtime:still-need"
	Withdraw  = "showtime:withdraw"

	Extend   = "showtime:extend"
	MoreTime = "showtime:more-time" // one step past the lease's cap
	LetEnd   = "showtime:let-end"
	Alert    = "showtime:alert" // tell the admins of a failure
)

// The link buttons: Slack reports their clicks, and they are answered but never queued.
const (
	OpenNotebook = "showtime:open-notebook"
	OpenCard     = "showtime:open-card"
)

// The inputs, found by these ids under any block.
const (
	Purpose = "showtime:purpose"
	Hours   = "showtime:hours"
	Reason  = "showtime:reason"
)

// Version is the version of the values this build writes. It reads this one and the one before.
const Version = 1

// Value is what a button carries: the session it was drawn for and, on a request card, the request; on
// the lease's buttons, the lease end they were drawn for, so that two clicks on one are one extension.
type Value struct {
	V          int    `json:"v"`
	Generation int64  `json:"g"`
	Request    string `json:"r,omitempty"`
	LeaseEnd   int64  `json:"e,omitempty"` // Unix milliseconds
}

// Encode writes the value in this build's version.
func (v Value) Encode() string {
	v.V = Version
	data, err := json.Marshal(v)
	if err != nil { // a few plain fields cannot fail to marshal
		panic(err)
	}
	return string(data)
}

// Decode reads a button's value. Everything unknown, newer or malformed is an error: the button is out of date.
func Decode(s string) (Value, error) {
	var v Value
	if err := json.Unmarshal([]byte(s), &v); err != nil {
		return Value{}, fmt.Errorf("decode button value: %w", err)
	}
	if v.V < 1 || v.V > Version || v.Generation < 0 {
		return Value{}, errors.New("decode button value: unknown version or generation")
	}
	return v, nil
}
