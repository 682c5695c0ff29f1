//go:build race

package usecase_test

// sequences is how many random interleavings one run plays; the race detector makes each slow.
const sequences = 50
