package metric_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

func choice(options map[string]int64, answered int64) metric.Data {
	return metric.Data{Choice: &metric.Choice{Answered: answered, Options: options}}
}

func TestShareOfAnOption(t *testing.T) {
	q := metric.Question{ID: "why", Kind: question.Choice}
	// Several options may be chosen: 18 of 20 chose price, 15 staff.
	d := choice(map[string]int64{"price": 18, "staff": 15}, 20)
	s := evaluate(t, metric.ShareOption, q, d, metric.Settings{Option: "price"})
	within(t, "share", *s.Estimate, 90, 1e-12)
	within(t, "low", s.Interval.Low, 69.89663547715128, 1e-9)
	within(t, "high", s.Interval.High, 97.2133518786232, 1e-9)
	if s.Option != "price" || *s.Counts.Option != 18 || s.Counts.Answered != 20 || s.N != 20 {
		t.Errorf("score %+v", s)
	}
	if s := evaluate(t, metric.ShareOption, q, d, metric.Settings{Option: "parking"}); *s.Estimate != 0 || s.Interval.High <= 0 {
		t.Errorf("an option that nobody chose: %+v", s)
	}
	if got := metric.Options(q, d); !slices.Equal(got, []string{"price", "staff"}) {
		t.Errorf("options %v", got)
	}

	scored := csat(question.Scale1To5)
	answered := metric.Data{Answers: answers(t, bin{1, 3}, bin{2, 5}, bin{3, 12}, bin{4, 40}, bin{5, 40})}
	s = evaluate(t, metric.ShareOption, scored, answered, metric.Settings{Option: "4.0"})
	within(t, "share of 4", *s.Estimate, 40, 1e-12)
	if s.Option != "4" {
		t.Errorf("option %q", s.Option)
	}
	if got := metric.Options(scored, answered); !slices.Equal(got, []string{"1", "2", "3", "4", "5"}) {
		t.Errorf("options %v", got)
	}
	for _, option := range []string{"", "6", "4.5", "four"} {
		if _, err := metric.Evaluate(metric.ShareOption, scored, answered, metric.Settings{Option: option}); !errors.Is(err, metric.ErrSettings) {
			t.Errorf("%q: got %v, want ErrSettings", option, err)
		}
	}
}

