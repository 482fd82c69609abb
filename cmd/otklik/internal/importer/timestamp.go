package importer

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// timeLayouts is a set of layouts of package time; the first that fits wins.
type timeLayouts struct {
	layouts []string
	// unix is the number of units in a second when the format is a count since 1970, otherwise 0.
	unix int64
	// iso tells that the format is the default one, in which a blank may stand for the T.
	iso bool
}

// isoLayouts are the forms of ISO 8601 that are accepted without a format. One-digit months, days and hours are accepted too, and so are
// fractions of a second.
var isoLayouts = []string{
	"2006-1-2", "2006-1-2T15:04", "2006-1-2T15:04:05",
	"2006-1-2T15:04Z07:00", "2006-1-2T15:04:05Z07:00",
	"2006-1-2T15:04Z0700", "2006-1-2T15:04:05Z0700",
}

// clockLayouts are the times of day that are accepted without a format.
var clockLayouts = []string{"15:04", "15:04:05", "3:04 PM", "3:04:05 PM", "3:04PM"}

// directives are the parts of a time format, in the notation of strftime, with what package time calls them. Those for numbers accept a
// missing leading zero.
var directives = map[byte]string{
	'Y': "2006", 'y': "06", 'm': "1", 'b': "Jan", 'B': "January", 'd': "2", 'e': "2",
	'H': "15", 'I': "3", 'M': "04", 'S': "05", 'p': "PM", 'z': "Z0700",
}

// parseTimeFormat reads a format in the notation of strftime (%Y-%m-%d %H:%M), or `unix` or `unix_ms` for seconds and milliseconds since 1970.
// Empty means ISO 8601.
func parseTimeFormat(format string) (timeLayouts, error) {
	switch format {
	case "":
		return timeLayouts{layouts: isoLayouts, iso: true}, nil
	case "unix":
		return timeLayouts{unix: 1}, nil
	case "unix_ms":
		return timeLayouts{unix: 1000}, nil
	}
	layout, err := strftime(format)
	if err != nil {
		return timeLayouts{}, err
	}
	return timeLayouts{layouts: []string{layout}}, nil
}

// parseClockFormat reads the format of a time of day. Empty means 14:05, 14:05:09 or 2:05 PM.
func parseClockFormat(format string) (timeLayouts, error) {
	if format == "" {
		return timeLayouts{layouts: clockLayouts}, nil
	}
	layout, err := strftime(format)
	if err != nil {
		return timeLayouts{}, err
	}
	return timeLayouts{layouts: []string{layout}}, nil
}

func strftime(format string) (string, error) {
	var out strings.Builder
	found := false
	for i := 0; i < len(format); i++ {
		c := format[i]
		if c != '%' {
			// Letters, digits and underscores could mean something to package time.
			if c < 0x80 && c != 'T' && c != 'Z' && (c == '_' || unicode.IsLetter(rune(c)) || unicode.IsDigit(rune(c))) {
				return "", fmt.Errorf("%q cannot stand in a time format outside of a directive such as %%Y", c)
			}
			out.WriteByte(c)
			continue
		}
		i++
		if i < len(format) && format[i] == '-' {
			i++
		}
		if i == len(format) {
			return "", errors.New("the time format ends in the middle of a directive")
		}
		layout, ok := directives[format[i]]
		if !ok {
			return "", fmt.Errorf("the directive %%%c is not known; there are %%Y %%y %%m %%b %%B %%d %%H %%I %%M %%S %%p %%z", format[i])
		}
		found = true
		out.WriteString(layout)
	}
	if !found {
		return "", errors.New("the time format has no directive such as %Y")
	}
	return out.String(), nil
}

// parse reads a time. Without an offset in the text it is local to zone. dateOnly tells that the text held no time of day.
func (l timeLayouts) parse(text string, zone *time.Location) (t time.Time, dateOnly, ok bool) {
	if l.unix > 0 {
		v, err := strconv.ParseInt(text, 10, 64)
		if err != nil || v < 0 || v > 253402300799*l.unix {
			return time.Time{}, false, false
		}
		return time.UnixMilli(v * (1000 / l.unix)), false, true
	}
	if l.iso {
		if i := strings.IndexByte(text, ' '); i > 0 {
			text = text[:i] + "T" + text[i+1:]
		}
	}
	for _, layout := range l.layouts {
		if t, err := time.ParseInLocation(layout, text, zone); err == nil {
			return t, !strings.Contains(layout, "15") && !strings.Contains(layout, "3"), true
		}
	}
	return time.Time{}, false, false
}

// parseClock reads a time of day as the duration since midnight.
func (l timeLayouts) parseClock(text string) (time.Duration, bool) {
	for _, layout := range l.layouts {
		if t, err := time.Parse(layout, text); err == nil {
			return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute + time.Duration(t.Second())*time.Second, true
		}
	}
	return 0, false
}

// onDay puts a time of day on the local day of t. Clock changes move times that do not exist on that day by the change.
func onDay(t time.Time, clock time.Duration, zone *time.Location) time.Time {
	t = t.In(zone)
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, int(clock/time.Second), 0, zone)
}
