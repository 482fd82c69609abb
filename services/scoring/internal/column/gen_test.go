package column_test

import (
	"fmt"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/services/scoring/internal/column"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

// genRow draws rows with few different values in few buckets, so that rows, groups and respondents coincide. Weights are such that their
// sums are exact.
func genRow(t *rapid.T) column.Row {
	r := column.Row{
		ID: rapid.Uint64Range(0, 40).Draw(t, "id") << 55, Population: fact.Population(rapid.SampledFrom([]int{1, 1, 1, 2}).Draw(t, "population")),
		Outcome: column.Outcome(rapid.SampledFrom([]int{0, 0, 0, 0, 1, 2, 3}).Draw(t, "outcome")),
		Bucket:  calendar.Bucket(rapid.Int32Range(-300, 300).Draw(t, "bucket")), Received: rapid.Int64Range(-300*900, 400*900).Draw(t, "received"),
		Weight: rapid.SampledFrom([]float64{1, 1, 1, 0.5, 0.25, 3}).Draw(t, "weight"), Respondent: rapid.Uint64Range(0, 8).Draw(t, "respondent") << 60,
	}
	if rapid.IntRange(0, 20).Draw(t, "extreme") == 0 {
		r.Bucket = rapid.SampledFrom([]calendar.Bucket{calendar.MinBucket, calendar.MaxBucket, 1 << 20}).Draw(t, "extreme bucket")
		r.Received = rapid.Int64().Draw(t, "extreme receipt")
	}
	for _, name := range []string{"channel", "location", "theme"} {
		most := 1
		if name == "theme" {
			most = 3
		}
		values := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "Ысык-Көл", "d"}), 0, most, rapid.ID).Draw(t, name)
		r.Keys = append(r.Keys, column.Key{Name: name, Values: values})
	}
	if r.Outcome == column.Response {
		r.Answers = genAnswers(t)
	}
	r.Normalise()
	return r
}

func genAnswers(t *rapid.T) []column.Answer {
	var answers []column.Answer
	for _, id := range []string{"csat", "nps", "weight"} {
		if rapid.IntRange(0, 3).Draw(t, id) == 0 {
			continue
		}
		a := column.Answer{Question: id, Kind: rapid.SampledFrom([]question.Kind{question.Rating, question.CES, question.Importance}).Draw(t, "kind")}
		a.Direction = question.Direction(rapid.IntRange(0, 1).Draw(t, "direction"))
		scale := rapid.SampledFrom([]question.Scale{question.Scale1To5, question.Scale0To10, {Min: 0, Max: 100, Step: 50}}).Draw(t, "scale")
		a.Scale = scale.ID()
		a.Value = scale.Min + scale.Step*question.Centi(rapid.IntRange(0, int(scale.Width()/scale.Step)).Draw(t, "value"))
		answers = append(answers, a)
	}
	if rapid.Bool().Draw(t, "chose") {
		options := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"x", "y", "z"}), 1, 3, rapid.ID).Draw(t, "options")
		answers = append(answers, column.Answer{Question: "why", Kind: question.Choice, Options: options})
	}
	return answers
}

func genChanges(t *rapid.T) []column.Change {
	pool := rapid.SliceOfN(rapid.Custom(genRow), 1, 8).Draw(t, "pool")
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) column.Change {
		return column.Change{Row: rapid.SampledFrom(pool).Draw(t, "row"), Count: rapid.SampledFrom([]int{-2, -1, 1, 1, 1}).Draw(t, "count")}
	}), 0, 20).Draw(t, "changes")
}

// negative takes back what changes do.
func negative(changes []column.Change) []column.Change {
	var out []column.Change
	for _, c := range changes {
		out = append(out, column.Change{Row: c.Row, Count: -c.Count})
	}
	return out
}

// total is what changes add up to, by the rows' printed form.
func total(changes []column.Change) map[string]int {
	m := make(map[string]int)
	for _, c := range changes {
		key := fmt.Sprintf("%+v", c.Row)
		if m[key] += c.Count; m[key] == 0 {
			delete(m, key)
		}
	}
	return m
}
