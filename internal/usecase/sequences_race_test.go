//go:build race

package usecase_test

// sequences is how many random interleavings one run plays, and atLeast how often each outcome must be among
// them; the race detector makes each slow, so there are fewer.
const (
	sequences = 50
	atLeast   = 1
	// crashStride leaves points out that the run without the detector passes.
	crashStride = 5
	// storms is how many sequences TestCardEqualsRecord plays.
	storms = 1000
)
