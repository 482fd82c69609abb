package ingest_test

import (
	"compress/gzip"
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"

	"github.com/otklik/otklik/libs/stat"
	"github.com/otklik/otklik/libs/testkit"
	"github.com/otklik/otklik/services/segmentation/internal/light"
	"github.com/otklik/otklik/services/segmentation/internal/store"
	"github.com/otklik/otklik/services/segmentation/internal/store/sqlite"
)

// said is what one respondent of a real set answered: scores on 1..10, worked out here and not by the service.
type said struct {
	who, company string
	scores       []float64
	answers      []light.Answer
}

// table reads a data set as rows by column.
func table(t *testing.T, name string) []map[string]string {
	t.Helper()
	f, err := os.Open(testkit.SharedData(t, name))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	r := csv.NewReader(f)
	if strings.HasSuffix(name, ".gz") {
		z, err := gzip.NewReader(f)
		if err != nil {
			t.Fatal(err)
		}
		r = csv.NewReader(z)
	}
	all, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []map[string]string
	for _, cells := range all[1:] {
		row := map[string]string{}
		for i, c := range cells {
			row[all[0][i]] = strings.TrimSpace(c)
		}
		out = append(out, row)
	}
	return out
}

// answer adds an answer on a scale, unless the cell holds none that is on it.
func (s *said) answer(t *testing.T, question, cell string, least, greatest float64) {
	t.Helper()
	x, err := strconv.ParseFloat(cell, 64)
	if err != nil || x < least || x > greatest {
		return
	}
	v, err := (light.Scale{Min: least, Max: greatest}).Place(x)
	if err != nil {
		t.Fatal(err)
	}
	s.scores = append(s.scores, 1+9*(x-least)/(greatest-least))
	s.answers = append(s.answers, light.Answer{Question: question, Value: v})
}

// airlines are the respondents of San Francisco airport of 2017, each speaking for the airline of the flight.
func airlines(t *testing.T) (out []said) {
	t.Helper()
	for _, row := range table(t, "sfo_airport/sfo_2017.csv.gz") {
		s := said{who: row["RESPNUM"], company: row["AIRLINE"]}
		s.answer(t, "netpro", row["NETPRO"], 0, 10)
		for column, cell := range row {
			// 0 is blank, and 6 is never used.
			if strings.HasPrefix(column, "Q7") || column == "Q10SAFE" {
				s.answer(t, strings.ToLower(column), cell, 1, 5)
			}
		}
		out = append(out, s)
	}
	return out
}

// operators are the customers of mobile operators of ECSI. The set does not say of which operator: every fourth respondent is of the same one. What was expected
// is left out.
func operators(t *testing.T) (out []said) {
	t.Helper()
	for i, row := range table(t, "ecsi_mobile/ecsi_mobi.csv") {
		s := said{who: row["respondent"], company: fmt.Sprint("operator-", i%4)}
		for column, cell := range row {
			if column != "respondent" && !strings.HasPrefix(column, "CUEX") {
				s.answer(t, strings.ToLower(column), cell, 1, 10)
			}
		}
		out = append(out, s)
	}
	return out
}

// shown is a light as a recount has it.
type shown struct {
	colour   light.Colour
	mean     float64
	answers  int64
	interval *stat.Interval
}

// judge judges answers by respondent: the mean of all, whose error takes those of one respondent as not independent.
func judge(t *testing.T, p light.Policy, by [][]float64) shown {
	t.Helper()
	var clusters []stat.Cluster
	out := shown{colour: light.Green}
	for _, scores := range by {
		c := stat.Cluster{Size: float64(len(scores)), Times: 1}
		for _, s := range scores {
			c.Sum += s
		}
		clusters = append(clusters, c)
		out.answers += int64(len(scores))
	}
	m, err := stat.ClusteredMean(clusters)
	if out.mean = m.Estimate; out.mean < p.Red {
		out.colour = light.Red
	} else if out.mean < p.Amber {
		out.colour = light.Amber
	}
	if err == nil && m.StandardError > 1e-9 {
		i, err := m.Interval(p.Level)
		if err != nil {
			t.Fatal(err)
		}
		i = i.Clip(1, 10)
		out.interval = &i
	}
	return out
}

