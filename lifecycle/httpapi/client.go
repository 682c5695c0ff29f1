package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"showtime/lifecycle"
)

// Sign puts a caller's proof on a request whose body has this SHA-256, in hexadecimal.
type Sign func(r *http.Request, bodyHash string) error

// ClientOptions are all that a Client needs.
type ClientOptions struct {
	URL     string // of the manager, without a slash at its end
	Cluster string
	// Token is sent as a bearer token, over https or to this machine only. Without one, Sign signs.
	Token string
	Sign  Sign
	// Store is the caller's own: what an operation must record is written there after the manager's answer.
	// It may be nil for a caller that records nothing.
	Store     lifecycle.Store
	Transport http.RoundTripper // nil means Go's own
	// OnBehalf says whether Op.By is a person the caller acts for; else the caller acts for itself.
	OnBehalf bool
	// Pause is how long to wait before an attempt is repeated, the first time; zero is 300 ms.
	Pause time.Duration
}

// Client is the lifecycle manager of one cluster, over HTTP. Whatever can be repeated safely is tried three
// times within its time; an operation is repeated under its own key, so it is done once.
type Client struct {
	ClientOptions
	http *http.Client
}

var _ lifecycle.Manager = (*Client)(nil)

// NewClient makes a Client. It calls nothing.
func NewClient(o ClientOptions) (*Client, error) {
	u, err := url.Parse(o.URL)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("the manager's URL must be a plain http or https URL")
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) {
		return nil, errors.New("the manager's URL must be https, or http to this machine")
	}
	if o.Token == "" && o.Sign == nil {
		return nil, errors.New("neither a token nor a signature proves who asks")
	}
	o.URL = strings.TrimSuffix(strings.TrimRight(o.URL, "/"), "/v1")
	if o.Pause <= 0 {
		o.Pause = 300 * time.Millisecond
	}
	transport := o.Transport
	if transport == nil {
		transport = http.DefaultTransport
	}
	// A redirect would carry the proof to somebody else.
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Client{ClientOptions: o, http: &http.Client{Transport: transport, CheckRedirect: stay}}, nil
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && ip.IsLoopback()
}

// Start launches the cluster, or joins the session there is.
func (c *Client) Start(ctx context.Context, in lifecycle.StartInput) (lifecycle.Outcome, error) {
	body := StartBody{Hours: in.Length.Hours(), Purpose: in.Purpose, OnBehalfOf: c.behalf(in.By), Generation: generation(in.Generation)}
	return c.operate(ctx, "start", in.Op, body)
}

// Preview says what a start would send to EMR and cost. Nothing is done.
func (c *Client) Preview(ctx context.Context, length time.Duration) (Answer, error) {
	var answer Answer
	p, err := c.post(ctx, c.path("/start?dry_run=true"), "", StartBody{Hours: length.Hours()}, &answer)
	if err == nil && p != nil {
		err = p
	}
	return answer, err
}

// Stop begins the end of a session.
func (c *Client) Stop(ctx context.Context, in lifecycle.StopInput) (lifecycle.Outcome, error) {
	if in.Generation < 1 {
		return lifecycle.Outcome{}, errors.New("a stop must name its session")
	}
	return c.operate(ctx, "stop", in.Op, StopBody{
		Generation: in.Generation, Reason: in.Reason, OnBehalfOf: c.behalf(in.By), Request: in.Request, Approver: in.Approver,
	})
}

// Join adds a person to those using the session.
func (c *Client) Join(ctx context.Context, in lifecycle.JoinInput) (lifecycle.Outcome, error) {
	return c.operate(ctx, "join", in.Op, JoinBody{Generation: generation(in.Generation), OnBehalfOf: c.behalf(in.By)})
}

// Extend moves the lease's end.
func (c *Client) Extend(ctx context.Context, in lifecycle.ExtendInput) (lifecycle.Outcome, error) {
	return c.operate(ctx, "extend", in.Op, extendBody(in, c.behalf(in.By)))
}

// extendBody is an extension as it travels.
func extendBody(in lifecycle.ExtendInput, behalf string) ExtendBody {
	return ExtendBody{Generation: generation(in.Generation), Hours: in.Step.Hours(), From: in.From, PastCap: in.PastCap, OnBehalfOf: behalf, Request: in.Request, Approver: in.Approver}
}

func (c *Client) behalf(by string) string {
	if c.OnBehalf {
		return by
	}
	return ""
}

// generation leaves "whichever there is" out.
func generation(g int64) *int64 {
	if g == lifecycle.AnyGeneration {
		return nil
	}
	return &g
}

// State says what the manager has recorded.
func (c *Client) State(ctx context.Context) (lifecycle.State, error) { return c.state(ctx, c.path("")) }

