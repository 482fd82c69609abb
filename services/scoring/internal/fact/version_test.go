package fact_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

// The same records as earlier versions have written them: before there were regions, companies and employees, and before there were attributes
// and options.
const (
	head     = "\x01r\x04shop\x03\x01\x80\x80\xe4\xca\xf6\xb2\xb6\xaf1\x80\xa8\xd6\xb9\a\x01i\x01p\x00\x00\x00\x00\x00\x00\xf8?"
	context1 = "\x04till\x03app\x05north\x02ky"
	context2 = context1 + "\x04chuy\x04acme\x04aida"
	answers  = "\x02\x03nps\x01\x05\x00\xd0\x0f\xc8\x01\x88\x0e\x03why\b\x00"

	refusalHead = "\x02no\x04shop\x01\x03\x80\x80\xe4\xca\xf6\xb2\xb6\xaf1\x80\xa8\xd6\xb9\a\x01i"

	fact1    = "\x01" + head + context1 + answers
	fact2    = "\x02" + head + context2 + answers
	refusal1 = "\x01" + refusalHead + context1
	refusal2 = "\x02" + refusalHead + context2
)

// TestEarlierVersionsAreReadable reads records that earlier versions have written.
func TestEarlierVersionsAreReadable(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 5, 14, 12, 0, 0, 0, time.UTC)
	first := fact.Context{Touchpoint: "till", Channel: "app", Location: "north", Language: "ky"}
	second := first
	second.Region, second.Company, second.Employee = "chuy", "acme", "aida"
	for name, c := range map[string]struct {
		fact, refusal string
		context       fact.Context
	}{"1": {fact1, refusal1, first}, "2": {fact2, refusal2, second}} {
		f := &fact.Fact{
			ID: "r", Survey: "shop", Revision: 3, Population: fact.Customer, CountTime: at, ReceiveTime: at.Add(time.Second), Invitation: "i",
			Respondent: "p", Weight: 1.5, Context: c.context, Answers: []fact.Answer{
				{Question: "nps", Kind: question.NPS, Scale: question.Scale0To10, Present: true, Value: 900}, {Question: "why", Kind: question.Text},
			},
		}
		if got, err := fact.Decode([]byte(c.fact)); err != nil || !reflect.DeepEqual(got, f) {
			t.Errorf("version %s: fact %+v, %v, want %+v", name, got, err, f)
		}
		r := &fact.Refusal{
			ID: "no", Survey: "shop", Population: fact.Customer, Kind: fact.TimedOut, CountTime: at, ReceiveTime: at.Add(time.Second), Invitation: "i",
			Context: c.context,
		}
		if got, err := fact.DecodeRefusal([]byte(c.refusal)); err != nil || !reflect.DeepEqual(got, r) {
			t.Errorf("version %s: refusal %+v, %v, want %+v", name, got, err, r)
		}
	}
}

// TestEarlierVersionsHaveNoLaterFields refuses fields that their version does not know.
func TestEarlierVersionsHaveNoLaterFields(t *testing.T) {
	t.Parallel()
	const choice = "\x01\x03why\a\x08\x01\x01a"
	if f, err := fact.Decode([]byte("\x03" + head + "\x00" + context2 + "\x00" + choice)); err != nil || len(f.Answers[0].Options) != 1 {
		t.Fatalf("%+v, %v", f, err)
	}
	for _, bad := range []string{
		"\x02" + head + context2 + choice, "\x02" + head + "\x00" + context2 + "\x00" + choice, "\x03" + head + "\x02" + context2 + "\x00" + choice,
		"\x04" + head + "\x00" + context2 + "\x00" + choice,
	} {
		if f, err := fact.Decode([]byte(bad)); err == nil {
			t.Errorf("%q decodes to %+v", bad, f)
		}
	}
}

// TestEnrichmentsOfEarlierVersions reads what was found out before there were segments and cases, by itself and in a fact, and writes the same: programs that
// know no more read what says no more.
func TestEnrichmentsOfEarlierVersions(t *testing.T) {
	t.Parallel()
	const body = "\x01\x01\x05price\x01"
	want := fact.Enrichment{Sentiment: fact.Negative, Themes: []fact.Theme{{ID: "price", Polarity: fact.Negative}}}
	got, err := fact.DecodeEnrichment([]byte("\x01" + body))
	if err != nil || !got.Equal(want) {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	if b, err := got.AppendBinary(nil); err != nil || string(b) != "\x01"+body {
		t.Errorf("written as %q, %v", b, err)
	}
	for _, bad := range []string{"\x01" + body + "\x02\x01\x03vip", "\x02" + body, "\x02" + body + "\x00\x00", "\x02" + body + "\x02\x01\x03vip\x00"} {
		if got, err := fact.DecodeEnrichment([]byte(bad)); err == nil {
			t.Errorf("%q decodes to %+v", bad, got)
		}
	}
	written := "\x03" + head + "\x02" + context2 + "\x00" + "\x00" + body
	f, err := fact.Decode([]byte(written))
	if err != nil || !f.Enrichment.Equal(want) {
		t.Fatalf("got %+v, %v, want %+v", f, err, want)
	}
	if b, err := f.AppendBinary(nil); err != nil || string(b) != written {
		t.Errorf("written as %q, %v", b, err)
	}
	f.Enrichment = fact.Enrichment{Segments: []string{"vip"}, Case: fact.NoCase}
	written = "\x03" + head + "\x04" + context2 + "\x00" + "\x00" + "\x01\x01\x03vip"
	if b, err := f.AppendBinary(nil); err != nil || string(b) != written {
		t.Errorf("written as %q, %v", b, err)
	}
	if got, err := fact.Decode([]byte(written)); err != nil || !reflect.DeepEqual(got, f) {
		t.Errorf("got %+v, %v, want %+v", got, err, f)
	}
}
