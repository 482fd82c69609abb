package evaluation

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		task        Task
		text, label string
		want        Case
	}{
		"sentiment":       {Sentiment, "fine", "positive", Case{Text: "fine", Labels: []Label{{Class: "positive"}}}},
		"capitals":        {Sentiment, "fine", " Positive ", Case{Text: "fine", Labels: []Label{{Class: "positive"}}}},
		"language":        {Language, "salam", "ky_lat", Case{Text: "salam", Labels: []Label{{Class: "ky_lat"}}}},
		"coarse language": {Language, "hallo", "other", Case{Text: "hallo", Labels: []Label{{Class: "other"}}}},
		"mix":             {Mix, "a", "single", Case{Text: "a", Labels: []Label{{Class: "single"}}}},
		"no aspects":      {Aspects, "a", "-", Case{Text: "a"}},
		"aspects": {Aspects, "a", "price:negative| staff:Positive |price:negative|own_1:mixed", Case{Text: "a", Labels: []Label{
			{Class: "price", Sentiment: "negative"}, {Class: "staff", Sentiment: "positive"}, {Class: "own_1", Sentiment: "mixed"},
		}}},
		"nothing personal": {PII, "a [[b]] c", "en", Case{Text: "a [[b]] c"}},
		"personal": {PII, "Я [[NAME|Олжо]], [[PHONE|555 12]][[EMAIL|a@b.c]]", "ru", Case{Text: "Я Олжо, 555 12a@b.c", Labels: []Label{
			{Class: "NAME", Start: 3, End: 11}, {Class: "PHONE", Start: 13, End: 19}, {Class: "EMAIL", Start: 19, End: 24},
		}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := Parse(c.task, c.text, c.label)
			if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
				t.Errorf("%v\n%s", err, diff)
			}
		})
	}
}

func TestParseNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		task        Task
		text, label string
		column      int
		says        string
	}{
		{Sentiment, "a", "good", 2, `"good" is none of positive, negative, neutral, mixed`},
		{Sentiment, "positive", "the shop is good", 2, "what stands there"},
		{Sentiment, "a", "", 2, `"" is none`},
		{Language, "a", "kz", 2, "ky_lat"},
		{Mix, "a", "double", 2, "single"},
		{Aspects, "a", "", 2, "write - for"},
		{Aspects, "a", "price", 2, "ASPECT:SENTIMENT"},
		{Aspects, "a", "price:bad", 2, `"bad"`},
		{Aspects, "a", "price:negative|", 2, "ASPECT:SENTIMENT"},
		{Aspects, "a", "Цена:negative", 2, "identifier"},
		{PII, "a", "", 1, "language"},
		{PII, "[[TEL|1]]", "ru", 2, `"TEL"`},
		{PII, "[[PHONE|1", "ru", 2, "no end"},
		{PII, "[[PHONE|]]", "ru", 2, "empty"},
		{Mix, strings.Repeat("a", MaxText+1), "mixed", 1, "100001 bytes"},
		{0, "a", "b", 0, "no such task"},
	} {
		_, err := Parse(c.task, c.text, c.label)
		var format *FormatError
		if !errors.As(err, &format) || format.Column != c.column || !strings.Contains(format.Description, c.says) {
			t.Errorf("%v %.20q %q: %v, want column %d, %q", c.task, c.text, c.label, err, c.column, c.says)
		}
	}
}

func TestTasksHaveNames(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"sentiment", "language", "aspects", "mix", "pii"} {
		task, err := TaskNamed(name)
		if err != nil || task.String() != name {
			t.Errorf("%s: %v, %v", name, task, err)
		}
	}
	for _, name := range []string{"", "Sentiment", "topics"} {
		if _, err := TaskNamed(name); err == nil {
			t.Errorf("there is a task %q", name)
		}
	}
	if Task(0).String() != "" || Task(99).String() != "" {
		t.Error("no task has a name")
	}
}

func FuzzParse(f *testing.F) {
	f.Add(uint8(PII), "[[PHONE|1]] [[", "ru")
	f.Add(uint8(Aspects), "a", "price:negative|-|x:")
	f.Fuzz(func(t *testing.T, task uint8, text, label string) {
		c, err := Parse(Task(task), text, label)
		if err != nil {
			return
		}
		for _, l := range c.Labels {
			if l.Start < 0 || l.Start > l.End || int(l.End) > len(c.Text) {
				t.Errorf("%v lies outside of %q", l, c.Text)
			}
		}
	})
}
