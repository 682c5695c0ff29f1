package httpapi

import (
	"fmt"
	"time"

	"showtime/lifecycle"
)

// FromState is a state as it travels.
func FromState(s lifecycle.State) Cluster {
	c := Cluster{
		V: s.V, Name: s.Cluster, Desired: desired(s), Phase: s.Phase, Ready: s.Ready(), Generation: s.Generation, Revision: s.Revision,
		Wish: s.Wish, Notebook: s.Notebook, ListedAt: s.ListedAt, Cost: FromCost(s.Cost), Launches: words(s.Launches),
		Lease: Lease{
			Default: s.Limits.Default.String(), Max: s.Limits.Max.String(), Step: s.Limits.Step.String(),
			Grace: s.Limits.Grace.String(), Warn: words(s.Limits.Warn),
		},
	}
	if s.StartWarn > 0 {
		c.StartWarn = s.StartWarn.String()
	}
	if s.StartTimeout > 0 {
		c.StartLimit = s.StartTimeout.String()
	}
	if s.Session.Generation > 0 {
		c.Session = &s.Session
	}
	return c
}

// FromCost is a cost as it travels.
func FromCost(c lifecycle.Cost) Cost { return Cost(c) }

// desired says what somebody last wanted.
func desired(s lifecycle.State) string {
	up := s.Phase == lifecycle.Launching || s.Phase == lifecycle.Up
	if s.Wish != nil || up && s.Session.Stop == nil {
		return DesiredUp
	}
	return DesiredDown
}

// State is the state that travelled.
func (c Cluster) State() (lifecycle.State, error) {
	d := durations{}
	s := lifecycle.State{
		Cluster: c.Name, Notebook: c.Notebook, ListedAt: c.ListedAt, Cost: lifecycle.Cost(c.Cost),
		Row: lifecycle.Row{V: c.V, Revision: c.Revision, Phase: c.Phase, Generation: c.Generation, Wish: c.Wish},
		Limits: lifecycle.LeaseConfig{
			Default: d.one(c.Lease.Default), Max: d.one(c.Lease.Max), Step: d.one(c.Lease.Step), Grace: d.one(c.Lease.Grace), Warn: d.all(c.Lease.Warn),
		},
		Launches: d.all(c.Launches),
	}
	if c.StartWarn != "" {
		s.StartWarn = d.one(c.StartWarn)
	}
	if c.StartLimit != "" {
		s.StartTimeout = d.one(c.StartLimit)
	}
	if c.Session != nil {
		s.Session = *c.Session
	}
	return s, d.err
}

func words(all []time.Duration) []string {
	var out []string
	for _, d := range all {
		out = append(out, d.String())
	}
	return out
}

// durations reads durations and keeps the first problem.
type durations struct{ err error }

func (d *durations) one(word string) time.Duration {
	v, err := time.ParseDuration(word)
	if err != nil && d.err == nil {
		d.err = fmt.Errorf("read duration: %w", err)
	}
	return v
}

func (d *durations) all(words []string) []time.Duration {
	var out []time.Duration
	for _, w := range words {
		out = append(out, d.one(w))
	}
	return out
}
