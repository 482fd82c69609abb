package sample

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// seed makes every sample the same.
const seed = 20260217

// days is how far the sample goes back.
const days = 60

// store is one place of the chain. Effects are in standard deviations of an answer.
type store struct {
	id, region string
	// share of all visits, effect on satisfaction, change of that over the whole period, share of Kyrgyz speakers.
	share, effect, drift, kyrgyz float64
}

// stores differ: the flagship is best, and one has been getting worse since it lost a till.
var stores = []store{
	{"bishkek-center", "bishkek", 0.28, 0.25, 0, 0.25},
	{"bishkek-south", "bishkek", 0.22, 0.10, 0, 0.20},
	{"bishkek-west", "bishkek", 0.16, -0.25, 0.15, 0.30},
	{"osh", "osh", 0.16, 0.05, 0, 0.60},
	{"karakol", "issyk-kul", 0.10, 0.15, -1.0, 0.40},
	{"jalal-abad", "jalal-abad", 0.08, -0.10, 0, 0.65},
}

// way is how a visit went: where in the journey and through what medium it is asked about.
type way struct {
	touchpoint, channel string
	share, effect       float64
	// drift is the change over the whole period: deliveries have been getting better.
	drift float64
	// invited tells that the question came with an invitation, which can be refused.
	invited bool
	// refusal is the way in which people do not answer.
	refusal surveyv1.Refusal_Kind
	// complaint is the usual complaint.
	complaint string
}

var ways = []way{
	{"checkout", "kiosk", 0.34, 0.10, 0, false, surveyv1.Refusal_KIND_REFUSED, queues},
	{"checkout", "sms", 0.20, 0.05, 0, true, surveyv1.Refusal_KIND_TIMED_OUT, queues},
	{"self_checkout", "kiosk", 0.14, -0.05, 0.1, false, surveyv1.Refusal_KIND_REFUSED, queues},
	{"delivery", "app", 0.24, -0.75, 1.3, true, surveyv1.Refusal_KIND_DISMISSED, onTime},
	{"delivery", "sms", 0.08, -0.85, 1.2, true, surveyv1.Refusal_KIND_TIMED_OUT, onTime},
}

// generate makes the responses and the refusals of the days before end, each in the order of time.
func generate(end time.Time) ([]*surveyv1.SubmitResponseRequest, []*surveyv1.RecordRefusalRequest) {
	end = end.UTC().Truncate(time.Second)
	g := &generator{r: rand.New(rand.NewPCG(seed, seed)), end: end} //nolint:gosec // The same sample each time.
	visits := g.visits(Responses)
	responses := make([]*surveyv1.SubmitResponseRequest, Responses)
	for i, v := range visits {
		responses[i] = &surveyv1.SubmitResponseRequest{Parent: Survey, ResponseId: fmt.Sprintf("sample-%04d", i), Response: g.response(i, v)}
	}
	refusals := make([]*surveyv1.RecordRefusalRequest, Refusals)
	for i, v := range g.visits(Refusals) {
		refusals[i] = &surveyv1.RecordRefusalRequest{Parent: Survey, RefusalId: refusalID(i), Refusal: g.refusal(i, v)}
	}
	return responses, refusals
}

func refusalID(i int) string { return fmt.Sprintf("sample-refusal-%04d", i) }

type generator struct {
	r   *rand.Rand
	end time.Time
}

// visit is one customer at one time.
type visit struct {
	at    time.Time
	store store
	way   way
	// age is how much of the period had passed, from 0 to 1.
	age      float64
	language string
}

// hourShares are the shares of the hours of a day in Bishkek, 0 to 23.
var hourShares = []float64{0, 0, 0, 0, 0, 0, 0, 0, 1, 3, 4, 5, 6, 6, 5, 4, 5, 7, 9, 9, 7, 4, 1, 0}

// bishkek is the offset of local time; the country has no summer time.
const bishkek = 6 * time.Hour

// visits makes n visits in the order of time.
func (g *generator) visits(n int) []visit {
	out := make([]visit, n)
	for i := range out {
		var v visit
		for {
			v.at = g.moment()
			if !v.at.After(g.end) && v.at.After(g.end.Add(-days*24*time.Hour)) {
				break
			}
		}
		v.store = stores[g.pick(len(stores), func(i int) float64 { return stores[i].share })]
		v.way = ways[g.pick(len(ways), func(i int) float64 { return ways[i].share })]
		v.age = 1 - g.end.Sub(v.at).Hours()/(days*24)
		switch u := g.r.Float64(); {
		case u < v.store.kyrgyz:
			v.language = "ky"
		case u < v.store.kyrgyz+0.07:
			v.language = "en"
		default:
			v.language = "ru"
		}
		out[i] = v
	}
	slices.SortStableFunc(out, func(a, b visit) int { return cmp.Compare(a.at.UnixNano(), b.at.UnixNano()) })
	return out
}

// moment is a time in the period, more often on weekends and in the evening.
func (g *generator) moment() time.Time {
	for {
		day := g.end.Add(bishkek).Truncate(24*time.Hour).AddDate(0, 0, -g.r.IntN(days+1))
		if weekend := day.Weekday() == time.Saturday || day.Weekday() == time.Sunday; !weekend && g.r.Float64() < 0.25 {
			continue
		}
		hour := g.pick(len(hourShares), func(i int) float64 { return hourShares[i] })
		return day.Add(-bishkek + time.Duration(hour)*time.Hour + time.Duration(g.r.IntN(3600))*time.Second)
	}
}

