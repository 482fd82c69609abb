package importer

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/prototext"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

const kindsMapping = `
version: 1
survey: {id: kinds}
csv: {decimal: comma}
response: {id: "k-{No}"}
questions:
  - {id: met, type: expectation, column: met}
  - {id: matters, type: importance, column: matters, item: met}
  - {id: again, type: likelihood, column: again}
  - {id: liked, type: like, column: liked, values: {"yes": 1, "no": 0}}
  - {id: face, type: smile, faces: 3, column: face}
  - {id: price, type: number, min: 0, max: 1000000, decimals: 2, column: price}
  - {id: day, type: date, earliest: 2026-01-01, latest: 2026-12-31, column: day}
`

func TestConvertEachKind(t *testing.T) {
	m, err := ParseMapping(strings.NewReader(kindsMapping))
	if err != nil {
		t.Fatal(err)
	}
	header := strings.Fields("No met matters again liked face price day")
	c, err := NewConverter(m, header, "surveys/kinds/revisions/1")
	if err != nil {
		t.Fatal(err)
	}
	for in, want := range map[string]string{
		"1;3;10;0;yes;3;1999,90;2026-03-31": `score:3 score:10 score:0 score:1 score:3 number:1999.9 date:"2026-03-31"`,
		"1;;;;no;;+0,50;":                   `score:0 number:0.5`,
		"1;6;;;;;;":                         string(ReasonOutOfScale),
		"1;;;;maybe;;;":                     string(ReasonNotANumber),
		"1;;;;;4;;":                         string(ReasonOutOfScale),
		"1;;;;;;1.5;":                       string(ReasonNotANumber),
		"1;;;;;;1,555;":                     string(ReasonNotANumber),
		"1;;;;;;1e3;":                       string(ReasonNotANumber),
		"1;;;;;;-1;":                        string(ReasonOutOfScale),
		"1;;;;;;;2026-02-31":                string(ReasonDateInvalid),
		"1;;;;;;;2027-01-01":                string(ReasonOutOfScale),
	} {
		row := c.Convert(Record{Line: 2, Row: 1, Cells: strings.Split(in, ";")})
		var got []string
		for _, a := range row.Request.GetResponse().GetAnswers() {
			a.Question = ""
			got = append(got, strings.Join(strings.Fields(prototext.MarshalOptions{}.Format(a)), " "))
		}
		if row.Refused {
			got = []string{string(row.Problems[0].Reason)}
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%s: got %s, want %s", in, s, want)
		}
	}
}

func TestMisfitsOfKinds(t *testing.T) {
	m, err := ParseMapping(strings.NewReader(kindsMapping))
	if err != nil {
		t.Fatal(err)
	}
	other, err := ParseMapping(strings.NewReader(strings.NewReplacer("faces: 3", "faces: 5", "type: likelihood", "type: rating").Replace(kindsMapping)))
	if err != nil {
		t.Fatal(err)
	}
	q := &surveyv1.Questionnaire{}
	for _, question := range m.Questions {
		q.Questions = append(q.Questions, question.Definition)
	}
	if got := m.Misfits(q); len(got) > 0 {
		t.Errorf("its own questionnaire: %v", got)
	}
	got := strings.Join(other.Misfits(q), "; ")
	for _, want := range []string{`question "face" has the scale 1-3, not 1-5`, `question "again" is of type likelihood, not rating`} {
		if !strings.Contains(got, want) {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
