package scoring_test

import (
	"database/sql"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
	"pgregory.net/rapid"

	// The driver "sqlite".
	_ "modernc.org/sqlite"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// sqlKeys are the keys of the responses of this test with the columns that hold them.
var sqlKeys = map[string]string{"location": "location", "channel": "channel", "language": "language", "attributes.vip": "vip", "attributes.format": "format"}

// sqlKeyNames are the keys in an order.
var sqlKeyNames = []string{"location", "channel", "language", "attributes.vip", "attributes.format"}

// sqlValues are the values that occur, and some that do not.
var sqlValues = []string{"", "a", "aa", "ab", "b", "ba", "c"}

const sqlResponses = 1500

// fillBoth makes random responses: events for the service, and rows of plain columns for SQL.
func fillBoth(t *testing.T, db *sql.DB) []*surveyv1.Event {
	t.Helper()
	exec := func(statement string, arguments ...any) {
		if _, err := db.Exec(statement, arguments...); err != nil { //nolint:noctx // an in-memory database of this test
			t.Fatal(err)
		}
	}
	exec("CREATE TABLE r (at INTEGER, received INTEGER, weight REAL, location TEXT, channel TEXT, language TEXT, vip TEXT, format TEXT, recommend REAL, staff REAL)")
	random := rand.New(rand.NewPCG(3, 4)) //nolint:gosec // the same responses every time
	var events []*surveyv1.Event
	for i := range sqlResponses {
		at := noon.Add(time.Duration(random.IntN(30*24*60)) * time.Minute)
		e := response(acme, shop, id("r", i), at, scores{})
		r := e.GetResponse()
		r.ReceiveTime = timestamppb.New(at.Add(time.Duration(random.IntN(10*24*3600)) * time.Second))
		weight := 1.0
		if random.IntN(2) == 0 {
			weight = float64(1+random.IntN(40)) / 16
			r.Weight = proto.Float64(weight)
		}
		values := make(map[string]any)
		for _, key := range sqlKeyNames {
			v := sqlValues[random.IntN(len(sqlValues)-1)]
			if key == "language" {
				v = []string{"ky", "ru", "en"}[random.IntN(3)]
			}
			if values[key] = v; v == "" {
				values[key] = nil
			}
		}
		text := func(key string) string { s, _ := values[key].(string); return s }
		r.Language, r.Context = text("language"), &typev1.Context{Location: text("location"), Channel: text("channel"), Attributes: make(map[string]string)}
		for _, key := range []string{"attributes.vip", "attributes.format"} {
			if v := text(key); v != "" {
				r.Context.Attributes[strings.TrimPrefix(key, "attributes.")] = v
			}
		}
		answers := map[string]any{"recommend": float64(random.IntN(11)), "staff": float64(1 + random.IntN(5))}
		r.Answers = nil
		for _, q := range []string{"recommend", "staff"} {
			if random.IntN(6) == 0 {
				answers[q] = nil
				continue
			}
			v, _ := answers[q].(float64)
			r.Answers = append(r.Answers, &surveyv1.Answer{Question: q, Value: &surveyv1.Answer_Score{Score: v}})
		}
		exec("INSERT INTO r VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", at.Unix(), r.GetReceiveTime().AsTime().Unix(), weight, values["location"], values["channel"], values["language"],
			values["attributes.vip"], values["attributes.format"], answers["recommend"], answers["staff"])
		events = append(events, e)
	}
	return events
}

// drawFilter draws a filter, and the same condition in SQL.
func drawFilter(t *rapid.T, depth int) (filter, condition string) {
	kinds := 5
	if depth > 0 {
		kinds = 8
	}
	key := rapid.SampledFrom(sqlKeyNames).Draw(t, "key")
	v := rapid.SampledFrom(sqlValues).Draw(t, "value")
	question, operator := rapid.SampledFrom([]string{"recommend", "staff"}).Draw(t, "question"), rapid.SampledFrom([]string{"=", "!=", "<", "<=", ">", ">="}).Draw(t, "operator")
	limit := rapid.IntRange(1, 5).Draw(t, "limit")
	switch rapid.IntRange(0, kinds-1).Draw(t, "kind") {
	case 0:
		return fmt.Sprintf("%s = %q", key, v), fmt.Sprintf("COALESCE(%s, '') = '%s'", sqlKeys[key], v)
	case 1:
		return fmt.Sprintf("%s != %q", key, v), fmt.Sprintf("COALESCE(%s, '') <> '%s'", sqlKeys[key], v)
	case 2:
		return fmt.Sprintf("%s = %q", key, "a*"), fmt.Sprintf("COALESCE(%s GLOB 'a*', 0)", sqlKeys[key])
	case 3:
		return key + ":*", sqlKeys[key] + " IS NOT NULL"
	case 4:
		return fmt.Sprintf("answers.%s %s %d", question, operator, limit), fmt.Sprintf("COALESCE(%s %s %d, 0)", question, strings.Replace(operator, "!=", "<>", 1), limit)
	case 5:
		f, c := drawFilter(t, depth-1)
		return "NOT (" + f + ")", "NOT (" + c + ")"
	}
	a, b := "AND", "AND"
	if rapid.Bool().Draw(t, "or") {
		a, b = "OR", "OR"
	}
	f, c := drawFilter(t, depth-1)
	g, d := drawFilter(t, depth-1)
	return "(" + f + ") " + a + " (" + g + ")", "(" + c + ") " + b + " (" + d + ")"
}

// counted is what SQL counts of a group.
type counted struct {
	promoters, passives, detractors int64
	// sums are Σw of each of them, squares Σw² of all.
	sums    [3]float64
	squares float64
}

// askSQL counts answers to the NPS question by group.
func askSQL(t *rapid.T, db *sql.DB, group []string, where string) map[string]*counted {
	rows, err := db.Query("SELECT " + strings.Join(append(group, "''"), " || '|' || ") + ` AS g,
		SUM(recommend >= 9), SUM(recommend >= 7 AND recommend < 9), SUM(recommend < 7),
		SUM(weight * (recommend >= 9)), SUM(weight * (recommend >= 7 AND recommend < 9)), SUM(weight * (recommend < 7)), SUM(weight * weight)
		FROM r WHERE recommend IS NOT NULL AND (` + where + ") GROUP BY g") //nolint:noctx // as above
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	found := make(map[string]*counted)
	for rows.Next() {
		var g string
		var c counted
		if err := rows.Scan(&g, &c.promoters, &c.passives, &c.detractors, &c.sums[0], &c.sums[1], &c.sums[2], &c.squares); err != nil {
			t.Fatal(err)
		}
		found[g] = &c
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return found
}

// TestQueriesEqualRecountsInSQL asks the service and SQLite the same random queries of the same random responses: filters, up to three keys, days, periods, weights,
// moments of the past.
func TestQueriesEqualRecountsInSQL(t *testing.T) {
	t.Parallel()
	db, err := sql.Open("sqlite", "file:"+t.TempDir()+"/recount.db?_pragma=synchronous(0)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	s := newSuite(t)
	s.survey.publish(acme, "shop", shopQuestions())
	s.survey.add(fillBoth(t, db)...)
	s.start()
	s.caughtUp(shop, sqlResponses)
	rapid.Check(t, func(t *rapid.T) { s.equalsSQL(t, db) })
}

func (s *suite) equalsSQL(t *rapid.T, db *sql.DB) {
	q := &scoringv1.ScoreQuery{Survey: shop, Metrics: metrics(metricNPS), Variants: variants(scoringv1.Variant_VARIANT_NPS_ANSWERED), TimeZone: "UTC"}
	filtered, selected := "1", "1"
	if rapid.Bool().Draw(t, "filtered") {
		q.Filter, filtered = drawFilter(t, 3)
	}
	if rapid.Bool().Draw(t, "period") {
		first := rapid.IntRange(0, 25*96).Draw(t, "first")
		start := noon.Add(time.Duration(first) * 15 * time.Minute)
		end := start.Add(time.Duration(rapid.IntRange(1, 20*96).Draw(t, "length")) * 15 * time.Minute)
		q.Period = &typev1.Period{StartTime: timestamppb.New(start), EndTime: timestamppb.New(end)}
		selected = fmt.Sprintf("at >= %d AND at < %d", start.Unix(), end.Unix())
	}
	if rapid.Bool().Draw(t, "past") {
		at := noon.Add(time.Duration(rapid.IntRange(1, 40*24*3600).Draw(t, "as of")) * time.Second)
		q.AsOfTime = timestamppb.New(at)
		selected += fmt.Sprintf(" AND received <= %d", at.Unix())
	}
	where := "(" + filtered + ") AND " + selected
	weighted := rapid.Bool().Draw(t, "weighted")
	if weighted {
		q.Weighting = &scoringv1.Weighting{Method: &scoringv1.Weighting_Stated{Stated: &scoringv1.Weighting_StatedWeights{}}}
	}
	var group []string
	for _, key := range rapid.Permutation(sqlKeyNames).Draw(t, "keys")[:rapid.IntRange(0, 3).Draw(t, "number of keys")] {
		q.GroupBy = append(q.GroupBy, key)
		group = append(group, "COALESCE("+sqlKeys[key]+", '')")
	}
	if rapid.Bool().Draw(t, "daily") {
		q.Grain = typev1.TimeGrain_TIME_GRAIN_DAY
		group = append(group, "(at / 86400)")
	}
	want := askSQL(t, db, group, where)
	got := s.query(q)
	seen := 0
	for _, score := range got.GetScores() {
		if score.GetN() == 0 {
			continue
		}
		seen++
		var g strings.Builder
		for _, k := range score.GetSlice().GetKeys()[:len(q.GetGroupBy())] {
			g.WriteString(k.GetValue() + "|")
		}
		if q.GetGrain() != typev1.TimeGrain_TIME_GRAIN_UNSPECIFIED {
			fmt.Fprintf(&g, "%d|", score.GetSlice().GetPeriod().GetStartTime().AsTime().Unix()/86400)
		}
		equalsCounted(t, score, want[g.String()], weighted)
	}
	var counted, all int64
	if err := db.QueryRow("SELECT COUNT(*) FILTER (WHERE "+where+"), COUNT(*) FROM r").Scan(&counted, &all); err != nil { //nolint:noctx // as above
		t.Fatal(err)
	}
	if c := got.GetCoverage(); seen != len(want) || c.GetCounted() != counted || c.GetResponses() != all {
		t.Fatalf("%v\n%d groups, %v, want %d groups, %d counted of %d", q, seen, c, len(want), counted, all)
	}
}

func equalsCounted(t *rapid.T, s *scoringv1.Score, w *counted, weighted bool) {
	if w == nil {
		t.Fatalf("%v: SQL finds no such group", s)
	}
	c := s.GetCounts()
	if c.GetPromoters() != w.promoters || c.GetPassives() != w.passives || c.GetDetractors() != w.detractors || s.GetN() != w.promoters+w.passives+w.detractors {
		t.Fatalf("%v: want %+v", s, w)
	}
	sum := w.sums[0] + w.sums[1] + w.sums[2]
	want := 100 * (w.sums[0] - w.sums[2]) / sum
	if !weighted {
		want = 100 * float64(w.promoters-w.detractors) / float64(s.GetN())
	}
	if math.Abs(s.GetEstimate()-want) > 1e-9 || weighted && (math.Abs(s.GetWeightedN()-sum) > 1e-9 || math.Abs(s.GetEffectiveN()-sum*sum/w.squares) > 1e-6) {
		t.Fatalf("%v: want %v of %+v", s, want, w)
	}
}
