package importer

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// shopHeader is the header of the files that shopMapping reads.
var shopHeader = strings.Split("No Date Time Lang W Card Ch Store Cashier Q1 Q1why Q2 Q3 Q4 Q5 Q6", " ")

// shopNow is after every answer of these tests.
var shopNow = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

func shopConverter(t testing.TB) *Converter {
	t.Helper()
	c, err := NewConverter(parseShop(t), shopHeader, "surveys/shop/revisions/1")
	if err != nil {
		t.Fatal(err)
	}
	c.now = func() time.Time { return shopNow }
	return c
}

// shopRow is a row in order but for the changes, given as column=cell.
func shopRow(changes ...string) Record {
	cells := map[string]string{
		"No": "17", "Date": "5.2.2026", "Time": "14:05", "Lang": "2", "W": "1,5", "Card": "c9", "Ch": "a", "Store": "7", "Cashier": "Айгүл",
		"Q1": "9", "Q1why": "", "Q2": "6", "Q3": "2", "Q4": "7,5", "Q5": "1,4", "Q6": "ок",
	}
	for _, change := range changes {
		column, cell, _ := strings.Cut(change, "=")
		cells[column] = cell
	}
	rec := Record{Line: 3, Row: 2}
	for _, name := range shopHeader {
		rec.Cells = append(rec.Cells, cells[name])
	}
	return rec
}

func TestConvertRow(t *testing.T) {
	row := shopConverter(t).Convert(shopRow("Q1why=дорого"))
	score := func(id string, v float64) *surveyv1.Answer {
		return &surveyv1.Answer{Question: id, Value: &surveyv1.Answer_Score{Score: v}}
	}
	nps := score("nps", 9)
	nps.Comment = "дорого"
	want := &surveyv1.SubmitResponseRequest{
		Parent: "surveys/shop", ResponseId: "shop-17",
		Response: &surveyv1.Response{
			Revision:   "surveys/shop/revisions/1",
			AnswerTime: timestamppb.New(time.Date(2026, 2, 5, 8, 5, 0, 0, time.UTC)),
			Language:   "ky", Weight: proto.Float64(1.5), Respondent: "card-c9",
			Context: &typev1.Context{Touchpoint: "checkout", Channel: "app", Location: "store-007", Attributes: map[string]string{"cashier": "Айгүл"}},
			Answers: []*surveyv1.Answer{
				nps, score("clean", 6), score("easy", 2), score("half", 7.5),
				{Question: "what", Value: &surveyv1.Answer_Choice{Choice: &surveyv1.ChoiceAnswer{Options: []string{"bread", "other"}}}},
				{Question: "said", Value: &surveyv1.Answer_FreeText{FreeText: "ок"}},
			},
		},
	}
	if !proto.Equal(row.Request, want) {
		t.Errorf("got\n%v\nwant\n%v", row.Request, want)
	}
	if len(row.Problems) > 0 || row.Refused || row.Line != 3 || row.Row != 2 {
		t.Errorf("%+v", row)
	}
}

func TestConvertAbsent(t *testing.T) {
	c := shopConverter(t)
	row := c.Convert(shopRow("Time=n", "Lang=", "W=-", "Card=", "Ch=?", "Store=-", "Cashier=", "Q1=99", "Q2=-", "Q3=", "Q4=-", "Q5= - ", "Q6=4"))
	want := &surveyv1.Response{
		Revision:   "surveys/shop/revisions/1",
		AnswerTime: timestamppb.New(time.Date(2026, 2, 5, 12, 30, 0, 0, time.UTC)), // 18:30 in Bishkek
		Context:    &typev1.Context{Touchpoint: "checkout"},
		Answers:    []*surveyv1.Answer{{Question: "said", Value: &surveyv1.Answer_FreeText{FreeText: "4"}}},
	}
	if !proto.Equal(row.Request.GetResponse(), want) {
		t.Errorf("got\n%v\nwant\n%v", row.Request.GetResponse(), want)
	}
	if len(row.missing) != 5 {
		t.Errorf("%d questions without an answer, want 5", len(row.missing))
	}
	empty := c.Convert(shopRow("Q1=", "Q2=", "Q3=", "Q4=", "Q5=", "Q6="))
	if !empty.Empty() || len(empty.Problems) > 0 {
		t.Errorf("%+v", empty)
	}
}

