package testimonial

import (
	"errors"
	"slices"
	"strings"
	"time"
)

// The refusals.
var (
	// ErrText tells that the text is not made of parts of the comment.
	ErrText = errors.New("the text is not made of parts of the comment, in order and unchanged, with … between them")
	// ErrState tells that the state does not allow it.
	ErrState = errors.New("the state does not allow it")
)

// omission stands between parts of a comment.
const omission = "…"

// NeedsConsent tells whether it is shown outside: as an advantage for new customers. Training and thanks stay inside.
func (t Testimonial) NeedsConsent() bool { return slices.Contains(t.Uses, Advantage) }

// Quote checks that a text is the comment, or parts of it in order and unchanged but for the omissions between them, and returns it; the empty text means
// all of the comment. Errors: ErrText.
func Quote(comment, text string) (string, error) {
	if strings.TrimSpace(text) == "" {
		return comment, nil
	}
	rest, parts := comment, 0
	for part := range strings.SplitSeq(text, omission) {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		_, after, found := strings.Cut(rest, part)
		if !found {
			return "", ErrText
		}
		rest, parts = after, parts+1
	}
	if parts == 0 {
		return "", ErrText
	}
	return text, nil
}

// Publish allows it to be shown. Consent is that by which it may be; ignored where none is needed. Errors: ErrState.
func (t *Testimonial) Publish(consent string, now time.Time) error {
	switch t.State {
	case Published:
		return nil
	case Draft:
		t.State, t.PublishTime = Published, now
		if t.NeedsConsent() {
			t.Consent = consent
		}
		return nil
	}
	return ErrState
}

// Withdraw takes it back, for good.
func (t *Testimonial) Withdraw(now time.Time) {
	if t.State != Withdrawn {
		t.State, t.WithdrawTime = Withdrawn, now
	}
}
