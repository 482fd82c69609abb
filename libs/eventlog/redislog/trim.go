package redislog

import (
	"context"
	"fmt"
	"time"

	"github.com/otklik/otklik/libs/rediskit"
)

// trim removes what every group has processed, and learns how much is left.
func (s *session[E]) trim(ctx context.Context, lanes []*lane) error {
	if len(lanes) == len(s.lanes) {
		s.rounded = time.Now()
	}
	calls := make([]*rediskit.Call, len(lanes))
	for i, l := range lanes {
		calls[i] = &rediskit.Call{Script: s.scripts.trim, Keys: []string{l.stream}}
	}
	if err := rediskit.RunScripts(ctx, s.client, calls...); err != nil {
		return fmt.Errorf("trim streams: %w", err)
	}
	for i, l := range lanes {
		r, err := readTrimmed(calls[i].Result)
		if err != nil {
			return err
		}
		if r.last != entryID(l.last) {
			return fmt.Errorf("trim partition %d: %w: expected %s, found %s", l.partition, errMoved, entryID(l.last), r.last)
		}
		if r.length == 0 || r.trimmed > 0 || r.oldest != l.oldest || l.progress.IsZero() {
			l.progress = time.Now()
		}
		if r.trimmed > 0 {
			l.trimmed = time.Now()
		}
		l.length, l.oldest, l.group = int(r.length), r.oldest, r.group
		if l.skipping && l.length <= s.config.MaxUnprocessed/2 {
			l.skipping = false
		}
		s.instruments.left(ctx, l, r.trimmed, l.length >= s.config.MaxUnprocessed)
	}
	return nil
}

// trimmed is what the script answers.
type trimmed struct {
	last, oldest, group string
	length, trimmed     int64
}

func readTrimmed(result any) (trimmed, error) {
	values, ok := result.([]any)
	if !ok || len(values) != 5 {
		return trimmed{}, fmt.Errorf("trim streams: unexpected answer %v", result)
	}
	r := trimmed{last: fmt.Sprint(values[0]), oldest: fmt.Sprint(values[3]), group: fmt.Sprint(values[4])}
	var okLength, okTrimmed bool
	r.length, okLength = values[1].(int64)
	r.trimmed, okTrimmed = values[2].(int64)
	if !okLength || !okTrimmed {
		return trimmed{}, fmt.Errorf("trim streams: unexpected answer %v", result)
	}
	return r, nil
}
