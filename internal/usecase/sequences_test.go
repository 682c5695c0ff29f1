//go:build !race

package usecase_test

// sequences is how many random interleavings one run plays.
const sequences = 160
