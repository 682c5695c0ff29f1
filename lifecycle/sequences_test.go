//go:build !race

package lifecycle

// sequences is how many random interleavings one run tries.
const sequences = 1200
