package emrsim

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
)

const (
	contentType = "application/x-amz-json-1.1"
	target      = "ElasticMapReduce."
	maxBody     = 1 << 20
)

var _ http.Handler = (*Sim)(nil)

// ServeHTTP answers one call of the EMR API.
func (s *Sim) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	op, ok := strings.CutPrefix(r.Header.Get("X-Amz-Target"), target)
	if err != nil || !ok || r.Method != http.MethodPost || r.URL.Path != "/" {
		write(w, nil, &Error{Status: http.StatusNotFound, Type: "UnknownOperationException"})
		return
	}
	out, fail, f := s.call(op, body)
	if f.Hold != nil {
		select {
		case <-f.Hold:
		case <-r.Context().Done():
			return
		}
	}
	if f.Drop {
		panic(http.ErrAbortHandler) // net/http's way to break a connection off
	}
	write(w, out, fail)
}

// call does one operation under the lock, unless a quota or a fault prevents it.
func (s *Sim) call(op string, body []byte) (any, *Error, Fault) {
	defer s.locked()()
	s.calls[op]++
	f := s.fault(op)
	if f.Err != nil && !f.Acts {
		return nil, f.Err, f
	}
	if !s.allowed(op) {
		return nil, Throttled(), f
	}
	out, fail := s.do(op, body)
	if f.Err != nil {
		fail = f.Err
	}
	return out, fail, f
}

func (s *Sim) do(op string, body []byte) (any, *Error) {
	switch op {
	case "RunJobFlow":
		return with(body, s.run)
	case "DescribeCluster":
		return s.about(op, body, describe)
	case "ListClusters":
		return with(body, s.list)
	case "TerminateJobFlows":
		return with(body, s.terminate)
	case "SetTerminationProtection":
		return with(body, s.protect)
	case "ListInstances":
		return s.about(op, body, func(c *cluster) any { return listInstances(c, body) })
	case "ListInstanceGroups":
		return s.about(op, body, listGroups)
	case "ListSteps":
		return s.about(op, body, listSteps)
	case "GetAutoTerminationPolicy":
		return s.about(op, body, autoTermination)
	default:
		return nil, &Error{Status: http.StatusBadRequest, Type: "UnknownOperationException"}
	}
}

// with decodes a request for the operation that takes it.
func with[In any](body []byte, op func(In) (any, *Error)) (any, *Error) {
	var in In
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, &Error{Status: http.StatusBadRequest, Type: "SerializationException", Message: "the request is not valid"}
	}
	return op(in)
}

// about does an operation that reads one cluster.
func (s *Sim) about(op string, body []byte, fn func(*cluster) any) (any, *Error) {
	return with(body, func(in struct{ ClusterId string }) (any, *Error) { //nolint:revive // EMR's own spelling
		c := s.find(in.ClusterId)
		switch {
		case c == nil:
			fail := badRequest("Cluster id '" + in.ClusterId + "' is not valid.")
			fail.Code = "NoSuchCluster"
			return nil, fail
		case c.denied:
			return nil, Denied(op)
		default:
			return fn(c), nil
		}
	})
}

func write(w http.ResponseWriter, out any, fail *Error) {
	w.Header().Set("Content-Type", contentType)
	if fail == nil {
		if out != nil {
			_ = json.NewEncoder(w).Encode(out) // a client that is gone needs no answer
		}
		return
	}
	w.Header().Set("X-Amzn-Errortype", fail.Type)
	w.WriteHeader(fail.Status)
	body := map[string]string{"__type": fail.Type}
	if fail.Message != "" {
		body["Message"] = fail.Message
	}
	if fail.Code != "" {
		body["ErrorCode"] = fail.Code
	}
	_ = json.NewEncoder(w).Encode(body)
}
