package testimonial

import (
	"errors"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
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
	at, parts := 0, 0
	for part := range strings.SplitSeq(text, omission) {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		end := find(comment, part, at)
		if end < 0 {
			return "", ErrText
		}
		at, parts = end, parts+1
	}
	if parts == 0 {
		return "", ErrText
	}
	return text, nil
}

// find returns where a part ends that stands in a text at a place or after it, -1 where it does not stand there by whole words: a part of a word can say
// the contrary of it.
func find(text, part string, from int) int {
	for from <= len(text) {
		i := strings.Index(text[from:], part)
		if i < 0 {
			return -1
		}
		start, end := from+i, from+i+len(part)
		if boundary(text, start) && boundary(text, end) {
			return end
		}
		_, size := utf8.DecodeRuneInString(text[start:])
		from = start + size
	}
	return -1
}

// boundary tells whether no word stands on both sides of a place.
func boundary(text string, at int) bool {
	before, _ := utf8.DecodeLastRuneInString(text[:at])
	after, _ := utf8.DecodeRuneInString(text[at:])
	return !wordly(before) || !wordly(after)
}

func wordly(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r))
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
