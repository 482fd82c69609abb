package calendar

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// BucketSeconds is the length of a bucket.
const BucketSeconds = 15 * 60

// BucketsPerDay is the number of buckets in a day of universal time.
const BucketsPerDay = 24 * 60 * 60 / BucketSeconds

// ErrNotAligned reports a bound of a period that is not a multiple of a quarter of an hour of universal time.
var ErrNotAligned = errors.New("time is not on a quarter of an hour")

// Bucket is a quarter of an hour, counted from the start of 1970 in universal time.
type Bucket int32

// Bounds of the buckets: the years from 1 to about 9999 fit far within.
const (
	MinBucket Bucket = math.MinInt32
	MaxBucket Bucket = math.MaxInt32
)

// BucketOf is the bucket that holds t; times beyond the bounds count as the bound.
func BucketOf(t time.Time) Bucket {
	s := t.Unix()
	b := s / BucketSeconds
	if s%BucketSeconds < 0 {
		b--
	}
	return Bucket(min(max(b, math.MinInt32), math.MaxInt32))
}

// Start is the first moment of the bucket, in universal time.
func (b Bucket) Start() time.Time { return time.Unix(int64(b)*BucketSeconds, 0).UTC() }

// firstFrom is the first bucket that starts at or after t.
func firstFrom(t time.Time) Bucket {
	b := BucketOf(t)
	if b < MaxBucket && b.Start().Before(t) {
		b++
	}
	return b
}

// Period is a span of buckets that includes First and excludes End.
type Period struct {
	First, End Bucket
}

// All is the period of all time.
var All = Period{First: MinBucket, End: MaxBucket}

// PeriodOf is the period from start to before end; a zero time leaves that side open. ErrNotAligned when a bound does not fall
// on a quarter of an hour.
func PeriodOf(start, end time.Time) (Period, error) {
	p := All
	var err error
	if !start.IsZero() {
		if p.First, err = aligned(start); err != nil {
			return Period{}, fmt.Errorf("start of period: %w", err)
		}
	}
	if !end.IsZero() {
		if p.End, err = aligned(end); err != nil {
			return Period{}, fmt.Errorf("end of period: %w", err)
		}
	}
	return p, nil
}

func aligned(t time.Time) (Bucket, error) {
	b := BucketOf(t)
	if !b.Start().Equal(t) {
		return 0, fmt.Errorf("%s: %w", t.Format(time.RFC3339Nano), ErrNotAligned)
	}
	return b, nil
}

// Intersect is the part of p that lies within other; empty periods have First = End.
func (p Period) Intersect(other Period) Period {
	r := Period{First: max(p.First, other.First), End: min(p.End, other.End)}
	r.End = max(r.End, r.First)
	return r
}

// IsEmpty tells whether no bucket lies within the period.
func (p Period) IsEmpty() bool { return p.First >= p.End }
