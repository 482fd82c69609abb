package redislog

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/redis/go-redis/v9"

	"github.com/otklik/otklik/libs/eventlog"
	"github.com/otklik/otklik/libs/rediskit"
)

// noLease begins the claim script's error when the partition is not the caller's.
const noLease = "NOLEASE"

// claimCount is the most entries of one call of the claim script.
const claimCount = 500

// claim takes over the group's pending entries after a position: all up to another one, and maybe more.
func (s *stream[E]) claim(after, upTo int64) ([]item, error) {
	m := s.member
	lease := m.partitionLeases[s.partition]
	var all []item
	for next := entryID(after); ; {
		call := &rediskit.Call{
			Script: m.scripts.claim, Keys: []string{m.keys.stream(s.partition), lease.Key},
			Args: []any{m.options.Group, m.options.Instance, lease.Token, next, claimCount},
		}
		if err := rediskit.RunScripts(s.ctx, m.client, call); err != nil {
			if redis.HasErrorPrefix(err, noLease) {
				err = fmt.Errorf("%w: %w", eventlog.ErrTaken, err)
			}
			return nil, fmt.Errorf("claim entries: %w", err)
		}
		var items []item
		var err error
		if next, items, err = readClaimed(call.Result); err != nil {
			return nil, err
		}
		all = append(all, items...)
		if next == "0-0" || len(items) > 0 && items[len(items)-1].position >= upTo {
			return all, nil
		}
	}
}

// enqueue adds claimed items to the queue, which is in the order of positions.
func (s *stream[E]) enqueue(claimed []item) {
	known := make(map[int64]bool, len(s.queue))
	for _, it := range s.queue {
		known[it.position] = true
	}
	taken := 0
	for _, it := range claimed {
		if known[it.position] {
			continue
		}
		s.queue = append(s.queue, it)
		if it.position > s.complete {
			taken++
		}
	}
	slices.SortStableFunc(s.queue, func(a, b item) int { return cmp.Compare(a.position, b.position) })
	s.member.instruments.reclaim(s.ctx, s.partition, taken)
}
