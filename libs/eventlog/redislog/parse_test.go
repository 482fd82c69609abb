package redislog

import (
	"fmt"
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

func TestTipIsReadAsItIsWritten(t *testing.T) {
	for _, want := range []tip{
		{position: 0, last: []int64{0}},
		{position: math.MaxInt64, asOf: time.UnixMicro(1_700_000_000_123_456), last: []int64{1, 0, math.MaxInt64}},
	} {
		fields := make(map[string]string)
		list := want.fields()
		for i := 0; i < len(list); i += 2 {
			fields[redisText(list[i])] = redisText(list[i+1])
		}
		got, ok := parseTip(fields, len(want.last))
		if !ok || got.position != want.position || !got.asOf.Equal(want.asOf) || !reflect.DeepEqual(got.last, want.last) {
			t.Errorf("read %+v, %v, want %+v", got, ok, want)
		}
		delete(fields, "0")
		if _, ok := parseTip(fields, len(want.last)); ok {
			t.Error("a tip without a partition was taken as whole")
		}
	}
	for _, at := range []string{"", "1", "x 1", "1 x", "1 1 1"} {
		if _, ok := parseTip(map[string]string{tipField: at}, 0); ok {
			t.Errorf("%q was taken as a tip", at)
		}
	}
}

// redisText is how a value arrives.
func redisText(v any) string {
	return fmt.Sprint(v)
}

func TestItemsAreWholeOrNot(t *testing.T) {
	for _, c := range []struct {
		id     string
		values map[string]any
		want   item
		fails  bool
	}{
		{id: "9223372036854775807-0", values: map[string]any{"prev": "9223372036854775806", "e": "x"}, want: item{position: math.MaxInt64, prev: math.MaxInt64 - 1, data: "x", whole: true}},
		{id: "5-0", values: map[string]any{"prev": "0", "e": ""}, want: item{position: 5, whole: true}},
		{id: "5-0", values: map[string]any{"e": "x"}, want: item{position: 5}},
		{id: "5-0", values: map[string]any{"prev": "4"}, want: item{position: 5, prev: 4}},
		{id: "5-0", values: map[string]any{"prev": "5", "e": "x"}, want: item{position: 5, prev: 5}},
		{id: "5-0", values: map[string]any{"prev": "four", "e": "x"}, want: item{position: 5}},
		{id: "5-0", values: nil, want: item{position: 5}},
		{id: "x-0", fails: true},
		{id: "9223372036854775808-0", fails: true},
	} {
		items, err := readMessages([]redis.XMessage{{ID: c.id, Values: c.values}})
		if (err != nil) != c.fails {
			t.Errorf("%s: error %v", c.id, err)
			continue
		}
		if err == nil && items[0] != c.want {
			t.Errorf("%s %v: %+v, want %+v", c.id, c.values, items[0], c.want)
		}
	}
	if _, _, err := readClaimed("nonsense"); err == nil {
		t.Error("nonsense was taken as claimed entries")
	}
	next, items, err := readClaimed([]any{"7-0", []any{nil, []any{"5-0", []any{"prev", "4", "e", "x"}}, []any{"6-0", nil}}})
	if err != nil || next != "7-0" || len(items) != 1 || items[0].data != "x" {
		t.Errorf("%q, %+v, %v", next, items, err)
	}
}

func TestKeysOfAPartitionShareASlot(t *testing.T) {
	k := keys{prefix: "otklik", log: "survey"}
	if got, want := k.stream(3), "otklik:{survey.3}:events"; got != want {
		t.Errorf("stream %q, want %q", got, want)
	}
	if got, want := k.lease("scoring", 3), "otklik:{survey.3}:lease:scoring"; got != want {
		t.Errorf("lease %q, want %q", got, want)
	}
	for _, got := range []string{k.tip(), k.publisher(), k.partitions(), k.members("scoring")} {
		if len(got) < 16 || got[:16] != "otklik:{survey}:" {
			t.Errorf("key %q", got)
		}
	}
}

func TestRefusedOptions(t *testing.T) {
	good := Codec[int]{
		Log: "l", Encode: func(int) ([]byte, error) { return nil, nil }, Decode: func([]byte) (int, error) { return 0, nil },
		Position: func(int) int64 { return 0 }, Key: func(int) string { return "" },
	}
	bad := good
	bad.Log = "{l}"
	half := good
	half.Key = nil
	config := DefaultConfig()
	for name, create := range map[string]func() error{
		"no partitions": func() error {
			c := config
			c.Partitions = 0
			_, err := NewPublisher(nil, c, good, Options{Instance: "i"})
			return err
		},
		"too many": func() error {
			c := config
			c.Partitions = 5000
			_, err := NewPublisher(nil, c, good, Options{Instance: "i"})
			return err
		},
		"no room": func() error {
			c := config
			c.MaxUnprocessed = 0
			_, err := NewPublisher(nil, c, good, Options{Instance: "i"})
			return err
		},
		"no lease": func() error {
			c := config
			c.Lease = 0
			_, err := NewPublisher(nil, c, good, Options{Instance: "i"})
			return err
		},
		"log":         func() error { _, err := NewPublisher(nil, config, bad, Options{Instance: "i"}); return err },
		"no key":      func() error { _, err := NewPublisher(nil, config, half, Options{Instance: "i"}); return err },
		"no instance": func() error { _, err := NewPublisher(nil, config, good, Options{}); return err },
		"no group": func() error {
			_, err := NewSubscriber(nil, config, good, SubscriberOptions[int]{Instance: "i"})
			return err
		},
		"no refill": func() error {
			_, err := NewSubscriber(nil, config, good, SubscriberOptions[int]{Instance: "i", Group: "g"})
			return err
		},
	} {
		if create() == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// FuzzEntry reads entries and tips as somebody else may have written them into Redis.
func FuzzEntry(f *testing.F) {
	f.Add("5-0", "4", "x", "5 1700000000123456", "3")
	f.Add("9223372036854775807-0", "-1", "", "9223372036854775807 -1", "")
	f.Add("", "", "", "", "")
	f.Add("5-1", "5", "x", "1 x", "-1")
	f.Fuzz(func(t *testing.T, id, prev, data, at, last string) {
		items, err := readMessages([]redis.XMessage{{ID: id, Values: map[string]any{"prev": prev, "e": data}}})
		if err == nil && items[0].whole && (items[0].prev >= items[0].position || items[0].data != data) {
			t.Fatalf("%q after %q was taken as whole: %+v", id, prev, items[0])
		}
		_, again, claimErr := readClaimed([]any{"0-0", []any{[]any{id, []any{"prev", prev, "e", data}}}})
		if (err == nil) != (claimErr == nil) || err == nil && again[0] != items[0] {
			t.Fatalf("%q is read as %+v, %v and claimed as %+v, %v", id, items, err, again, claimErr)
		}
		if got, ok := parseTip(map[string]string{tipField: at, "0": last}, 1); ok && len(got.last) != 1 {
			t.Fatalf("the tip %q has %d partitions", at, len(got.last))
		}
	})
}
