package redislog

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// tip tells how far the log is published.
type tip struct {
	// position is one up to which all events are published, and asOf the source's time of that; zero when it did not say.
	position int64
	asOf     time.Time
	// last holds for each partition a position up to which it was published, after which it has no event up to position.
	last []int64
}

// tipField is the field of position and asOf; those of partitions are their numbers.
const tipField = "at"

// fields are the tip as Redis holds it.
func (t tip) fields() []any {
	asOf := int64(0)
	if !t.asOf.IsZero() {
		asOf = t.asOf.UnixMicro()
	}
	out := make([]any, 0, 2+2*len(t.last))
	out = append(out, tipField, fmt.Sprintf("%d %d", t.position, asOf))
	for p, last := range t.last {
		out = append(out, p, last)
	}
	return out
}

// readTip reads the tip; false when Redis has none, or none that is whole.
func readTip(ctx context.Context, client redis.UniversalClient, key string, partitions int) (tip, bool, error) {
	fields, err := client.HGetAll(ctx, key).Result()
	if err != nil {
		return tip{}, false, fmt.Errorf("read tip: %w", err)
	}
	t, ok := parseTip(fields, partitions)
	return t, ok, nil
}

func parseTip(fields map[string]string, partitions int) (tip, bool) {
	position, asOf, _ := strings.Cut(fields[tipField], " ")
	t := tip{last: make([]int64, partitions)}
	var err error
	if t.position, err = strconv.ParseInt(position, 10, 64); err != nil {
		return tip{}, false
	}
	micros, err := strconv.ParseInt(asOf, 10, 64)
	if err != nil {
		return tip{}, false
	}
	if micros != 0 {
		t.asOf = time.UnixMicro(micros)
	}
	for p := range t.last {
		if t.last[p], err = strconv.ParseInt(fields[strconv.Itoa(p)], 10, 64); err != nil {
			return tip{}, false
		}
	}
	return t, true
}
