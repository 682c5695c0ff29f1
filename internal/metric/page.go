package metric

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// ContentType is the media type of a Page: Prometheus' text format.
const ContentType = "text/plain; version=0.0.4; charset=utf-8"

// Page is a page of Prometheus' text format in the making.
type Page struct{ strings.Builder }

// Counter writes a counter.
func (p *Page) Counter(name, help string, value int64) {
	p.head(name, "counter", help)
	p.sample(name, "", strconv.FormatInt(value, 10))
}

// Gauge writes a gauge.
func (p *Page) Gauge(name, help string, value float64) {
	p.head(name, "gauge", help)
	p.sample(name, "", number(value))
}

func (p *Page) head(name, kind, help string) {
	_, _ = fmt.Fprintf(p, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
}

func (p *Page) sample(name, labels, value string) {
	_, _ = fmt.Fprintf(p, "%s%s %s\n", name, labels, value)
}

func number(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

// Registry keeps the figures since the start for Prometheus. It is safe for concurrent use.
type Registry struct {
	mu   sync.Mutex
	kept map[Name]map[string]*kept // by operation
}

// kept is what is known of one figure: sum is the value of what is no Spread.
type kept struct {
	sum     float64
	n       int
	buckets []int // how many values were at most the bound of the same place, and not below the one before
}

// NewRegistry makes an empty registry.
func NewRegistry() *Registry { return &Registry{kept: map[Name]map[string]*kept{}} }

// bounds are the upper bounds of a Spread's buckets, in seconds: Slack waits 3, a job older than 600 is refused.
func bounds() []float64 {
	return []float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 10, 30, 60, 300, 600}
}

// Record takes a value.
func (r *Registry) Record(name Name, operation string, value float64) {
	m, known := named(name)
	if !known {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.kept[name] == nil {
		r.kept[name] = map[string]*kept{}
	}
	k := r.kept[name][operation]
	if k == nil {
		k = &kept{buckets: make([]int, len(bounds()))}
		r.kept[name][operation] = k
	}
	k.add(m, value)
}

func (k *kept) add(m Metric, value float64) {
	if m.Unit == milliseconds {
		value /= 1000 // Prometheus counts in seconds
	}
	k.n++
	switch m.Kind {
	case Gauge:
		k.sum = value
	case Spread:
		if i, _ := slices.BinarySearch(bounds(), value); i < len(k.buckets) {
			k.buckets[i]++
		}
		k.sum += value
	case Counter:
		k.sum += value
	}
}

// Write adds the figures to a page. One that never had a value is left out.
func (r *Registry) Write(p *Page) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, m := range All() {
		if len(r.kept[m.Name]) == 0 {
			continue
		}
		name, kind := m.prometheus()
		p.head(name, kind, m.Help)
		for _, operation := range slices.Sorted(maps.Keys(r.kept[m.Name])) {
			r.kept[m.Name][operation].write(p, m, name, operation)
		}
	}
}

// prometheus gives the name with the suffix that is usual there, and the type.
func (m Metric) prometheus() (name, kind string) {
	switch m.Kind {
	case Counter:
		return m.Prometheus + "_total", "counter"
	case Gauge:
		return m.Prometheus, "gauge"
	default:
		return m.Prometheus + "_seconds", "histogram"
	}
}

func (k *kept) write(p *Page, m Metric, name, operation string) {
	if m.Kind != Spread {
		labels := ""
		if m.ByOperation {
			labels = fmt.Sprintf("{operation=%q}", operation)
		}
		p.sample(name, labels, number(k.sum))
		return
	}
	n := 0
	for i, bound := range bounds() {
		n += k.buckets[i]
		p.sample(name+"_bucket", fmt.Sprintf("{le=%q}", number(bound)), strconv.Itoa(n))
	}
	p.sample(name+"_bucket", `{le="+Inf"}`, strconv.Itoa(k.n))
	p.sample(name+"_sum", "", number(k.sum))
	p.sample(name+"_count", "", strconv.Itoa(k.n))
}
