package command

import (
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/cmd/otklik/internal/exit"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// parsePeriod reads the bounds of a period; nil when both are open.
func parsePeriod(from, to, zoneName string) (*typev1.Period, error) {
	zone, err := parseZone(zoneName)
	if err != nil && (from != "" || to != "") {
		return nil, err
	}
	return parsePeriodIn("", from, to, zone)
}

// parsePeriodIn reads the bounds that flags with a prefix give.
func parsePeriodIn(prefix, from, to string, zone *time.Location) (*typev1.Period, error) {
	if from == "" && to == "" {
		return nil, nil
	}
	start, err := parseBound(prefix+"from", from, zone)
	if err != nil {
		return nil, err
	}
	end, err := parseBound(prefix+"to", to, zone)
	if err != nil {
		return nil, err
	}
	if start != nil && end != nil && !start.AsTime().Before(end.AsTime()) {
		return nil, exit.Usagef("--%[1]sfrom must be before --%[1]sto", prefix)
	}
	return &typev1.Period{StartTime: start, EndTime: end}, nil
}

// boundLayouts are the forms of --from and --to.
var boundLayouts = []string{"2006", "2006-01", "2006-01-02", "2006-01-02T15:04", "2006-01-02T15:04:05", "2006-01-02T15:04Z07:00", time.RFC3339}

func parseBound(flag, text string, zone *time.Location) (*timestamppb.Timestamp, error) {
	if text == "" {
		return nil, nil
	}
	for _, layout := range boundLayouts {
		if t, err := time.ParseInLocation(layout, strings.Replace(text, " ", "T", 1), zone); err == nil {
			return timestamppb.New(t), nil
		}
	}
	return nil, exit.Usagef("--%s: %q is not a time such as 2026-03-15 or 2026-03-15T09:30+06:00", flag, text)
}
