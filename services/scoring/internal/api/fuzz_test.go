package api

import (
	"errors"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"

	"github.com/otklik/otklik/libs/interceptor/validation"
	"github.com/otklik/otklik/services/scoring/internal/delta"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/live"
	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/query"
	"github.com/otklik/otklik/services/scoring/internal/question"
	"github.com/otklik/otklik/services/scoring/internal/questionnaire"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
)

// FuzzScoreQuery asks whatever the rules of the message let pass, filters and groups included: it is answered or refused with the field at fault.
func FuzzScoreQuery(f *testing.F) {
	for _, seed := range []string{
		`survey: "surveys/shop"`,
		`survey: "surveys/shop" question: "*" grain: TIME_GRAIN_DAY time_zone: "Asia/Bishkek" period { start_time { seconds: 1767225600 } end_time { seconds: 1769904000 } } group_by: "region"`,
		`survey: "surveys/shop" metrics: METRIC_NPS variants: VARIANT_MEAN_ALL_ANSWERS filter: "location = \"north\"" confidence_level: 0.9 population: POPULATION_EMPLOYEE`,
		`survey: "surveys/shop" filter: "location = \"\"" group_by: "employee" time_zone: "../../etc/passwd"`,
		`survey: "surveys/shop" group_by: ["channel", "attributes.vip", "location"] filter: "location = \"n*\" AND NOT (answers.recommend <= 6 OR revision > 1)" as_of_time { seconds: 1767225600 } weighting { raking { margins { key: "location" targets { value: "north" share: 2 } } cap: 3 } }`,
		`survey: "surveys/shop" metrics: METRIC_SHARE question: "recommend" option: "9" weighting { stated {} } variants: VARIANT_SHARE_OPTION`,
		`survey: "surveys/shop" variants: VARIANT_RESPONSE_RATE_INVITED stated_counts { invitations: 3 }`,
		`survey: "surveys/none" question: "nobody" grain: TIME_GRAIN_HOUR period { start_time { seconds: -62135596800 } end_time { seconds: 253402300799 nanos: 999999999 } } time_zone: "Local"`,
	} {
		var q scoringv1.ScoreQuery
		if err := prototext.Unmarshal([]byte(seed), &q); err != nil {
			f.Fatal(err)
		}
		raw, err := proto.Marshal(&q)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	rules, err := validation.New()
	if err != nil {
		f.Fatal(err)
	}
	moment := time.Date(2026, 1, 30, 0, 0, 0, 0, time.UTC)
	one := &fact.Fact{ID: "x", Survey: "shop", Revision: 1, Weight: 1, Population: fact.Customer, CountTime: moment, Respondent: "a", Context: fact.Context{Location: "north"},
		Answers: []fact.Answer{{Question: "recommend", Kind: question.NPS, Scale: question.Scale0To10, Present: true, Value: question.Scale0To10.Max}}}
	d, book := &delta.Delta{}, live.NewBook()
	d.AddFact(one)
	if err := book.Apply(d); err != nil {
		f.Fatal(err)
	}
	table, _ := book.Table("shop")
	data := query.Data{
		History: questionnaire.History{Revisions: []*questionnaire.Revision{{Survey: "shop", Number: 1, Population: fact.Customer,
			Questions: []metric.Question{{ID: "recommend", Kind: question.NPS, Scale: question.Scale0To10}}}}},
		Cube: book.Cube, Table: table,
	}
	s := &Server{Options: Options{Location: time.UTC}}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var in scoringv1.ScoreQuery
		if proto.Unmarshal(raw, &in) != nil || rules.Check(&in) != nil {
			return
		}
		q, err := s.queryFromProto(&in)
		if err == nil {
			_, err = query.Run(t.Context(), q, data)
		}
		var refusal *query.Error
		if err != nil && (!errors.As(err, &refusal) || refusal.Reason == "" || refusal.Description == "") {
			t.Fatalf("%v: %v", &in, err)
		}
	})
}

// TestSpellingsOfTimeZones: a zone has one spelling, since each that is taken is remembered.
func TestSpellingsOfTimeZones(t *testing.T) {
	t.Parallel()
	var z zones
	for _, name := range []string{"Asia//Bishkek", "./Asia/Bishkek", "Asia/./Bishkek", "Asia/Bishkek/", "Asia/../Asia/Bishkek", "/usr/share/zoneinfo/UTC", "Local", strings.Repeat("./", 20) + "UTC"} {
		if l, err := z.load(name); err == nil {
			t.Errorf("%q was taken for %v", name, l)
		}
	}
	for _, name := range []string{"Asia/Bishkek", "UTC", "America/Argentina/Ushuaia"} {
		if _, err := z.load(name); err != nil {
			t.Error(err)
		}
	}
}
