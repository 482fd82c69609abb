package testimonial_test

import (
	"errors"
	"testing"
	"time"

	"github.com/otklik/otklik/services/comment/internal/testimonial"
)

func TestQuote(t *testing.T) {
	t.Parallel()
	const comment = "Очень вежливые кассиры. Парковка маленькая, но выбор отличный!"
	for text, want := range map[string]string{
		"":   comment,
		"  ": comment,
		"Очень вежливые кассиры":    "Очень вежливые кассиры",
		"вежливые … выбор отличный": "вежливые … выбор отличный",
		"…выбор отличный!":          "…выбор отличный!",
	} {
		if got, err := testimonial.Quote(comment, text); err != nil || got != want {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
	for _, text := range []string{"Очень вежливые кассиры и парковка", "выбор отличный … вежливые", "…", "вежливые вежливые"} {
		if got, err := testimonial.Quote(comment, text); !errors.Is(err, testimonial.ErrText) {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
}

func TestStates(t *testing.T) {
	t.Parallel()
	now := time.Now()
	shown := testimonial.Testimonial{State: testimonial.Draft, Uses: []testimonial.Use{testimonial.Advantage}}
	if err := shown.Publish("c1", now); err != nil || shown.State != testimonial.Published || shown.Consent != "c1" || !shown.PublishTime.Equal(now) {
		t.Errorf("published: %+v, %v", shown, err)
	}
	if err := shown.Publish("c2", now.Add(time.Hour)); err != nil || shown.Consent != "c1" {
		t.Errorf("published again: %+v, %v", shown, err)
	}
	shown.Withdraw(now.Add(time.Minute))
	if err := shown.Publish("c1", now); !errors.Is(err, testimonial.ErrState) || shown.State != testimonial.Withdrawn {
		t.Errorf("published after it was taken back: %+v, %v", shown, err)
	}
	inside := testimonial.Testimonial{State: testimonial.Draft, Uses: []testimonial.Use{testimonial.Thanks}}
	if err := inside.Publish("", now); err != nil || inside.NeedsConsent() || inside.Consent != "" {
		t.Errorf("thanks: %+v, %v", inside, err)
	}
}

// A part of a word can say the contrary of it.
func TestQuotesAreOfWholeWords(t *testing.T) {
	t.Parallel()
	const comment = "Недовольна очередью, но довольна кассиром. 👍 Ok"
	for text, want := range map[string]bool{
		"довольна кассиром": true, "довольна": true, "довольна очередью": false, "Недовольна": true, "довольна кассир": false, "кассиром. 👍": true, "👍": true, "O": false,
		"очередью … кассиром": true, "кассиром … очередью": false, "…": false,
	} {
		if got, err := testimonial.Quote(comment, text); (err == nil) != want || want && got != text {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
}
