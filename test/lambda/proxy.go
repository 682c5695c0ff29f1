//go:build lambda

package lambda

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// FaultKind says how a call to AWS fails.
type FaultKind string

// The kinds of faults.
const (
	Refused     FaultKind = "refused"     // the connection breaks before anything is done
	Broken      FaultKind = "broken"      // 500, nothing is done
	Unavailable FaultKind = "unavailable" // 503, nothing is done
	Throttled   FaultKind = "throttled"   // the service's own words for too many calls
	Slow        FaultKind = "slow"        // it is done, a while later
	LostReply   FaultKind = "lost_reply"  // it is done, then the connection breaks
)

// slowness is how long a slow call waits.
const slowness = 100 * time.Millisecond

// The services, as the X-Amz-Target header begins.
const (
	SQS    = "AmazonSQS"
	Dynamo = "DynamoDB"
	EMR    = "ElasticMapReduce"
	SSM    = "AmazonSSM"
)

// throttles is what each service calls too many calls.
var throttles = map[string]string{ //nolint:gochecknoglobals // a table
	SQS: "com.amazonaws.sqs#RequestThrottled", SSM: "ThrottlingException", EMR: "ThrottlingException",
	Dynamo: "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException",
}

// Proxy stands between the functions and moto, makes calls fail, and notes what was really done. What it
// hands on is done one call after another: moto's threads are no database.
type Proxy struct {
	URL    string
	Guard  *Guard // what IAM would say; it speaks first
	target string

	mu      sync.Mutex
	service string
	kind    FaultKind
	struck  int
	jobs    map[string]bool // by deduplication id
	live    []string        // EMR clusters
	most    int

	moto sync.Mutex
}

// NewProxy stands in front of moto until the test ends.
func NewProxy(tb testing.TB, target string) *Proxy {
	tb.Helper()
	p := &Proxy{target: target, jobs: map[string]bool{}, Guard: newGuard(tb)}
	server := httptest.NewServer(p)
	tb.Cleanup(server.Close)
	p.URL = server.URL
	return p
}

// Fail makes every call to a service fail; end gives how many did.
func (p *Proxy) Fail(service string, kind FaultKind) (end func() int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.service, p.kind, p.struck = service, kind, 0
	return func() int {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.service = ""
		return p.struck
	}
}

func (p *Proxy) strike(service string) FaultKind {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.service == "" || service != p.service {
		return ""
	}
	p.struck++
	return p.kind
}

// ServeHTTP hands a call on, or lets it fail.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	prefix, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	service, _, _ := strings.Cut(prefix, "_")
	if !p.Guard.allows(credential(r), p.Guard.requests(service, operation, body)) {
		denied(w)
		return
	}
	kind := p.strike(service)
	switch kind {
	case Refused:
		panic(http.ErrAbortHandler)
	case Broken:
		http.Error(w, `{"__type":"InternalServerError"}`, http.StatusInternalServerError)
		return
	case Unavailable:
		http.Error(w, "<html>503</html>", http.StatusServiceUnavailable)
		return
	case Throttled:
		w.Header().Set("Content-Type", r.Header.Get("Content-Type"))
		w.WriteHeader(http.StatusBadRequest)
		_, _ = fmt.Fprintf(w, `{"__type":%q,"message":"Rate exceeded"}`, throttles[service])
		return
	case Slow:
		<-time.After(slowness)
	case LostReply:
	}
	answer, status, err := p.forward(w, r, body, operation)
	if err != nil || kind == LostReply {
		panic(http.ErrAbortHandler)
	}
	w.WriteHeader(status)
	_, _ = w.Write(answer)
}

// forward does the call, and goes on although the caller may have gone.
func (p *Proxy) forward(w http.ResponseWriter, r *http.Request, body []byte, operation string) ([]byte, int, error) {
	p.moto.Lock()
	defer p.moto.Unlock()
	req, err := http.NewRequest(r.Method, p.target+r.URL.RequestURI(), bytes.NewReader(body)) //nolint:noctx // see above
	if err != nil {
		return nil, 0, err
	}
	req.Header = r.Header.Clone()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, 0, err
	}
	defer resp.Body.Close() //nolint:errcheck // only read
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, 0, err
	}
	for _, name := range []string{"Content-Type", "X-Amz-Crc32", "X-Amzn-Errortype"} {
		if v := resp.Header.Get(name); v != "" {
			w.Header().Set(name, v)
		}
	}
	if resp.StatusCode == http.StatusOK {
		p.note(operation, body, answer)
	}
	return answer, resp.StatusCode, nil
}

// note remembers what was done to the queue and to clusters.
func (p *Proxy) note(operation string, body, answer []byte) {
	var in struct {
		MessageDeduplicationId string   //nolint:revive // AWS's spelling
		JobFlowIds             []string //nolint:revive // AWS's spelling
	}
	var out struct{ JobFlowId string } //nolint:revive // AWS's spelling
	if json.Unmarshal(body, &in) != nil {
		return
	}
	_ = json.Unmarshal(answer, &out) // most answers have none
	p.mu.Lock()
	defer p.mu.Unlock()
	switch operation {
	case "SendMessage":
		p.jobs[in.MessageDeduplicationId] = true
	case "RunJobFlow":
		p.Guard.launched(out.JobFlowId, body)
		p.live = append(p.live, out.JobFlowId)
		p.most = max(p.most, len(p.live))
	case "TerminateJobFlows":
		p.live = slices.DeleteFunc(p.live, func(id string) bool { return slices.Contains(in.JobFlowIds, id) })
	}
}

// Jobs are the ids of the jobs that are or were in the queue.
func (p *Proxy) Jobs() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var ids []string
	for id := range p.jobs {
		ids = append(ids, id)
	}
	return ids
}

// Clusters gives how many clusters live, and how many there ever were at once.
func (p *Proxy) Clusters() (live, most int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.live), p.most
}
