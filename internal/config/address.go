package config

import (
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// webURL reads a base URL and takes the slashes off its end.
func (r *reader) webURL(name, fallback string) string {
	v := r.or(name, fallback)
	if v == "" {
		return ""
	}
	u := parseURL(v)
	if u == nil || (u.Scheme != "https" && !loopback(u.Hostname())) {
		r.fail(name, "must be an https URL, or an http URL of this machine, without user, query or fragment")
		return ""
	}
	return strings.TrimRight(u.String(), "/")
}

// queueURL reads the queue's URL. Plain http is for local stand-ins of SQS; it carries a signed request and no secret.
func (r *reader) queueURL(required bool) string {
	v := r.get(varQueueURL)
	if v == "" {
		if required {
			r.fail(varQueueURL, "is required: the URL of an SQS FIFO queue")
		}
		return ""
	}
	u := parseURL(v)
	if u == nil || !strings.HasSuffix(u.Path, ".fifo") {
		r.fail(varQueueURL, "must be the URL of an SQS FIFO queue; it ends in .fifo")
		return ""
	}
	return v
}

// parseURL gives nil for everything but a plain http or https URL. Its errors would repeat the URL,
// which may hold a password, so there are none.
func parseURL(s string) *url.URL {
	u, err := url.Parse(s)
	if err != nil || u.Hostname() == "" || u.User != nil || u.Opaque != "" || (u.Scheme != "http" && u.Scheme != "https") ||
		strings.ContainsAny(s, "?#") || !validPort(u.Port(), true) {
		return nil
	}
	return u
}

// address reads an address to listen on.
func (r *reader) address(name, fallback string) string {
	v := r.or(name, fallback)
	host, port, err := net.SplitHostPort(v)
	if err != nil || !validPort(port, false) || strings.ContainsAny(host, " /@") {
		r.fail(name, "must be host:port, for example "+fallback)
		return fallback
	}
	return v
}

// anyPort says whether the address leaves the choice of its port to the system.
func anyPort(address string) bool {
	_, port, err := net.SplitHostPort(address)
	return err == nil && strings.Trim(port, "0") == ""
}

func validPort(port string, optional bool) bool {
	if port == "" {
		return optional
	}
	_, err := strconv.ParseUint(port, 10, 16)
	return err == nil
}

func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}
