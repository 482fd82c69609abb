package limit

import (
	"math"
	"time"
)

// pace is a quota in the terms of GCRA: calls come in intervals, and may come earlier by the tolerance. No interval is no bound.
type pace struct {
	interval, tolerance time.Duration
}

func paceOf(q Quota, unit time.Duration) pace {
	if !q.enabled() {
		return pace{}
	}
	return pace{interval: q.interval(unit), tolerance: q.tolerance(unit)}
}

// limit is how many calls may come at once.
func (p pace) limit() int { return int(p.tolerance/p.interval) + 1 }

// remaining is how many calls may come now, when the next is due that far ahead.
func (p pace) remaining(ahead time.Duration) int {
	return int(max(p.tolerance+p.interval-ahead, 0) / p.interval)
}

// maxBounds is the most bounds of a call.
const maxBounds = 3

// bounds are those that are in force for a call.
type bounds struct {
	count  int
	scopes [maxBounds]Scope
	paces  [maxBounds]pace
}

func (b *bounds) add(scope Scope, p pace) {
	if p.interval > 0 {
		b.scopes[b.count], b.paces[b.count] = scope, p
		b.count++
	}
}

// book is a configuration that is worked out in a unit of time.
type book struct {
	config                             Config
	unit                               time.Duration
	perKey, perDevice, perOrganization pace
}

func newBook(config Config, unit time.Duration) book {
	return book{
		config: config, unit: unit,
		perKey: paceOf(config.PerKey, unit), perDevice: paceOf(config.PerDevice, unit), perOrganization: paceOf(config.PerOrganization, unit),
	}
}

// boundsOf are the bounds in force for a call.
func (b *book) boundsOf(call Call) bounds {
	var all bounds
	key, device := b.perKey, b.perDevice
	if call.KeyRate > 0 {
		key = paceOf(ownQuota(call.KeyRate, b.config.PerKey, time.Second), b.unit)
	}
	if call.DeviceRate > 0 {
		device = paceOf(ownQuota(call.DeviceRate/60, b.config.PerDevice, time.Minute), b.unit)
	}
	all.add(ScopeKey, key)
	if call.ByDevice {
		all.add(ScopeDevice, device)
	}
	all.add(ScopeOrganization, b.perOrganization)
	return all
}

// minRate keeps the interval between two calls within what can be counted.
const minRate = 1e-6

// ownQuota is the quota of one that has a rate of its own. It may make at once what it may make in the time that the configured burst stands for, or
// in length where nothing is configured.
func ownQuota(rate float64, configured Quota, length time.Duration) Quota {
	rate = min(max(rate, minRate), maxRate)
	seconds := length.Seconds()
	if configured.enabled() {
		seconds = float64(configured.Burst) / configured.Rate
	}
	return Quota{Rate: rate, Burst: max(1, int(math.Ceil(rate*seconds)))}
}

// refused is the verdict on a call that has to wait for a bound.
func (b *bounds) refused(by int, wait time.Duration) Verdict {
	return Verdict{Scope: b.scopes[by], RetryAfter: wait, Limit: b.paces[by].limit(), Reset: wait}
}

// admitted is the verdict on a call after which the next is due that far ahead in each bound.
func (b *bounds) admitted(ahead [maxBounds]time.Duration) Verdict {
	v := Verdict{Admitted: true}
	for i := range b.count {
		p := b.paces[i]
		left, reset := p.remaining(ahead[i]), ahead[i]
		if left == 0 {
			reset = ahead[i] - p.tolerance
		}
		if i == 0 || left < v.Remaining || (left == v.Remaining && reset > v.Reset) {
			v.Scope, v.Limit, v.Remaining, v.Reset = b.scopes[i], p.limit(), left, reset
		}
	}
	return v
}