func TestLightsOfRealSetsEqualARecount(t *testing.T) {
	for _, set := range []struct {
		name      string
		rows      []said
		companies int
	}{{"airlines", airlines(t), 30}, {"operators", operators(t), 4}} {
		t.Run(set.name, func(t *testing.T) {
			db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "segmentation.db"))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = db.Close() }()
			// Thresholds that divide what these sets say, and that no mean of few answers is equal to: rounding would decide here, which the service does not do.
			p := light.Default()
			p.Red, p.Amber, p.UpdateTime = 7.20031, 7.60031, noon
			if p, err = db.PutLightPolicy(t.Context(), acme, p, 0); err != nil {
				t.Fatal(err)
			}
			var changes []store.AnswerChange
			byCompany, byContact, companyOf := map[string][][]float64{}, map[string]shown{}, map[string]string{}
			for i, s := range set.rows {
				changes = append(changes, store.AnswerChange{
					Organization: acme, Person: fmt.Appendf(nil, "person-%09d", i),
					Row: light.Row{Survey: set.name, Response: s.who, Company: s.company, Time: noon, Answers: s.answers},
				})
				if len(s.scores) > 0 {
					byCompany[s.company] = append(byCompany[s.company], s.scores)
				}
			}
			at := int64(0)
			for part := range slices.Chunk(changes, feedBatch) {
				if err := db.ApplyAnswers(t.Context(), "lights", store.LightBatch{From: at, To: at + 1, Now: noon, Changes: part}); err != nil {
					t.Fatal(err)
				}
				at++
			}
			for i, s := range set.rows {
				if len(s.scores) == 0 {
					continue
				}
				contact, err := db.ContactOf(t.Context(), acme, fmt.Appendf(nil, "person-%09d", i))
				if err != nil {
					t.Fatal(err)
				}
				byContact[contact], companyOf[contact] = judge(t, p, [][]float64{s.scores}), s.company
			}
			companies := map[string]shown{}
			for id, by := range byCompany {
				if id != "" && !strings.Contains(id, "/") {
					companies[id] = judge(t, p, by)
				}
			}
			if len(companies) < set.companies {
				t.Fatalf("there are %d companies", len(companies))
			}
			compareLights(t, db, light.Company, companies)
			compareLights(t, db, light.Contact, byContact)
			compareOrder(t, db, companies, byContact, companyOf)
		})
	}
}

// compareLights compares all lights of a kind with a recount.
func compareLights(t *testing.T, db store.Store, kind light.Kind, want map[string]shown) {
	t.Helper()
	seen := 0
	err := db.EachLight(t.Context(), acme, kind, func(s store.LightSummary) error {
		l, err := db.GetLight(t.Context(), acme, nil, light.Unit{Kind: kind, ID: s.Unit})
		w, known := want[s.Unit]
		if err != nil || !known || l.Colour != w.colour || l.Answers != w.answers || math.Abs(l.Mean-w.mean) > 1e-9 || (l.Interval == nil) != (w.interval == nil) {
			return fmt.Errorf("%s: %+v, %w, want %+v", s.Unit, l, err, w)
		}
		if w.interval != nil && (math.Abs(l.Interval.Low-w.interval.Low) > 1e-8 || math.Abs(l.Interval.High-w.interval.High) > 1e-8) {
			return fmt.Errorf("%s: %+v, want %+v", s.Unit, *l.Interval, *w.interval)
		}
		seen++
		return nil
	})
	if err != nil || seen != len(want) {
		t.Errorf("%d of %d %s lights: %v", seen, len(want), kind, err)
	}
}

// compareOrder compares the work order with one that is sorted here. Nobody says what they are worth, so that the worst score comes first.
func compareOrder(t *testing.T, db store.Store, companies, contacts map[string]shown, companyOf map[string]string) {
	t.Helper()
	red := func(all map[string]shown, of string) (ids []string) {
		for id, s := range all {
			if s.colour == light.Red && (of == "" || companyOf[id] == of) {
				ids = append(ids, id)
			}
		}
		sort.Strings(ids)
		// Equal means differ by rounding where they are added up in another order.
		sort.SliceStable(ids, func(i, j int) bool { return all[ids[i]].mean < all[ids[j]].mean-1e-9 })
		return ids
	}
	entries, more, err := db.WorkOrder(t.Context(), store.LightQuery{Organization: acme, Limit: 1000}, 1000)
	if err != nil || more {
		t.Fatal(more, err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Company.Unit.ID)
		var of []string
		for _, c := range e.Contacts {
			of = append(of, c.Unit.ID)
		}
		if want := red(contacts, e.Company.Unit.ID); !slices.Equal(of, want) || e.RedContacts != int64(len(want)) {
			t.Errorf("red contacts of %s: %d, want %d\n%v\n%v", e.Company.Unit.ID, e.RedContacts, len(want), of, want)
		}
	}
	if want := red(companies, ""); !slices.Equal(got, want) || len(got) == 0 {
		t.Errorf("red companies %v, want %v", got, want)
	}
}
