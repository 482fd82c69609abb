package peers

import (
	"slices"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"
)

// tries is how often scores are asked for before they are asked for as of a moment, which takes longer: answers that arrive between two of the questions make
// their answers differ.
const tries = 3

// OneMoment calls read, which tells the watermarks of the answers that it got, until these are of one moment. Where answers keep arriving, or a moment is asked
// for, it reads as of that moment. It returns the moment where it chose one itself, otherwise nil. Errors: read's.
func OneMoment(asked *timestamppb.Timestamp, read func(asOf *timestamppb.Timestamp) (watermarks []time.Time, err error)) (*timestamppb.Timestamp, error) {
	if asked != nil {
		_, err := read(asked)
		return nil, err
	}
	var earliest time.Time
	for range tries {
		watermarks, err := read(nil)
		if err != nil || len(watermarks) == 0 {
			return nil, err
		}
		slices.SortFunc(watermarks, time.Time.Compare)
		if earliest = watermarks[0]; earliest.Equal(watermarks[len(watermarks)-1]) {
			return nil, nil //nolint:nilnil // No moment was chosen.
		}
	}
	// What was accepted in the second of the watermark may still arrive: scoring tells seconds apart.
	asOf := timestamppb.New(earliest.Truncate(time.Second).Add(-time.Second))
	_, err := read(asOf)
	return asOf, err
}
