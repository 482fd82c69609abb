package sheet

import "time"

// layouts are the forms of times: with a zone, and without.
var (
	zonedLayouts = []string{time.RFC3339Nano, "2006-01-02 15:04:05Z07:00", "2006-01-02T15:04Z07:00", "2006-01-02 15:04Z07:00"}                                                //nolint:gochecknoglobals // a table
	localLayouts = []string{"2006-01-02", "20060102", "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02T15:04:05", "2006-01-02T15:04", "02.01.2006", "02.01.2006 15:04"} //nolint:gochecknoglobals // a table
)

// ParseTime reads a time in one of the forms that tables have, and tells whether it is one. Without a zone it is of the zone given; nil is none, so that it is no time
// then.
func ParseTime(text string, zone *time.Location) (time.Time, bool) {
	for _, layout := range zonedLayouts {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), true
		}
	}
	if zone == nil {
		return time.Time{}, false
	}
	for _, layout := range localLayouts {
		if t, err := time.ParseInLocation(layout, text, zone); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}
