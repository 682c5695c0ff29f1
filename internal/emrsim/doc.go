// Package emrsim is a simulated EMR for tests and the demo: an http.Handler that speaks EMR's JSON 1.1
// protocol, so that the real SDK client runs against it. Clusters walk STARTING → BOOTSTRAPPING → RUNNING →
// WAITING on an injected clock; nothing runs in the background, a cluster's state follows from the time at
// which it is looked at. What can go wrong with the real service can be scripted.
package emrsim
