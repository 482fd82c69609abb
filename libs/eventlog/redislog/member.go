package redislog

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/otklik/otklik/libs/eventlog"
	"github.com/otklik/otklik/libs/rediskit"
)

// member is a subscriber at work: one of those that share the partitions.
type member[E any] struct {
	*Subscriber[E]
	follow  func(ctx context.Context, partition int, source eventlog.Source[E])
	desk    *desk[E]
	acker   *acker
	readers []*reader[E]
	// readerOf tells which reader reads a partition.
	readerOf []*reader[E]
	trouble  *trouble
	// holdings are the partitions that this process follows, or is about to stop following; only run's goroutine uses them.
	holdings map[int]*holding
	// leases by partition: one token for each as long as this runs.
	partitionLeases []*rediskit.Lease
	// ended wakes run up when a holding has ended.
	ended chan struct{}
}

// holding is a partition that falls to this process.
type holding struct {
	partition int
	lease     *rediskit.Lease
	cancel    context.CancelFunc
	// expiry cancels when the lease was not prolonged in time.
	expiry *time.Timer
	// done is closed when follow has returned.
	done chan struct{}
}

func (h *holding) over() bool {
	select {
	case <-h.done:
		return true
	default:
		return false
	}
}

func newMember[E any](s *Subscriber[E], follow func(ctx context.Context, partition int, source eventlog.Source[E])) *member[E] {
	m := &member[E]{
		Subscriber: s, follow: follow, desk: newDesk[E](s.config.Partitions), holdings: make(map[int]*holding), ended: make(chan struct{}, 1),
		acker:   newAcker(s.client, s.keys, s.options.Group, s.logger),
		trouble: &trouble{logger: s.logger, what: "sharing of partitions", diagnose: diagnoseBy(s.client)},
	}
	for p := range s.config.Partitions {
		m.partitionLeases = append(m.partitionLeases, s.leases.New(s.keys.lease(s.options.Group, p), s.options.Instance))
	}
	m.readers, m.readerOf = newReaders(m)
	return m
}

const (
	// beats is how often a member says that it is alive before it would count as dead.
	beats = 3
	// eagerPause is between looks for a lease that somebody else is about to give away.
	eagerPause = 100 * time.Millisecond
	// leaveTimeout is for telling Redis, at the end, that others may take over.
	leaveTimeout = 2 * time.Second
)

func (m *member[E]) run(ctx context.Context) error {
	// What serves the partitions outlives them.
	serveCtx, stop := context.WithCancel(context.WithoutCancel(ctx))
	var servants sync.WaitGroup
	servants.Go(func() { m.acker.run(serveCtx) })
	servants.Go(func() { m.watchTip(serveCtx) })
	for _, r := range m.readers {
		servants.Go(func() { r.run(serveCtx) })
	}
	err := m.share(ctx)
	for _, h := range m.holdings {
		h.cancel()
	}
	for _, h := range m.holdings {
		<-h.done
	}
	stop()
	servants.Wait()
	m.leave(ctx)
	return err
}

// share takes and gives partitions until ctx ends, or an error will not pass.
func (m *member[E]) share(ctx context.Context) error {
	for {
		wait, err := m.balance(ctx)
		if errors.Is(err, ErrPartitions) {
			return err
		}
		m.trouble.report(ctx, err)
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-m.ended:
		case <-ctx.Done():
			timer.Stop()
			return nil
		}
		timer.Stop()
	}
}

// balance gives signs of life, takes what falls to this process and lets go of what does not. It returns when to do so again.
func (m *member[E]) balance(ctx context.Context) (time.Duration, error) {
	regular := m.config.Lease / beats
	ctx, cancel := context.WithTimeout(ctx, m.config.Lease)
	defer cancel()
	m.bury(ctx)
	wanted, err := m.wanted(ctx)
	if errors.Is(err, ErrPartitions) {
		return 0, err
	}
	// Without knowing the members one keeps what one has.
	leases := make([]*rediskit.Lease, 0, len(m.partitionLeases))
	for p, lease := range m.partitionLeases {
		if _, mine := m.holdings[p]; mine || wanted[p] {
			leases = append(leases, lease)
		}
	}
	err = errors.Join(err, m.leases.Take(ctx, leases...))
	wait := regular
	for p, lease := range m.partitionLeases {
		h, mine := m.holdings[p]
		switch {
		case mine && (!lease.Held() || wanted != nil && !wanted[p]):
			h.cancel()
		case mine:
			h.expiry.Reset(time.Until(lease.Until()))
		case wanted[p] && lease.Held():
			m.start(context.WithoutCancel(ctx), p)
		case wanted[p]:
			wait = min(regular, eagerPause)
		}
	}
	m.observe(ctx)
	return wait, err
}

