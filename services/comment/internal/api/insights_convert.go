package api

import (
	"cmp"
	"slices"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/libs/stat"
	"github.com/otklik/otklik/services/comment/internal/store"
	"github.com/otklik/otklik/services/comment/internal/theme"

	commentv1 "github.com/otklik/otklik/proto/gen/go/otklik/comment/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// How intervals are made.
const (
	wilson     = "WILSON"
	welch      = "WELCH_T"
	normalized = "NORMAL"
)

// Places of the sentiments in the arrays of the store.
const (
	negative = store.Negative - 1
	neutral  = store.Neutral - 1
	positive = store.Positive - 1
	mixed    = store.Mixed - 1
)

func themeToProto(i theme.Insight, level float64) *commentv1.ThemeInsight {
	out := &commentv1.ThemeInsight{
		Aspect: aspectsCollection + i.Aspect, Group: i.Group, CommentCount: i.Comments, ResponseCount: i.All, Share: i.Share,
		ShareInterval: intervalToProto(i.ShareInterval, level, wilson), PositiveCount: i.Responses[positive], NegativeCount: i.Responses[negative],
		MixedCount: i.Responses[mixed], NeutralCount: i.Responses[neutral], PositiveShare: i.Positive, Kind: commentv1.ThemeInsight_Kind(i.Kind), QValue: i.Q,
		NpsDifference: i.Difference, NpsAtStake: i.AtStake,
	}
	if i.Positive != nil {
		out.PositiveShareInterval = intervalToProto(i.PositiveInterval, level, wilson)
	}
	if i.DifferenceInterval != nil {
		out.NpsDifferenceInterval = intervalToProto(*i.DifferenceInterval, level, welch)
	}
	return out
}

// aspectEvidence is a comment with the mention of an aspect; sentiment 0 takes any.
func aspectEvidence(c store.Comment, aspect string, sentiment store.Sentiment) *commentv1.Evidence {
	out := &commentv1.Evidence{Comment: commentName(c.Ref), Text: c.Text, Sentiment: commentv1.Sentiment(sentiment)}
	for _, m := range c.Effective().Aspects {
		if m.Aspect == aspect && (sentiment == 0 || m.Sentiment == sentiment) {
			out.Sentiment = commentv1.Sentiment(m.Sentiment)
			if m.Evidence != (store.Span{}) {
				out.Span = spanToProto(m.Evidence)
			}
			return out
		}
	}
	return out
}

// phraseEvidence is a comment with the place of a phrase.
func phraseEvidence(c store.Comment, key uint64) *commentv1.Evidence {
	a := c.Effective()
	out := &commentv1.Evidence{Comment: commentName(c.Ref), Text: c.Text, Sentiment: commentv1.Sentiment(a.Sentiment)}
	for _, p := range a.Phrases {
		if p.Key == key {
			out.Span = spanToProto(p.Span)
			break
		}
	}
	return out
}

func phraseToProto(p store.PhraseCount, total store.Total, level float64) (*commentv1.KeyPhraseInsight, error) {
	out := &commentv1.KeyPhraseInsight{Phrase: p.Text, PositiveCount: p.Responses[positive], NegativeCount: p.Responses[negative]}
	for _, n := range p.Responses {
		out.ResponseCount += n
	}
	share := stat.Proportion{Hits: float64(out.ResponseCount), N: float64(total.Responses)}
	interval, err := share.Wilson(level)
	out.Share, out.ShareInterval = share.Estimate(), intervalToProto(interval, level, wilson)
	return out, err
}

func emergingToProto(e theme.Emerging) *commentv1.EmergingTheme {
	out := &commentv1.EmergingTheme{
		Direction: commentv1.EmergingTheme_DIRECTION_EMERGING, RecentCount: e.Recent, RecentTotal: e.RecentTotal, BaselineCount: e.Baseline,
		BaselineTotal: e.BaselineTotal, LogOddsRatio: e.LogOdds, LogOddsInterval: intervalToProto(e.Interval, defaultLevel, normalized), PValue: e.P, QValue: e.Q,
	}
	if e.LogOdds < 0 {
		out.Direction = commentv1.EmergingTheme_DIRECTION_FALLING
	}
	if e.Aspect != "" {
		out.Theme, out.Sentiment = &commentv1.EmergingTheme_Aspect{Aspect: aspectsCollection + e.Aspect}, commentv1.Sentiment(e.Sentiment)
	} else {
		out.Theme = &commentv1.EmergingTheme_Phrase{Phrase: e.Phrase}
	}
	for _, c := range e.Evidence {
		if e.Aspect != "" {
			out.Evidence = append(out.Evidence, aspectEvidence(c, e.Aspect, e.Sentiment))
		} else {
			out.Evidence = append(out.Evidence, phraseEvidence(c, e.PhraseKey))
		}
	}
	return out
}

// grains are the steps of time by their names in the API.
var grains = map[typev1.TimeGrain]calendar.Grain{
	typev1.TimeGrain_TIME_GRAIN_HOUR: calendar.Hour, typev1.TimeGrain_TIME_GRAIN_DAY: calendar.Day, typev1.TimeGrain_TIME_GRAIN_WEEK: calendar.Week,
	typev1.TimeGrain_TIME_GRAIN_MONTH: calendar.Month, typev1.TimeGrain_TIME_GRAIN_QUARTER: calendar.Quarter, typev1.TimeGrain_TIME_GRAIN_YEAR: calendar.Year,
}

// steps adds up quarters of an hour into the steps of a grain, by group and time.
func steps(counts []store.SentimentCount, grain typev1.TimeGrain, location *time.Location, level float64) ([]*commentv1.SentimentStep, error) {
	type key struct {
		group string
		start int64
	}
	sums := make(map[key]*[4]int64)
	for _, c := range counts {
		k := key{group: c.Group}
		if g, ok := grains[grain]; ok {
			k.start = calendar.StepStart(c.Quarter, g, location).Unix()
		}
		if sums[k] == nil {
			sums[k] = &[4]int64{}
		}
		for i, n := range c.Comments {
			sums[k][i] += n
		}
	}
	var out []*commentv1.SentimentStep
	for k, n := range sums {
		step := &commentv1.SentimentStep{
			Group: k.group, CommentCount: n[0] + n[1] + n[2] + n[3], PositiveCount: n[positive], NegativeCount: n[negative], NeutralCount: n[neutral], MixedCount: n[mixed],
		}
		if _, ok := grains[grain]; ok {
			step.StartTime = timestamppb.New(time.Unix(k.start, 0))
		}
		if err := shares(step, level); err != nil {
			return nil, err
		}
		out = append(out, step)
	}
	slices.SortFunc(out, func(a, b *commentv1.SentimentStep) int {
		return cmp.Or(cmp.Compare(a.GetGroup(), b.GetGroup()), cmp.Compare(a.GetStartTime().GetSeconds(), b.GetStartTime().GetSeconds()))
	})
	return out, nil
}

// shares fills in the shares of a step with their intervals.
func shares(step *commentv1.SentimentStep, level float64) error {
	for _, s := range []struct {
		hits  int64
		share *float64
		in    **typev1.ConfidenceInterval
	}{
		{step.PositiveCount, &step.PositiveShare, &step.PositiveShareInterval}, {step.NegativeCount, &step.NegativeShare, &step.NegativeShareInterval},
	} {
		p := stat.Proportion{Hits: float64(s.hits), N: float64(step.CommentCount)}
		interval, err := p.Wilson(level)
		if err != nil {
			return err
		}
		*s.share, *s.in = p.Estimate(), intervalToProto(interval, level, wilson)
	}
	return nil
}
