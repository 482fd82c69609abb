// Package redislog carries an event log from process to process by Redis Streams. A Publisher copies the log, as its service stores it, into
// one stream for each partition; Subscribers share the partitions of their group among them and follow each in order.
//
// Redis is a carrier and no more: the log itself is what lasts, and the store of the effect knows what was applied. Each entry of a stream
// names the one before it, so that whoever reads knows whether something is missing, whatever happened to Redis, and reads that from the log.
// Hence nothing is lost, doubled or reordered in effect when Redis is emptied, filled or fails over, or when processes die or stand still.
package redislog

import (
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
)

// Config is how events are carried. Start from DefaultConfig.
type Config struct {
	Partitions     int           `koanf:"partitions" doc:"Number of parts that the log of events is divided into; as many replicas can share the work of following it. It cannot be changed once events were counted."`
	MaxUnprocessed int           `koanf:"max_unprocessed" doc:"Most events of a partition that wait in Redis; further ones stay in the database until those are processed."`
	Lease          time.Duration `koanf:"lease" doc:"Time without a sign of life after which a replica's partitions fall to others."`
}

const (
	maxPartitions = 1024
	minLease      = 100 * time.Millisecond
)

// DefaultConfig is a sound configuration.
func DefaultConfig() Config {
	return Config{Partitions: 16, MaxUnprocessed: 10_000, Lease: 3 * time.Second}
}

func (c Config) check() error {
	switch {
	case c.Partitions < 1 || c.Partitions > maxPartitions:
		return fmt.Errorf("check events.partitions: %d is not between 1 and %d", c.Partitions, maxPartitions)
	case c.MaxUnprocessed < 1:
		return fmt.Errorf("check events.max_unprocessed: %d is not positive", c.MaxUnprocessed)
	case c.Lease < minLease:
		return fmt.Errorf("check events.lease: %v is shorter than %v", c.Lease, minLease)
	}
	return nil
}

// Codec is what redislog has to know of events.
type Codec[E any] struct {
	// Log names the log.
	Log string
	// Encode and Decode turn an event into bytes and back. Decode may not keep the bytes.
	Encode func(E) ([]byte, error)
	Decode func([]byte) (E, error)
	// Position is the event's place in the log, greater than zero and greater than that of the event before it.
	Position func(E) int64
	// Key decides by eventlog.Partition which partition the event belongs to.
	Key func(E) string
}

func (c Codec[E]) check() error {
	if err := checkName("log", c.Log); err != nil {
		return err
	}
	if c.Encode == nil || c.Decode == nil || c.Position == nil || c.Key == nil {
		return errors.New("check codec: a function is missing")
	}
	return nil
}

// checkName refuses names that would change the meaning of a key.
func checkName(what, name string) error {
	if name == "" || strings.ContainsAny(name, "{}: \r\n") {
		return fmt.Errorf("check %s: %q is empty or has a brace, colon or blank", what, name)
	}
	return nil
}

// ErrPartitions tells that the log was divided into another number of partitions before.
var ErrPartitions = errors.New("the log is divided into another number of partitions")

// keys are where things are in Redis. What belongs to one partition shares a hash tag, and hence a slot of a Redis Cluster; so does what
// belongs to the whole log.
type keys struct {
	prefix, log string
}

func (k keys) partition(p int) string { return k.prefix + ":{" + k.log + "." + strconv.Itoa(p) + "}:" }

// stream holds the events of a partition.
func (k keys) stream(p int) string { return k.partition(p) + "events" }

// lease is held by the subscriber of a group that follows the partition.
func (k keys) lease(group string, p int) string { return k.partition(p) + "lease:" + group }

func (k keys) whole() string { return k.prefix + ":{" + k.log + "}:" }

// publisher is the lease of the process that publishes.
func (k keys) publisher() string { return k.whole() + "publisher" }

// tip tells how far the log is published.
func (k keys) tip() string { return k.whole() + "tip" }

// partitions is the number of partitions.
func (k keys) partitions() string { return k.whole() + "partitions" }

// members are the subscribers of a group that are alive.
func (k keys) members(group string) string { return k.whole() + "members:" + group }

func loggerOr(l *slog.Logger) *slog.Logger {
	if l == nil {
		return slog.New(slog.DiscardHandler)
	}
	return l
}

func metersOr(m metric.MeterProvider) metric.MeterProvider {
	if m == nil {
		return noop.NewMeterProvider()
	}
	return m
}

// entryID is the identifier that the entry of a position has in its stream.
func entryID(position int64) string { return strconv.FormatInt(position, 10) + "-0" }

// positionOf reads an entry's identifier.
func positionOf(id string) (int64, error) {
	digits, _, _ := strings.Cut(id, "-")
	position, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("read entry %q: %w", id, err)
	}
	return position, nil
}
