//go:build !race

package usecase_test

// sequences is how many random interleavings one run plays, and atLeast how often each outcome must be among them.
const (
	sequences = 160
	atLeast   = 3
	// crashStride is the distance between the points at which a process dies.
	crashStride = 1
	// storms is how many sequences TestCardEqualsRecord plays.
	storms = 10000
)