func TestConvertSameMeaning(t *testing.T) {
	c := shopConverter(t)
	for change, want := range map[string]string{
		"Q1=9":            "nps 9",
		"Q1=09":           "nps 9",
		"Q1=9,0":          "nps 9",
		"Q2=excellent":    "clean 7",
		"Q2=awful":        "clean 1",
		"Q5=bread":        "what bread",
		"Q5=1.0":          "what bread",
		"Q5=2":            "what milk",
		"Q5=9":            "what other",
		"Q5=3, 4, 2":      "what other milk",
		"Q5=1,1,1":        "what bread",
		"Q1=99":           "",
		"Q1=99.0":         "",
		"Q1=-":            "",
		"Q6=пятью":        "said пятью",
		"Q1=0":            "nps 0",
		"Q1=\u00a0":       "",
		"Q4=1,5":          "half 1.5",
		"Q3=5":            "easy 5",
		"Q1why=только":    "nps только",
		"Q1why=-":         "",
		"Q5=2,,-,milk,-,": "", // milk is no code of the option, since `from` names another
	} {
		rec := shopRow("Q1=", "Q2=", "Q3=", "Q4=", "Q5=", "Q6=", change)
		row := c.Convert(rec)
		var got []string
		for _, a := range row.Request.GetResponse().GetAnswers() {
			got = append(got, a.GetQuestion())
			switch v := a.GetValue().(type) {
			case *surveyv1.Answer_Score:
				got = append(got, fmt.Sprint(v.Score))
			case *surveyv1.Answer_Choice:
				got = append(got, v.Choice.GetOptions()...)
			case *surveyv1.Answer_FreeText:
				got = append(got, v.FreeText)
			}
			if a.GetComment() != "" {
				got = append(got, a.GetComment())
			}
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%s gives %q, want %q", change, s, want)
		}
	}
}

func TestConvertRefuses(t *testing.T) {
	c := shopConverter(t)
	for change, want := range map[string]string{
		"No=":                                 "No response_id ID_INVALID",
		"No=a b":                              " response_id ID_INVALID",
		"No=кириллица":                        " response_id ID_INVALID",
		"Date=":                               "Date answer_time TIME_MISSING",
		"Date=-":                              "Date answer_time TIME_MISSING",
		"Date=2026-02-05":                     "Date answer_time TIME_INVALID",
		"Date=31.02.2026":                     "Date answer_time TIME_INVALID",
		"Date=02.03.2026":                     "Date answer_time TIME_IN_FUTURE",
		"Time=half past 2":                    "Time answer_time TIME_INVALID",
		"Lang=3":                              "Lang language VALUE_UNMAPPED",
		"W=0":                                 "W weight WEIGHT_INVALID",
		"W=-1":                                "W weight WEIGHT_INVALID",
		"W=inf":                               "W weight WEIGHT_INVALID",
		"W=heavy":                             "W weight WEIGHT_INVALID",
		"Ch=pigeon":                           "Ch context.channel VALUE_UNMAPPED",
		"Cashier=" + strings.Repeat("ы", 257): "Cashier context.attributes.cashier TEXT_TOO_LONG",
		"Store=" + strings.Repeat("1", 123):   "Store context.location TEXT_TOO_LONG",
		"Card=" + strings.Repeat("1", 124):    "Card respondent TEXT_TOO_LONG",
		"Q1=11":                               "Q1 nps VALUE_OUT_OF_SCALE",
		"Q1=9,5":                              "Q1 nps VALUE_OUT_OF_SCALE",
		"Q1=-1":                               "Q1 nps VALUE_OUT_OF_SCALE",
		"Q1=nine":                             "Q1 nps VALUE_NOT_A_NUMBER",
		"Q2=8":                                "Q2 clean VALUE_OUT_OF_SCALE",
		"Q2=6.5":                              "Q2 clean VALUE_NOT_A_NUMBER",
		"Q5=10":                               "Q5 what OPTION_UNKNOWN",
		"Q5=cheese":                           "Q5 what OPTION_UNKNOWN",
		"Q5=1,2,3":                            "Q5 what TOO_MANY_OPTIONS",
		"Q6=шестью":                           "Q6 said TEXT_TOO_LONG",
		"Q1why=одиннадцать!":                  "Q1why nps.comment TEXT_TOO_LONG",
	} {
		row := c.Convert(shopRow(change))
		if len(row.Problems) != 1 || !row.Refused || row.Request != nil {
			t.Errorf("%s gives %+v", change, row)
			continue
		}
		p := row.Problems[0]
		if got := fmt.Sprintf("%s %s %s", p.Column, p.Target, p.Reason); got != want || p.Message == "" || p.Skipped {
			t.Errorf("%s gives %q, %+v, want %q", change, got, p, want)
		}
	}
	row := c.Convert(shopRow("Q1=11", "Q2=9", "Ch=pigeon"))
	if len(row.Problems) != 3 {
		t.Errorf("%d problems listed, want all 3", len(row.Problems))
	}
}

