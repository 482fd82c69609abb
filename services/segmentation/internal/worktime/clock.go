package worktime

import "time"

// Clock counts the working time of a calendar. Safe for concurrent use.
type Clock struct {
	zone *time.Location
	week [7][]Span
	// holidays are hours by the day's number since 1970.
	holidays map[int64][]Span
}

const secondsOfDay = 24 * 60 * 60

// stretch is a time in which the zone has one offset, as seconds since 1970: [start, end). Within it the wall clock runs as time does.
type stretch struct {
	start, end time.Time // zero when unbounded
	offset     int64
}

func (k *Clock) stretchAt(t time.Time) stretch {
	local := t.In(k.zone)
	start, end := local.ZoneBounds()
	_, offset := local.Zone()
	return stretch{start, end, int64(offset)}
}

// hours are those of the day with a number.
func (k *Clock) hours(day int64) []Span {
	if spans, special := k.holidays[day]; special {
		return spans
	}
	// 1 January 1970 was a Thursday.
	return k.week[((day+int64(time.Thursday))%7+7)%7]
}

// wall is what the clock on the wall shows at an offset: the day's number, and the time since its midnight.
func wall(t time.Time, offset int64) (day int64, since time.Duration) {
	seconds := t.Unix() + offset
	day = floorDiv(seconds, secondsOfDay)
	return day, time.Duration(seconds-day*secondsOfDay)*time.Second + time.Duration(t.Nanosecond())
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// span is a part of working time that has no break in it.
type span struct{ start, end time.Time }

// each calls fn with the working time after a moment, in order, in parts without a break within a day, until it returns false.
func (k *Clock) each(from time.Time, fn func(span) bool) {
	for {
		s := k.stretchAt(from)
		day, since := wall(from, s.offset)
		midnight := from.Add(-since)
		for s.end.IsZero() || midnight.Before(s.end) {
			for _, h := range k.hours(day) {
				part := span{midnight.Add(time.Duration(h.Start) * time.Minute), midnight.Add(time.Duration(h.End) * time.Minute)}
				if part.start.Before(from) {
					part.start = from
				}
				if !s.end.IsZero() && part.end.After(s.end) {
					part.end = s.end
				}
				if part.start.Before(part.end) && !fn(part) {
					return
				}
			}
			day, midnight = day+1, midnight.Add(secondsOfDay*time.Second)
		}
		from = s.end
	}
}

// Add is the first moment at which so much working time has passed since t; t itself when the time is not positive.
func (k *Clock) Add(t time.Time, working time.Duration) time.Time {
	if working <= 0 {
		return t
	}
	end := t
	k.each(t, func(s span) bool {
		has := s.end.Sub(s.start)
		if has < working {
			working -= has
			return true
		}
		end = s.start.Add(working)
		return false
	})
	return end
}

// Between is the working time from one moment to another; negative when the second is the earlier.
func (k *Clock) Between(from, to time.Time) time.Duration {
	if to.Before(from) {
		return -k.Between(to, from)
	}
	if !from.Before(to) {
		return 0
	}
	var sum time.Duration
	k.each(from, func(s span) bool {
		if !s.start.Before(to) {
			return false
		}
		if s.end.After(to) {
			s.end = to
		}
		sum += s.end.Sub(s.start)
		return s.end.Before(to)
	})
	return sum
}

// Works tells whether a moment is working time.
func (k *Clock) Works(t time.Time) bool {
	day, since := wall(t, k.stretchAt(t).offset)
	for _, h := range k.hours(day) {
		if since >= time.Duration(h.Start)*time.Minute && since < time.Duration(h.End)*time.Minute {
			return true
		}
	}
	return false
}
