// Package slackapi is the few calls that Showtime makes to Slack: the Web API through slack-go with
// timeouts, token rotation and Retry-After, and answers through a response_url with a small client
// of its own. Every failure is an *Error whose Kind says what the caller can do about it, and whose
// text holds neither token nor response_url.
package slackapi
