// Package demo is the page of `showtime demo`: a small Slack in the browser, and beside it a panel
// that shows what stands behind it. Server answers the browser from a slacklike.Workspace, in
// which people type and click, and from whatever the caller gives as Backstage and Switches.
//
// The page's source is in web; its built files are in dist and embedded, so that running the demo
// needs Go alone.
package demo