// pick draws an index by shares.
func (g *generator) pick(n int, share func(int) float64) int {
	total := 0.0
	for i := range n {
		total += share(i)
	}
	u := g.r.Float64() * total
	for i := range n {
		if u -= share(i); u < 0 {
			return i
		}
	}
	return n - 1
}

// score is a value of a scale from low to high around the mean.
func (g *generator) score(mean, deviation, low, high float64) float64 {
	return math.Min(high, math.Max(low, math.Round(mean+deviation*g.r.NormFloat64())))
}

func (g *generator) response(i int, v visit) *surveyv1.Response {
	// The mood of this customer, in standard deviations; everything answered follows it.
	mood := v.store.effect + v.store.drift*v.age*v.age + v.way.effect + v.way.drift*v.age + 0.8*g.r.NormFloat64()
	recommended := g.score(8.3+1.7*mood, 0.8, 0, 10)
	out := &surveyv1.Response{AnswerTime: timestamppb.New(v.at), Language: v.language, Context: g.context(v)}
	if g.r.Float64() < 0.6 {
		out.Respondent = fmt.Sprintf("card-%05d", g.r.IntN(1600))
	}
	if v.way.invited {
		out.Invitation = fmt.Sprintf("sample-invitation-%04d", i)
	}
	add := func(question string, probability, value float64) {
		if g.r.Float64() < probability {
			out.Answers = append(out.Answers, &surveyv1.Answer{Question: question, Value: &surveyv1.Answer_Score{Score: value}})
		}
	}
	add(recommend, 1, recommended)
	out.Answers[0].Comment = g.comment(v, recommended)
	add(satisfaction, 0.92, g.score(4.1+0.75*mood, 0.45, 1, 5))
	add(ease, 0.85, g.score(4.2+0.6*mood+0.3*v.way.effect, 0.6, 1, 5))
	add(freshness, 0.70, g.score(7.9+0.9*v.store.effect+0.7*mood, 1.3, 1, 10))
	if g.r.Float64() < 0.55 {
		out.Answers = append(out.Answers, &surveyv1.Answer{
			Question: improve, Value: &surveyv1.Answer_Choice{Choice: &surveyv1.ChoiceAnswer{Options: g.improvements(v, recommended)}},
		})
	}
	if g.r.Float64() < 0.12 {
		ideas := phrasesIn[v.language].ideas
		out.Answers = append(out.Answers, &surveyv1.Answer{Question: idea, Value: &surveyv1.Answer_FreeText{FreeText: ideas[g.r.IntN(len(ideas))]}})
	}
	return out
}

func (g *generator) context(v visit) *typev1.Context {
	basket := "small"
	if g.r.Float64() < 0.4 {
		basket = "large"
	}
	return &typev1.Context{
		Touchpoint: v.way.touchpoint, Channel: v.way.channel, Location: v.store.id, Region: v.store.region,
		Attributes: map[string]string{"basket": basket},
	}
}

// topics are the complaints that anybody may have.
var topics = []string{queues, prices, fresh, assortment, onTime, staff}

// topic is what a customer complains about: mostly what goes wrong there.
func (g *generator) topic(v visit) string {
	if g.r.Float64() < 0.5 {
		return v.way.complaint
	}
	for {
		// Nobody complains about deliveries at the till, nor about queues at the door.
		if t := topics[g.r.IntN(len(topics))]; (t != onTime || v.way.touchpoint == "delivery") && (t != queues || v.way.touchpoint != "delivery") {
			return t
		}
	}
}

// comment is what the customer writes, or nothing: the discontented write more.
func (g *generator) comment(v visit, recommended float64) string {
	p := phrasesIn[v.language]
	pickFrom := func(list []string) string { return list[g.r.IntN(len(list))] }
	u := g.r.Float64()
	switch {
	case recommended >= 9 && u < 0.30:
		return pickFrom(p.praise)
	case recommended >= 9:
		return ""
	case recommended >= 7 && u < 0.12:
		return pickFrom(p.neutral)
	case recommended >= 7 && u < 0.22:
		return pickFrom(p.complaints[g.topic(v)])
	case recommended >= 7:
		return ""
	case u < 0.55:
		return pickFrom(p.complaints[g.topic(v)])
	case u < 0.68:
		first := g.topic(v)
		second := g.topic(v)
		if first == second {
			return pickFrom(p.complaints[first])
		}
		return pickFrom(p.complaints[first]) + " " + pickFrom(p.complaints[second])
	case u < 0.72:
		return pickFrom(p.neutral)
	}
	return ""
}

// improvements are the options chosen: one to three, or that nothing is wrong.
func (g *generator) improvements(v visit, recommended float64) []string {
	if recommended >= 9 && g.r.Float64() < 0.6 {
		return []string{nothing}
	}
	out := []string{g.topic(v)}
	for range 2 {
		if t := g.topic(v); g.r.Float64() < 0.35 && !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out
}

func (g *generator) refusal(i int, v visit) *surveyv1.Refusal {
	out := &surveyv1.Refusal{Kind: v.way.refusal, RefuseTime: timestamppb.New(v.at), Language: v.language, Context: g.context(v)}
	if v.way.invited {
		out.Invitation = fmt.Sprintf("sample-invitation-r%04d", i)
	}
	return out
}
