// Package showtime holds what is handed to others as it stands: the manifest of the Slack app.
package showtime

import _ "embed"

//go:embed slack-manifest.yaml
var slackManifest string

// ManifestURL is the base address that SlackManifest has in the place of the operator's own.
const ManifestURL = "https://showtime.example.com"

// SlackManifest is slack-manifest.yaml.
func SlackManifest() string { return slackManifest }
