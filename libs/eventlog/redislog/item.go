package redislog

import (
	"fmt"
	"strconv"

	"github.com/redis/go-redis/v9"
)

// item is an entry of a stream as it is read.
type item struct {
	position int64
	// prev is a position before it after which the partition holds nothing up to the item.
	prev int64
	data string
	// whole tells that prev and data are there; otherwise the event has to be read from the log.
	whole bool
}

// newItem makes an item of the identifier and the fields of an entry.
func newItem(id string, field func(name string) (string, bool)) (item, error) {
	position, err := positionOf(id)
	if err != nil {
		return item{}, err
	}
	it := item{position: position}
	prev, hasPrev := field("prev")
	data, hasData := field("e")
	if it.prev, err = strconv.ParseInt(prev, 10, 64); err == nil && hasPrev && hasData && it.prev < position {
		it.data, it.whole = data, true
	}
	return it, nil
}

// readMessages makes items of what XREADGROUP answers.
func readMessages(messages []redis.XMessage) ([]item, error) {
	items := make([]item, len(messages))
	for i, m := range messages {
		var err error
		items[i], err = newItem(m.ID, func(name string) (string, bool) {
			value, ok := m.Values[name].(string)
			return value, ok
		})
		if err != nil {
			return nil, err
		}
	}
	return items, nil
}

// readClaimed makes items of what the claim script answers, and tells where to go on.
func readClaimed(result any) (next string, items []item, err error) {
	unexpected := fmt.Errorf("claim entries: unexpected answer %.200v", result)
	answer, ok := result.([]any)
	if !ok || len(answer) != 2 {
		return "", nil, unexpected
	}
	entries, ok := answer[1].([]any)
	if !ok {
		return "", nil, unexpected
	}
	for _, e := range entries {
		entry, ok := e.([]any)
		if !ok || len(entry) != 2 {
			// An entry that was deleted.
			continue
		}
		fields, ok := entry[1].([]any)
		if !ok {
			continue
		}
		it, err := newItem(fmt.Sprint(entry[0]), func(name string) (string, bool) {
			for i := 0; i+1 < len(fields); i += 2 {
				if fields[i] == name {
					value, ok := fields[i+1].(string)
					return value, ok
				}
			}
			return "", false
		})
		if err != nil {
			return "", nil, err
		}
		items = append(items, it)
	}
	return fmt.Sprint(answer[0]), items, nil
}
