// Package slacklike is a Slack look-alike: one workspace in memory that tests and the demo use
// instead of Slack. Workspace.ServeHTTP answers the Web API calls (/api/...) and the response_urls
// (/response/...) that Showtime uses and enforces Slack's limits; Type and Click do what people do
// and deliver signed requests to the app; Inject breaks things on request; Messages, Calls and
// Watch look at the result.
//
// Its time is wire time: signatures, message ids and the life of a response_url follow Options.Now,
// which is the real clock unless a test replaces it.
package slacklike