// Look is State for somebody who looks: the manager counts what runs, at most once a minute.
func (c *Client) Look(ctx context.Context) (lifecycle.State, error) {
	return c.state(ctx, c.path("?count=true"))
}

func (c *Client) state(ctx context.Context, path string) (lifecycle.State, error) {
	var out Cluster
	if _, err := c.get(ctx, path, &out); err != nil {
		return lifecycle.State{}, fmt.Errorf("read state: %w", err)
	}
	return out.State()
}

// Describe gives the cluster as the manager shows it.
func (c *Client) Describe(ctx context.Context) (Cluster, error) {
	var out Cluster
	_, err := c.get(ctx, c.path(""), &out)
	return out, err
}

// List gives every cluster that the caller may see.
func (c *Client) List(ctx context.Context) (List, error) {
	var out List
	_, err := c.get(ctx, "/v1/clusters", &out)
	return out, err
}

// Verbs gives what the caller may do with the cluster, and whether it may know of it at all.
func (c *Client) Verbs(ctx context.Context) (verbs []string, found bool, err error) {
	all, err := c.List(ctx)
	if err != nil {
		return nil, false, fmt.Errorf("list clusters: %w", err)
	}
	i := slices.IndexFunc(all.Clusters, func(e Entry) bool { return e.Name == c.Cluster })
	if i < 0 {
		return nil, false, nil
	}
	return all.Clusters[i].Verbs, true, nil
}

// History gives the ended sessions since a time, newest first; a limit of 0 gives the newest 1000.
func (c *Client) History(ctx context.Context, since time.Time, limit int) ([]lifecycle.State, error) {
	q := url.Values{"limit": {strconv.Itoa(limit)}}
	if !since.IsZero() {
		q.Set("since", since.UTC().Format(time.RFC3339Nano))
	}
	var out History
	if _, err := c.get(ctx, c.path("/history?"+q.Encode()), &out); err != nil {
		return nil, fmt.Errorf("read history: %w", err)
	}
	states := make([]lifecycle.State, 0, len(out.Sessions))
	for _, session := range out.Sessions {
		s, err := session.State()
		if err != nil {
			return nil, fmt.Errorf("read history: %w", err)
		}
		states = append(states, s)
	}
	return states, nil
}

// Wait gives what has changed since a revision, once something has or the time is over.
func (c *Client) Wait(ctx context.Context, after int64, wait time.Duration) (Events, error) {
	var out Events
	_, err := c.get(ctx, c.path(fmt.Sprintf("/events?after=%d&wait=%s", after, wait)), &out)
	return out, err
}

func (c *Client) path(rest string) string { return "/v1/clusters/" + url.PathEscape(c.Cluster) + rest }

// operate asks for an operation under its id, and records what the caller must remember of the answer.
func (c *Client) operate(ctx context.Context, what string, op lifecycle.Op, body any) (lifecycle.Outcome, error) {
	if op.ID == "" {
		return lifecycle.Outcome{}, errors.New("operation has no id")
	}
	var answer Answer
	p, err := c.post(ctx, c.path("/"+what), op.ID, body, &answer)
	if err != nil {
		return lifecycle.Outcome{}, fmt.Errorf("%s: %w", what, err)
	}
	out, err := outcome(answer, p)
	if err != nil {
		return lifecycle.Outcome{}, fmt.Errorf("%s: %w", what, err)
	}
	if op.Record == nil || c.Store == nil || out.Result == lifecycle.Paced {
		return out, nil
	}
	return c.record(ctx, op, out)
}

// record writes what the caller must remember. A known operation is recorded like a new one: the answer may
// have been lost the first time, and whoever has recorded it already has a key of its own that says so.
func (c *Client) record(ctx context.Context, op lifecycle.Op, out lifecycle.Outcome) (lifecycle.Outcome, error) {
	out.Known = false
	if err := c.Store.Update(ctx, func(tx lifecycle.Tx) error { return op.Record(tx, out) }); err != nil {
		return lifecycle.Outcome{}, fmt.Errorf("record outcome: %w", err)
	}
	return out, nil
}

// outcome reads an answer or the problem that came in its place.
func outcome(a Answer, p *Problem) (lifecycle.Outcome, error) {
	out := lifecycle.Outcome{Result: a.Result, Known: a.Known}
	shown := &a.Cluster
	if p != nil {
		out.Result, out.Known, shown = p.Result, p.Known, p.Cluster
		out.RetryAfter = time.Duration(p.RetryAfter) * time.Second
		if p.Refusal != nil {
			out.Refusal = &lifecycle.Refusal{Code: p.Refusal.Code, Message: p.Refusal.Message}
		}
	}
	if out.Result == "" || shown == nil {
		return out, errors.New("the manager's answer says nothing")
	}
	var err error
	out.State, err = shown.State()
	return out, err
}
