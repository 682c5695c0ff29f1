package slacklike

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Options says what kind of workspace to make. Every empty field has a usable default.
type Options struct {
	TeamID, Domain, EnterpriseID string // T0SHOW, "showtime", none
	AppID, BotID, BotUser        string // A0SHOW, B0SHOW, U0BOT
	Token                        string // bot token; random when empty
	SigningSecret                string // random when empty
	Command                      string // "/emr"
	// Scopes of the bot token; nil means all that Showtime's manifest asks for.
	Scopes []string
	// Client delivers to the app; nil means one with 3 s of patience, as Slack has.
	Client *http.Client
	// Now is wire time; nil means time.Now.
	Now func() time.Time
}

// Workspace is one Slack workspace with one app in it. It is safe for concurrent use.
type Workspace struct {
	options Options
	client  *http.Client
	now     func() time.Time

	mu       sync.Mutex
	url, app string
	token    string
	revoked  bool
	scopes   map[string]bool
	users    map[string]User
	groups   map[string]Group
	channels map[string]*channel
	hooks    map[string]*hook
	faults   []*fault
	calls    []Call
	watchers map[int]chan Change
	lastTS   int64
	serial   int

	appToken   string
	socketMode bool
	sockets    []*socket                       // oldest first
	tickets    map[string]bool                 // for connections that were asked for
	envelopes  map[string]chan json.RawMessage // without a receipt yet
	acked      []string
}

// New makes a workspace that holds only the app's bot user.
func New(o Options) *Workspace {
	o = o.withDefaults()
	w := &Workspace{
		options: o, client: o.Client, now: o.Now, token: o.Token, scopes: map[string]bool{},
		users: map[string]User{}, groups: map[string]Group{}, channels: map[string]*channel{},
		hooks: map[string]*hook{}, watchers: map[int]chan Change{},
		appToken: "xapp-" + rand.Text(), tickets: map[string]bool{}, envelopes: map[string]chan json.RawMessage{},
	}
	for _, s := range o.Scopes {
		w.scopes[s] = true
	}
	w.users[o.BotUser] = User{ID: o.BotUser, Name: "showtime", TeamID: o.TeamID, Bot: true}
	return w
}

func (o Options) withDefaults() Options {
	for field, value := range map[*string]string{
		&o.TeamID: "T0SHOW", &o.Domain: "showtime", &o.AppID: "A0SHOW", &o.BotID: "B0SHOW", &o.BotUser: "U0BOT",
		&o.Token: "xoxb-" + rand.Text(), &o.SigningSecret: strings.ToLower(rand.Text()), &o.Command: "/emr",
	} {
		if *field == "" {
			*field = value
		}
	}
	if o.Scopes == nil {
		o.Scopes = []string{"commands", "chat:write", "channels:history", "groups:history", "users:read", "usergroups:read"}
	}
	if o.Client == nil {
		o.Client = &http.Client{Timeout: ackTimeout}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// SetURL says under which base URL (scheme, host and port) the workspace is served, such as a test
// server's URL. response_urls begin with it, and SLACK_API_URL is APIURL.
func (w *Workspace) SetURL(base string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.url = strings.TrimSuffix(base, "/")
}

// APIURL is what the app takes as SLACK_API_URL.
func (w *Workspace) APIURL() string { return w.base() + "/api/" }

func (w *Workspace) base() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.url
}

// SetApp says where the app listens: base is the URL before /slack/commands, /slack/interactions and /slack/events.
func (w *Workspace) SetApp(base string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.app = strings.TrimSuffix(base, "/")
}

// Token is the bot token that is valid now.
func (w *Workspace) Token() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.token
}

// SigningSecret is the secret that signs what the workspace delivers.
func (w *Workspace) SigningSecret() string { return w.options.SigningSecret }

// IDs are the ids under which the app is installed.
func (w *Workspace) IDs() (team, app, botUser, bot string) {
	return w.options.TeamID, w.options.AppID, w.options.BotUser, w.options.BotID
}

// ServeHTTP answers the Web API under /api/, the response_urls under /response/ and Socket Mode under /socket/.
func (w *Workspace) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	switch {
	case strings.HasPrefix(r.URL.Path, "/api/"):
		w.serveAPI(rw, r, strings.TrimPrefix(r.URL.Path, "/api/"))
	case strings.HasPrefix(r.URL.Path, hookPath):
		w.serveHook(rw, r, strings.TrimPrefix(r.URL.Path, hookPath))
	case strings.HasPrefix(r.URL.Path, socketPath):
		w.serveSocket(rw, r, strings.TrimPrefix(r.URL.Path, socketPath))
	default:
		http.NotFound(rw, r)
	}
}

// nextTS makes a message id: the wire time in microseconds, never the same twice. The caller holds mu.
func (w *Workspace) nextTS() string {
	w.lastTS = max(w.lastTS+1, w.now().UnixMicro())
	return fmt.Sprintf("%d.%06d", w.lastTS/1e6, w.lastTS%1e6)
}

// nextID makes an id that was never given out before. The caller holds mu.
func (w *Workspace) nextID(prefix string) string {
	w.serial++
	return fmt.Sprintf("%s%09d", prefix, w.serial)
}

var _ http.Handler = (*Workspace)(nil)
