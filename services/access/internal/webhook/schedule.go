package webhook

import (
	"math/rand/v2"
	"time"
)

// pauses are those between attempts, as Standard Webhooks recommends.
func pauses() []time.Duration {
	return []time.Duration{
		5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour,
	}
}

// greatestPause is the longest wait, also where an address asks for more.
const greatestPause = 24 * time.Hour

// jitter is the part by which pauses grow at random, so that an address that was away is not met by everything at once.
const jitter = 0.2

// nextPause is the wait after the attempt of that number, from 1, and at least what the address asked for; false when it was the last one.
func nextPause(attempt int, asked time.Duration) (time.Duration, bool) {
	all := pauses()
	if attempt > len(all) {
		return 0, false
	}
	pause := all[max(attempt, 1)-1]
	//nolint:gosec // Nothing is kept secret by it.
	pause += time.Duration(rand.Float64() * jitter * float64(pause))
	return max(pause, min(asked, greatestPause)), true
}