func TestConvertSkipsAnswer(t *testing.T) {
	// The policy of the question Q4 is skip_answer.
	row := shopConverter(t).Convert(shopRow("Q4=99"))
	if row.Refused || row.Request == nil || len(row.Request.GetResponse().GetAnswers()) != 5 || len(row.Problems) != 1 || !row.Problems[0].Skipped {
		t.Errorf("%+v", row)
	}
	m := parseShop(t)
	m.OnBadValue = PolicySkipAnswer
	c, err := NewConverter(m, shopHeader, "")
	if err != nil {
		t.Fatal(err)
	}
	c.now = func() time.Time { return shopNow }
	row = c.Convert(shopRow("Ch=pigeon", "Lang=3"))
	if row.Refused || len(row.Problems) != 2 || row.Request.GetResponse().GetContext().GetChannel() != "" {
		t.Errorf("%+v", row)
	}
	// What says who, when and how much is never left out.
	for _, change := range []string{"No=", "Date=x", "W=x", "Card=" + strings.Repeat("1", 124)} {
		if row := c.Convert(shopRow(change)); !row.Refused {
			t.Errorf("%s is loaded", change)
		}
	}
}

func TestConvertRequired(t *testing.T) {
	m := parseShop(t)
	m.Questions[0].Definition.Required = true
	m.Questions[0].Definition.Comment = &surveyv1.CommentPolicy{Mode: surveyv1.CommentPolicy_MODE_REQUIRED_BELOW, RequiredAtOrBelow: proto.Float64(6)}
	c, err := NewConverter(m, shopHeader, "")
	if err != nil {
		t.Fatal(err)
	}
	c.now = func() time.Time { return shopNow }
	if row := c.Convert(shopRow("Q1=99")); !row.Refused || row.Problems[0].Reason != ReasonAnswerMissing {
		t.Errorf("%+v", row)
	}
	if row := c.Convert(shopRow("Q1=6")); !row.Refused || row.Problems[0].Reason != ReasonCommentMissing {
		t.Errorf("%+v", row)
	}
	for _, changes := range [][]string{{"Q1=7"}, {"Q1=6", "Q1why=шумно"}} {
		if row := c.Convert(shopRow(changes...)); row.Refused {
			t.Errorf("%v: %+v", changes, row)
		}
	}
}

