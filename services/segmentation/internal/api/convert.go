package api

import (
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"
)

// timeToProto converts a time that may be missing.
func timeToProto(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}
