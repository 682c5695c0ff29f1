package serve

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/rs/zerolog"

	"showtime/internal/config"
	"showtime/internal/serve"
	"showtime/internal/wiring"
)

// TickEvery is the variable that says how often serve ticks in these tests, 20 ms when unset.
const TickEvery = "SHOWTIME_TEST_TICK_EVERY"

const tickEvery = 20 * time.Millisecond

// clock is domain time, told by the test over standard input as nanoseconds ahead of real time.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

func (c *clock) follow(r io.Reader) {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		if n, err := strconv.ParseInt(lines.Text(), 10, 64); err == nil {
			c.ahead.Store(n)
		}
	}
}

// Main is serve as cmd/showtime runs it, but for its clock and the pace of its ticks. It gives the exit code.
func Main() int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	c := &clock{}
	ahead, _ := strconv.ParseInt(os.Getenv(Child), 10, 64)
	c.ahead.Store(ahead)
	go c.follow(os.Stdin)
	every, err := time.ParseDuration(os.Getenv(TickEvery))
	if err != nil {
		every = tickEvery
	}
	if err := run(ctx, c.now, every); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func run(ctx context.Context, now func() time.Time, every time.Duration) error {
	if slices.Contains(os.Args, managing) {
		return manage(ctx, now, every)
	}
	socket := slices.Contains(os.Args, "--socket")
	settings, err := config.ReadServe(os.LookupEnv, socket)
	if err != nil {
		return err
	}
	log := zerolog.New(os.Stderr).Level(settings.Worker.LogLevel)
	server, err := serve.New(ctx, serve.Options{
		Config: settings, Socket: socket, AWS: wiring.FromEnvironment, Now: now, Wire: time.Now, TickEvery: every, Log: log,
	})
	if err != nil {
		return err
	}
	slack, admin, err := listen(ctx, settings.Listen, settings.AdminListen, log)
	if err != nil {
		return err
	}
	return errors.Join(server.Run(ctx, slack, admin), server.Close())
}

// listen opens the two addresses and logs them, as the test reads them.
func listen(ctx context.Context, address, adminAddress string, log zerolog.Logger) (open, admin net.Listener, err error) {
	var lc net.ListenConfig
	if open, err = lc.Listen(ctx, "tcp", address); err != nil {
		return nil, nil, err
	}
	if admin, err = lc.Listen(ctx, "tcp", adminAddress); err != nil {
		return nil, nil, err
	}
	log.Info().Str("address", open.Addr().String()).Str("admin", admin.Addr().String()).Msg("serving")
	return open, admin, nil
}