// Whatever stands in the cells: the converter does not panic, a refused row says why, and what is sent keeps the API's limits.
func FuzzConvert(f *testing.F) {
	f.Add("17", "5.2.2026", "14:05", "1,5", "9", "7,5", "1,4", "ок")
	f.Add("", "", "", "", "", "", "", "")
	f.Add("\xff", "=1", "-", "NaN", "1e9", "99999999999999", ",,,", strings.Repeat("я", 9))
	f.Fuzz(func(t *testing.T, no, date, clock, weight, score, rating, choice, text string) {
		c := shopConverter(t)
		row := c.Convert(shopRow("No="+no, "Date="+date, "Time="+clock, "W="+weight, "Q1="+score, "Q4="+rating, "Q5="+choice, "Q6="+text))
		if row.Refused {
			if row.Request != nil || len(row.Problems) == 0 {
				t.Fatalf("%+v", row)
			}
			return
		}
		if !responseIDPattern.MatchString(row.Request.GetResponseId()) {
			t.Fatalf("identifier %q", row.Request.GetResponseId())
		}
		r := row.Request.GetResponse()
		if r.Weight != nil && !(*r.Weight > 0) {
			t.Fatalf("weight %v", *r.Weight)
		}
		if r.GetAnswerTime().AsTime().After(shopNow.Add(clockSkew)) {
			t.Fatalf("time %v", r.GetAnswerTime().AsTime())
		}
		for i, a := range r.GetAnswers() {
			q := c.questions[row.answered[i]]
			if a.GetQuestion() != q.id {
				t.Fatalf("answer %d is to %s, not %s", i, a.GetQuestion(), q.id)
			}
			if s, ok := a.GetValue().(*surveyv1.Answer_Score); ok && !q.limits.holds(toCenti(s.Score)) {
				t.Fatalf("%s: score %v", q.id, s.Score)
			}
		}
	})
}

// The whole way from bytes to requests takes anything.
func FuzzSource(f *testing.F) {
	f.Add([]byte(strings.Join(shopHeader, ";") + "\n" + strings.Join(shopRow().Cells, ";") + "\n"))
	f.Add([]byte("No;Date\n\"1;2\n"))
	f.Add([]byte("\x1f\x8b"))
	f.Add([]byte("\xff\xfea\x00,\x00b\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := OpenSource(strings.NewReader(string(data)), CSVFormat{})
		if err != nil {
			return
		}
		for {
			rec, err := s.Next()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				return
			}
			if rec.Err == nil && len(rec.Cells) != len(s.Header()) {
				t.Fatalf("row %d has %d cells, the header %d", rec.Row, len(rec.Cells), len(s.Header()))
			}
		}
	})
}

// BenchmarkConvert measures the way from bytes to requests: the rows of the real file when it is there, otherwise of small ones.
func BenchmarkConvertSmall(b *testing.B) {
	var text strings.Builder
	text.WriteString("no,date,store,nps,comment\n")
	const rows = 10_000
	for i := range rows {
		fmt.Fprintf(&text, "%d,2026-02-%d,%d,%d,%s\n", i, i%28+1, i%40, i%11, []string{"", "всё хорошо", "долго ждали на кассе"}[i%3])
	}
	m, err := ParseMapping(strings.NewReader(`
version: 1
survey: {id: small, title: {en: Small}}
response:
  id: "row-{no}"
  time: {column: date, zone: Asia/Bishkek}
  context: {location: "store-{store}"}
questions: [{id: nps, type: nps, column: nps, comment: {column: comment}, text: {en: Recommend}}]
`))
	if err != nil {
		b.Fatal(err)
	}
	benchmarkConvert(b, m, text.String(), rows)
}

func benchmarkConvert(b *testing.B, m *Mapping, text string, rows int) {
	b.Helper()
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		s, err := OpenSource(strings.NewReader(text), m.CSV)
		if err != nil {
			b.Fatal(err)
		}
		c, err := NewConverter(m, s.Header(), "")
		if err != nil {
			b.Fatal(err)
		}
		for {
			rec, err := s.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if row := c.Convert(rec); row.Request == nil {
				b.Fatalf("row %d: %+v", rec.Row, row.Problems)
			}
		}
	}
	b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
