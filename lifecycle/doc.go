// Package lifecycle owns the cluster: its row, its sessions, their leases, and the rule that there is
// at most one. It knows neither Slack nor AWS; EMR and the store stand behind the interfaces EMR and
// Store, and everything that wants to change the cluster goes through Local (or its HTTP client).
package lifecycle
