// Package blocks draws what people see: pure functions from a view to Block Kit and to the fallback
// text that screen readers, notifications and old clients get instead. Everything necessary is in both.
// It decides nothing and reads no clock; who may do what is decided by the worker after the click.
package blocks

import "github.com/slack-go/slack"

// Message is one drawn message. Text is the whole of it in words: screen readers read nothing else.
// Blocks is empty for a plain sentence.
type Message struct {
	Text   string
	Blocks []slack.Block
}
