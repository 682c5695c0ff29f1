//go:build bench

// Package coldstart_test measures the receiver beside smaller functions, in one run, in an emulated
// Lambda: how long it takes from spawning the process to the first answer, and what it costs when warm.
package coldstart_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"showtime/test/lambda"
)

const (
	coldRounds = 21
	warmRounds = 201
	mebibyte   = 1 << 20
)

// The limits: of a bare handler measured in the same run, and of the binary.
const (
	coldLimit   = 2.5
	warmLimit   = 1.5
	memoryLimit = 2.0
	sizeLimit   = 12 * mebibyte
)

// program is one rung of the ladder, and what was measured of it.
type program struct {
	name, pkg string
	dir       string
	size      int64
	cold      []time.Duration
	warm      []time.Duration
	memory    int64
}

func TestMeasureColdStart(t *testing.T) {
	queue := newQueue(t)
	programs := []*program{
		{name: "bare handler", pkg: "./test/coldstart/ladder/bare"},
		{name: "+ zerolog, net/http", pkg: "./test/coldstart/ladder/zerolog"},
		{name: "+ AWS configuration", pkg: "./test/coldstart/ladder/config"},
		{name: "+ SQS, one message", pkg: "./test/coldstart/ladder/sqs"},
		{name: "+ SSM, linked", pkg: "./test/coldstart/ladder/ssm"},
		{name: "receiver, a click", pkg: "./cmd/receiver"},
	}
	for _, p := range programs {
		p.build(t)
	}
	for range coldRounds { // in turns, so that a slow moment of the machine meets them all
		for _, p := range programs {
			p.round(t, queue)
		}
	}
	call := median(programs[3].warm) - median(programs[2].warm) // one rung sends a message, the other does not
	t.Logf("\n%s", table(programs, call))
	check(t, programs[0], programs[len(programs)-1], call)
}

// build makes the binary as make build does, for this machine.
func (p *program) build(t *testing.T) {
	t.Helper()
	p.dir = t.TempDir()
	binary := filepath.Join(p.dir, "bootstrap")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-tags", "lambda.norpc", "-trimpath", "-ldflags=-s -w", "-o", binary, p.pkg)
	cmd.Dir = filepath.Join("..", "..")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v\n%s", p.pkg, err, out)
	}
	info, err := os.Stat(binary)
	if err != nil {
		t.Fatal(err)
	}
	p.size = info.Size()
}

// round starts the program once, and goes on invoking it while it is warm.
func (p *program) round(t *testing.T, q *queue) {
	t.Helper()
	f := lambda.NewFunction(t, p.name, p.dir, q.environ(), 10*time.Second)
	defer f.Kill()
	p.cold = append(p.cold, p.invoke(t, f, q.click()))
	for range warmRounds / coldRounds {
		p.warm = append(p.warm, p.invoke(t, f, q.click()))
	}
	p.memory = max(p.memory, f.PeakMemory())
}

func (p *program) invoke(t *testing.T, f *lambda.Function, event events.APIGatewayV2HTTPRequest) time.Duration {
	t.Helper()
	begin := time.Now()
	payload, err := f.Invoke(context.Background(), event)
	took := time.Since(begin)
	var answer events.APIGatewayV2HTTPResponse
	if err != nil || json.Unmarshal(payload, &answer) != nil || answer.StatusCode != 200 {
		t.Fatalf("%s answers %s, %v", p.name, payload, err)
	}
	return took
}

func median(d []time.Duration) time.Duration {
	return slices.Sorted(slices.Values(d))[len(d)/2]
}

func table(programs []*program, call time.Duration) string {
	out := "| program | binary MiB | cold ms | x bare | warm p50 µs | x bare | peak MiB | x bare |\n|---|---|---|---|---|---|---|---|\n"
	bare := programs[0]
	for _, p := range programs {
		out += fmt.Sprintf("| %s | %.1f | %.1f | %.2f | %d | %.2f | %.1f | %.2f |\n", p.name,
			float64(p.size)/mebibyte, float64(median(p.cold).Microseconds())/1000, ratio(median(p.cold), median(bare.cold)),
			median(p.warm).Microseconds(), ratio(median(p.warm), median(bare.warm)),
			float64(p.memory)/mebibyte, float64(p.memory)/float64(bare.memory))
	}
	return out + fmt.Sprintf("\nThe queue call, p50 of the rung with it less that of the rung without: %d µs.\n", call.Microseconds())
}

func ratio(a, b time.Duration) float64 { return float64(a) / float64(b) }

func check(t *testing.T, bare, receiver *program, call time.Duration) {
	t.Helper()
	if got := ratio(median(receiver.cold), median(bare.cold)); got > coldLimit {
		t.Errorf("cold start: %.2f x bare, want at most %.1f", got, coldLimit)
	}
	if got, limit := median(receiver.warm), time.Duration(warmLimit*float64(median(bare.warm)))+call; got > limit {
		t.Errorf("warm p50: %s, want at most %s", got, limit)
	}
	if got := float64(receiver.memory) / float64(bare.memory); got > memoryLimit {
		t.Errorf("peak memory: %.2f x bare, want at most %.1f", got, memoryLimit)
	}
	if receiver.size > sizeLimit {
		t.Errorf("binary: %d bytes, want at most %d", receiver.size, sizeLimit)
	}
}
