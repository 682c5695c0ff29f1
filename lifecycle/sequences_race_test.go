//go:build race

package lifecycle

// sequences is how many random interleavings one run tries; the race detector makes each slow.
const sequences = 300