func TestLikeIndex(t *testing.T) {
	q := metric.Question{ID: "button", Kind: question.Choice}
	consultations, visitors := int64(100), int64(400)
	d := choice(map[string]int64{"like": 36, "dislike": 4, "neutral": 10}, 50)
	d.Stated = metric.Stated{Consultations: &consultations, Visitors: &visitors}
	likes := evaluate(t, metric.LikeIndexLikes, q, d, metric.Settings{})
	within(t, "likes over likes and dislikes", *likes.Estimate, 90, 1e-12)
	within(t, "likes over consultations", *evaluate(t, metric.LikeIndexConsultations, q, d, metric.Settings{}).Estimate, 36, 1e-12)
	presses := evaluate(t, metric.LikeIndexPresses, q, d, metric.Settings{})
	within(t, "presses over visitors", *presses.Estimate, 10, 1e-12)
	if likes.N != 40 || *likes.Counts.Positive != 36 || *likes.Counts.Negative != 4 || likes.Counts.Answered != 50 || presses.N != 400 || *presses.Counts.Stated != 400 {
		t.Errorf("likes %+v, presses %+v", likes, presses)
	}
	other := evaluate(t, metric.LikeIndexLikes, q, d, metric.Settings{Positive: "like", Negative: "neutral"})
	within(t, "options as stated", *other.Estimate, 100*36.0/46, 1e-9)

	two := metric.Question{ID: "button", Kind: question.Rating, Scale: question.Scale{Min: 0, Max: 100, Step: 100}}
	within(t, "scale of two values", *evaluate(t, metric.LikeIndexLikes, two, metric.Data{Answers: answers(t, bin{0, 4}, bin{1, 36})}, metric.Settings{}).Estimate, 90, 1e-12)

	few := int64(30)
	for name, c := range map[string]struct {
		variant  metric.Variant
		question metric.Question
		data     metric.Data
		settings metric.Settings
		want     error
	}{
		"not stated":      {metric.LikeIndexConsultations, q, choice(map[string]int64{"like": 1}, 1), metric.Settings{}, metric.ErrCount},
		"too few":         {metric.LikeIndexConsultations, q, metric.Data{Choice: d.Choice, Stated: metric.Stated{Consultations: &few}}, metric.Settings{}, metric.ErrCount},
		"five values":     {metric.LikeIndexLikes, csat(question.Scale1To5), metric.Data{}, metric.Settings{}, metric.ErrMismatch},
		"kind":            {metric.LikeIndexLikes, nps(question.Scale0To10), metric.Data{}, metric.Settings{}, metric.ErrMismatch},
		"one option":      {metric.LikeIndexLikes, q, d, metric.Settings{Positive: "neutral", Negative: "neutral"}, metric.ErrSettings},
		"several at once": {metric.LikeIndexLikes, q, choice(map[string]int64{"like": 8, "dislike": 8}, 10), metric.Settings{}, metric.ErrMismatch},
	} {
		if _, err := metric.Evaluate(c.variant, c.question, c.data, c.settings); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
}

func TestSmileIndex(t *testing.T) {
	q := metric.Question{ID: "face", Kind: question.Choice}
	d := choice(map[string]int64{"smile": 18, "no_smile": 2, "unclear": 5}, 25)
	for _, v := range []metric.Variant{metric.SmileIndexBuyer, metric.SmileIndexSeller} {
		s := evaluate(t, v, q, d, metric.Settings{})
		within(t, string(v), *s.Estimate, 90, 1e-12)
		if s.N != 20 || s.Metric != metric.SmileIndex {
			t.Errorf("%s: %+v", v, s)
		}
	}
}

func TestResponseRateOfAllInvited(t *testing.T) {
	invitations := int64(200)
	d := metric.Data{Outcomes: fact.Outcomes{Responses: 50, Refused: 10, Dismissed: 20}, Stated: metric.Stated{Invitations: &invitations}}
	s := evaluate(t, metric.ResponseRateInvited, metric.Question{}, d, metric.Settings{})
	within(t, "of all invited", *s.Estimate, 25, 1e-12)
	within(t, "of all who reacted", *evaluate(t, metric.ResponseRateOutcomes, metric.Question{}, d, metric.Settings{}).Estimate, 62.5, 1e-12)
	few := int64(49)
	d.Stated.Invitations = &few
	_, err := metric.Evaluate(metric.ResponseRateInvited, metric.Question{}, d, metric.Settings{})
	var count *metric.CountError
	if !errors.As(err, &count) || count.Count != metric.Invitations || *count.Stated != 49 || count.Least != 50 {
		t.Errorf("got %v", err)
	}
}

// TestAliases: eNPS and the loyalty index are NPS of their policy.
func TestAliases(t *testing.T) {
	d := groups(t, 50, 30, 20)
	d.Outcomes = fact.Outcomes{Responses: 100, Refused: 25}
	for alias, of := range map[metric.Variant]metric.Variant{
		metric.ENPSAnswered: metric.NPSAnswered, metric.ENPSContacted: metric.NPSContacted,
		metric.ENPSRefusedAsDetractor: metric.NPSRefusedAsDetractor, metric.LoyaltyIndexContacted: metric.NPSContacted,
	} {
		got, want := evaluate(t, alias, nps(question.Scale0To10), d, metric.Settings{}), evaluate(t, of, nps(question.Scale0To10), d, metric.Settings{})
		if *got.Estimate != *want.Estimate || *got.Interval != *want.Interval || got.N != want.N || *got.Counts.Promoters != 50 {
			t.Errorf("%s is %+v, want %+v", alias, got, want)
		}
	}
	enps, err := metric.Find(metric.ENPS)
	if err != nil || !enps.IsDefinedFor(fact.Employee) || enps.IsDefinedFor(fact.Customer) {
		t.Errorf("eNPS of %s, %v", enps.Population, err)
	}
}

// TestCutsOfACaller: a scale without cut points of its own is scored by those of the caller, which go before those of the question.
func TestCutsOfACaller(t *testing.T) {
	eleven := metric.Question{ID: "ces", Kind: question.CES, Scale: question.Scale0To10}
	d := metric.Data{Answers: answers(t, bin{0, 10}, bin{3, 20}, bin{7, 30}, bin{10, 40})}
	easy, netEasy, difficult := question.Centi(700), question.Centi(900), question.Centi(300)
	cuts := metric.Cuts{EasyFrom: &easy, NetEasyFrom: &netEasy, NetDifficultTo: &difficult}
	within(t, "top box", *evaluate(t, metric.CESTopBox, eleven, d, metric.Settings{Cuts: cuts}).Estimate, 70, 1e-12)
	within(t, "net easy", *evaluate(t, metric.CESNetEasy, eleven, d, metric.Settings{Cuts: cuts}).Estimate, 10, 1e-12)
	eleven.Cuts.EasyFrom = &netEasy
	within(t, "top box of the question", *evaluate(t, metric.CESTopBox, eleven, d, metric.Settings{}).Estimate, 40, 1e-12)
	within(t, "top box of the caller", *evaluate(t, metric.CESTopBox, eleven, d, metric.Settings{Cuts: cuts}).Estimate, 70, 1e-12)
	if *eleven.Cuts.EasyFrom != netEasy {
		t.Error("the question's own cut points changed")
	}
}
