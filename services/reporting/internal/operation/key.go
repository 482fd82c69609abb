package operation

import (
	"crypto/sha256"
	"encoding/base32"
	"slices"
	"strconv"
	"strings"
)

// madePrefix begins the keys that are made here.
const madePrefix = "~"

// madeBytes is how much of a hash tells keys apart.
const madeBytes = 16

// MadeKey is the key of a record that was given none: made of its kind, location, device, employee and start, of sales also of the currency, of emotions of
// subject and emotion, of changes of policies of the policy and the locations, and of presses at a moment of what was pressed. What else a record says is not
// part of it: that is what a correction corrects.
func (r Record) MadeKey() string {
	parts := []string{r.Kind.String(), r.Location, r.Device, r.Employee, strconv.FormatInt(r.Start.UnixMicro(), 10)}
	switch r.Kind {
	case Sales:
		parts = append(parts, r.Currency)
	case Emotion:
		parts = append(parts, strconv.Itoa(int(r.Subject)), r.Emotion)
	case PolicyChange:
		parts = append(parts, strconv.Itoa(int(r.Policy)), strings.Join(slices.Sorted(slices.Values(r.Locations)), "/"))
	case Presses:
		if r.Start.Equal(r.End) {
			for _, n := range []int64{r.Consultations, r.Likes, r.Dislikes, r.Helps} {
				parts = append(parts, strconv.FormatBool(n > 0))
			}
		}
	}
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return madePrefix + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:madeBytes]))
}

// Prepared is a record with its key and the day on which it counts.
func (r Record) Prepared(day Day) Record {
	if r.Key == "" {
		r.Key = r.MadeKey()
	}
	r.Day = day
	return r
}