// wanted says that this process is alive and returns the partitions that fall to it; nil when that is not known.
func (m *member[E]) wanted(ctx context.Context) (map[int]bool, error) {
	call := &rediskit.Call{
		Script: m.scripts.join, Keys: []string{m.keys.members(m.options.Group), m.keys.partitions()},
		Args: []any{m.options.Instance, m.config.Lease.Milliseconds(), m.config.Partitions},
	}
	if err := rediskit.RunScripts(ctx, m.client, call); err != nil {
		return nil, fmt.Errorf("join group: %w", err)
	}
	answer, ok := call.Result.([]any)
	if !ok || len(answer) != 2 {
		return nil, fmt.Errorf("join group: unexpected answer %v", call.Result)
	}
	if err := checkPartitions(m.keys, answer[0], m.config.Partitions); err != nil {
		return nil, err
	}
	names, ok := answer[1].([]any)
	if !ok {
		return nil, fmt.Errorf("join group: unexpected answer %v", call.Result)
	}
	members := make([]string, len(names))
	for i, name := range names {
		members[i] = fmt.Sprint(name)
	}
	wanted := make(map[int]bool)
	for p, owner := range assign(members, m.config.Partitions) {
		if owner == m.options.Instance {
			wanted[p] = true
		}
	}
	return wanted, nil
}

// start follows a partition.
func (m *member[E]) start(ctx context.Context, partition int) {
	ctx, cancel := context.WithCancel(ctx)
	lease := m.partitionLeases[partition]
	h := &holding{partition: partition, lease: lease, cancel: cancel, done: make(chan struct{})}
	h.expiry = time.AfterFunc(time.Until(lease.Until()), func() {
		if !lease.Held() {
			cancel()
		}
	})
	m.holdings[partition] = h
	m.instruments.hold(partition, true)
	m.logger.InfoContext(ctx, "following a partition", "partition", partition)
	go func() {
		m.follow(ctx, partition, partitionSource[E]{member: m, partition: partition})
		h.expiry.Stop()
		cancel()
		m.desk.close(partition, nil)
		m.instruments.hold(partition, false)
		close(h.done)
		select {
		case m.ended <- struct{}{}:
		default:
		}
	}()
}

// bury gives away the partitions that are no longer followed.
func (m *member[E]) bury(ctx context.Context) {
	var over []*rediskit.Lease
	for p, h := range m.holdings {
		if !h.over() {
			continue
		}
		// What a read under way brings would be given to this process: it has to end before another one goes on.
		m.readerOf[p].settle(ctx)
		m.acker.flush(ctx, p)
		delete(m.holdings, p)
		over = append(over, h.lease)
		m.logger.InfoContext(ctx, "no longer following a partition", "partition", p)
	}
	// What is not released ends by itself.
	_ = m.leases.Release(ctx, over...)
}

// leave tells the others at once that they may take over.
func (m *member[E]) leave(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveTimeout)
	defer cancel()
	for p := range m.holdings {
		m.acker.flush(ctx, p)
	}
	held := make([]*rediskit.Lease, 0, len(m.holdings))
	for _, h := range m.holdings {
		held = append(held, h.lease)
	}
	// All of this ends by itself if Redis is not there.
	_ = m.client.ZRem(ctx, m.keys.members(m.options.Group), m.options.Instance).Err()
	_ = m.leases.Release(ctx, held...)
}

// observe learns how far the group is behind.
func (m *member[E]) observe(ctx context.Context) {
	if len(m.holdings) == 0 {
		return
	}
	pipe := m.client.Pipeline()
	groups := make(map[int]*redis.XInfoGroupsCmd, len(m.holdings))
	lengths := make(map[int]*redis.IntCmd, len(m.holdings))
	for p := range m.holdings {
		groups[p] = pipe.XInfoGroups(ctx, m.keys.stream(p))
		lengths[p] = pipe.XLen(ctx, m.keys.stream(p))
	}
	_, _ = pipe.Exec(ctx) // each command has its own error
	for p, c := range groups {
		for _, g := range c.Val() {
			if g.Name != m.options.Group {
				continue
			}
			behind := g.Pending + g.Lag
			if g.Lag < 0 {
				// Redis does not know it of a group that was made anew. What is processed does not stay for long.
				behind = lengths[p].Val()
			}
			m.instruments.backlog(p, behind)
		}
	}
}
