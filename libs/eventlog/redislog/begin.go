package redislog

import (
	"context"
	"fmt"

	"github.com/otklik/otklik/libs/rediskit"
)

// begin finds out how far the log is published, and makes the streams that are missing.
func (s *session[E]) begin(ctx context.Context) error {
	if err := recordPartitions(ctx, s.client, s.scripts.partitions, s.keys, len(s.lanes)); err != nil {
		return err
	}
	t, told, err := readTip(ctx, s.client, s.keys.tip(), len(s.lanes))
	if err != nil {
		return err
	}
	if err := s.floors(ctx, s.lanes, 0, false); err != nil {
		return err
	}
	var missing []*lane
	from := int64(-1)
	for i, l := range s.lanes {
		if l.last == 0 && !(told && t.last[i] == 0) {
			missing = append(missing, l)
			continue
		}
		reached := l.last
		if told && l.last >= t.last[i] {
			reached = max(reached, t.position)
		}
		if from < 0 || reached < from {
			from = reached
		}
	}
	if from < 0 {
		// There is nothing in Redis: what the log holds already is read from the log itself.
		if from, err = s.head(ctx); err != nil {
			return err
		}
		s.logger.InfoContext(ctx, "Redis holds nothing of the log; events are published from its end on, earlier ones are read from the log itself", "position", from)
	}
	s.position = from
	if told {
		s.asOf = t.asOf
	}
	if err := s.floors(ctx, missing, from, false); err != nil {
		return err
	}
	return s.trim(ctx, s.lanes)
}

// floors makes streams that begin after a position, where there is none, and learns where each stream is. With anew, streams that are there are thrown away.
func (s *session[E]) floors(ctx context.Context, lanes []*lane, floor int64, anew bool) error {
	if len(lanes) == 0 {
		return nil
	}
	flag := "0"
	if anew {
		flag = "1"
	}
	calls := make([]*rediskit.Call, len(lanes))
	for i, l := range lanes {
		calls[i] = &rediskit.Call{Script: s.scripts.floor, Keys: []string{l.stream}, Args: []any{entryID(floor), flag}}
	}
	if err := rediskit.RunScripts(ctx, s.client, calls...); err != nil {
		return fmt.Errorf("look at streams: %w", err)
	}
	for i, l := range lanes {
		last, err := positionOf(fmt.Sprint(calls[i].Result))
		if err != nil {
			return err
		}
		l.last, l.seen = last, last
	}
	return nil
}

// head is the position of the newest event of the log.
func (s *session[E]) head(ctx context.Context) (int64, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := s.source.Open(ctx, 0)
	if err != nil {
		return 0, fmt.Errorf("open log: %w", err)
	}
	batch, err := stream.Recv()
	if err != nil {
		return 0, fmt.Errorf("read log: %w", err)
	}
	return batch.Head, nil
}

// startOver throws the streams away, because the log ends before what they hold: it is another one than before.
func (s *session[E]) startOver(ctx context.Context) error {
	head, err := s.head(ctx)
	if err != nil {
		return err
	}
	s.logger.ErrorContext(ctx, "the log ends before what was published of it: it must have been restored from a backup; publishing starts over at its end",
		"published_position", s.position, "head_position", head)
	if err := s.floors(ctx, s.lanes, head, true); err != nil {
		return err
	}
	s.position = head
	return s.tell(ctx)
}
