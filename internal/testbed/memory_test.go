package testbed_test

import (
	"testing"

	"showtime/internal/store/storetest"
	"showtime/internal/testbed"
	"showtime/lifecycle"
)

func TestMemory_keeps_the_contract(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(_ *testing.T, clock *storetest.Clock) lifecycle.Store { return testbed.NewMemory(clock.Now) })
}
