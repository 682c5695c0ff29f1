// Package showtime holds what is handed to others as it stands: the manifest of the Slack app.
package showtime

import (
	_ "embed"
	"strings"
)

//go:embed slack-manifest.yaml
var slackManifest string

// ManifestURL is the base address that SlackManifest has in the place of the operator's own.
const ManifestURL = "https://showtime.example.com"

// SlackManifest is slack-manifest.yaml.
func SlackManifest() string { return slackManifest }

// SocketManifest is the manifest for Socket Mode: the same without addresses.
func SocketManifest() string {
	var out strings.Builder
	for line := range strings.Lines(slackManifest) {
		switch key, _, _ := strings.Cut(strings.TrimSpace(line), ":"); {
		case strings.HasPrefix(key, "#"), key == "url", key == "request_url":
		case key == "socket_mode_enabled":
			out.WriteString("  socket_mode_enabled: true\n")
		default:
			out.WriteString(line)
		}
	}
	return out.String()
}
