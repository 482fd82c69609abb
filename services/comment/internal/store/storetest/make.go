package storetest

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/otklik/otklik/services/comment/internal/store"
)

// Organizations and surveys that comments are made for.
const (
	acme   = "acme"
	globex = "globex"
	visits = "visits"
	calls  = "calls"
)

// noon is when the first comments count.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

var (
	aspectIDs = []string{"price", "quality", "staff", "wait"}
	places    = []string{"", "bishkek", "osh", "talas"}
	words     = []string{"очеред", "касс", "молок", "queue", "кассир", "хлеб"}
)

// Response makes a response at random: of the survey, with up to three comments that count within a day.
func Response(r *rand.Rand, organization, survey, id string, position int64) store.Response {
	response := store.Response{
		Organization: organization, Survey: survey, ID: id, Position: position, Language: pick(r, []string{"ru", "ky", "en"}),
		CountTime: noon.Add(time.Duration(r.IntN(24*60)) * time.Minute),
		Context: store.Context{
			Touchpoint: pick(r, places), Channel: pick(r, []string{"link", "mail"}), Location: pick(r, places), Region: pick(r, places), Company: pick(r, places),
		},
	}
	response.ReceiveTime = response.CountTime.Add(time.Minute)
	if r.IntN(3) > 0 {
		nps := float64(r.IntN(11))
		response.NPS = &nps
	}
	if r.IntN(2) > 0 {
		response.Person = []byte(fmt.Sprintf("person-%09d", r.IntN(5)))
		response.Context.Attributes = map[string]string{"segment": pick(r, places)}
	}
	for i := range 1 + r.IntN(3) {
		response.Comments = append(response.Comments, Comment(r, response, fmt.Sprintf("q%d", i)))
	}
	return response
}

// Comment makes a comment of a response at random.
func Comment(r *rand.Rand, response store.Response, id string) store.Comment {
	first, second := pick(r, words), pick(r, words)
	c := store.Comment{
		Ref:      store.Ref{Organization: response.Organization, Survey: response.Survey, Response: response.ID, ID: id},
		Question: id, CountTime: response.CountTime, Text: first + " и " + second, Terms: first + " и " + second,
		Sealed: []byte{1, byte(r.IntN(256))}, Key: "key", Original: binary.BigEndian.AppendUint64(nil, r.Uint64()), Similar: r.Uint64N(8),
	}
	if r.IntN(2) > 0 {
		score := float64(r.IntN(5))
		c.Score = &score
	}
	c.Analysis = Analysis(r, "one")
	return c
}

// Analysis makes an analysis at random.
func Analysis(r *rand.Rand, model string) store.Analysis {
	a := store.Analysis{
		Model: model, Language: store.Language(1 + r.IntN(4)), Variety: "ky_plain", LanguageProbability: 0.5, MixedLanguages: r.IntN(2) > 0,
		LanguageSpans: []store.LanguageSpan{{Span: store.Span{End: 4}, Variety: "ru"}},
		Sentiment:     store.Sentiment(r.IntN(5)), Probabilities: [4]float32{0.25, 0.25, 0.125, 0.375},
	}
	for _, id := range aspectIDs {
		for range r.IntN(3) - 1 + r.IntN(2) {
			a.Aspects = append(a.Aspects, store.AspectMention{
				Aspect: id, Sentiment: store.Sentiment(1 + r.IntN(4)), Probability: float32(r.IntN(64)) / 64, Evidence: store.Span{Start: 1, End: 3},
			})
		}
	}
	for range r.IntN(4) {
		key := r.Uint64N(6)<<61 + 7
		a.Phrases = append(a.Phrases, store.Phrase{Span: store.Span{Start: 2, End: 5}, Key: key, Text: fmt.Sprintf("phrase %d %d", key>>61, r.IntN(2))})
	}
	if r.IntN(4) == 0 {
		a.Redactions = []store.Redaction{{Span: store.Span{Start: 1, End: 2}, Kind: 3}}
	}
	return a
}

func pick[T any](r *rand.Rand, of []T) T { return of[r.IntN(len(of))] }
