package importer

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/otklik/otklik/libs/testkit"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// shopMapping uses most of what a mapping can say.
const shopMapping = `
version: 1
survey:
  id: shop
  display_name: Shops
  default_language: ru
  population: customer
  title: {ru: О магазине, en: About the shop}
csv: {delimiter: ";", decimal: comma}
missing: {"-": not asked}
on_bad_value: refuse
response:
  id: "shop-{No}"
  time:
    column: Date
    format: "%d.%m.%Y"
    zone: Asia/Bishkek
    at: "18:30"
    time_of_day: {column: Time, missing: [N]}
  language: {column: Lang, values: {"1": ru, "2": ky}}
  weight: {column: W}
  respondent: "card-{Card}"
  context:
    touchpoint: {value: checkout}
    channel: {column: Ch, values: {a: app, k: kiosk}, missing: ["?"]}
    location: {template: "store-{Store|pad3}"}
    attributes:
      cashier: "{Cashier}"
questions:
  - id: nps
    type: nps
    column: Q1
    missing: {"99": refused to say}
    comment: {column: Q1why, max_length: 10}
    text: {ru: Порекомендуете}
  - id: clean
    type: csat
    scale: 1-7
    satisfied_at_or_above: 6
    column: Q2
    values: {excellent: 7, awful: 1}
    text: {ru: Чисто}
  - id: easy
    type: ces
    direction: effort
    scale: {min: 1, max: 5}
    column: Q3
    text: {ru: Легко}
  - id: half
    type: rating
    scale: 1-10/0.5
    column: Q4
    on_bad_value: skip_answer
    text: {ru: Оценка}
  - id: what
    type: choice
    multiple: true
    max_choices: 2
    separator: ","
    column: Q5
    options:
      - {id: bread, from: ["1", bread], text: {ru: Хлеб}}
      - {id: milk, from: "2", text: {ru: Молоко}}
      - {id: other, from: "3..9", text: {ru: Другое}}
    text: {ru: Что купили}
  - id: said
    type: text
    max_length: 5
    column: Q6
    text: {ru: Ещё}
`

func parseShop(t testing.TB) *Mapping {
	t.Helper()
	m, err := ParseMapping(strings.NewReader(shopMapping))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestParseMapping(t *testing.T) {
	m := parseShop(t)
	q, err := m.Questionnaire()
	if err != nil {
		t.Fatal(err)
	}
	text := func(s string) *typev1.LocalizedText { return &typev1.LocalizedText{Texts: map[string]string{"ru": s}} }
	want := &surveyv1.Questionnaire{
		Title:           &typev1.LocalizedText{Texts: map[string]string{"ru": "О магазине", "en": "About the shop"}},
		DefaultLanguage: "ru", Population: typev1.Population_POPULATION_CUSTOMER,
		Questions: []*surveyv1.Question{
			{
				Id: "nps", Text: text("Порекомендуете"),
				Comment: &surveyv1.CommentPolicy{Mode: surveyv1.CommentPolicy_MODE_OPTIONAL, MaxLength: 10},
				Kind:    &surveyv1.Question_Nps{Nps: &surveyv1.NpsQuestion{Scale: surveyv1.NpsQuestion_SCALE_KIND_0_10}},
			},
			{Id: "clean", Text: text("Чисто"), Kind: &surveyv1.Question_Csat{Csat: &surveyv1.CsatQuestion{
				Scale: &typev1.Scale{Min: 1, Max: 7}, SatisfiedAtOrAbove: proto.Float64(6),
			}}},
			{Id: "easy", Text: text("Легко"), Kind: &surveyv1.Question_Ces{Ces: &surveyv1.CesQuestion{
				Scale: &typev1.Scale{Min: 1, Max: 5}, Direction: surveyv1.CesQuestion_DIRECTION_EFFORT,
			}}},
			{Id: "half", Text: text("Оценка"), Kind: &surveyv1.Question_Rating{Rating: &surveyv1.RatingQuestion{Scale: &typev1.Scale{Min: 1, Max: 10, Step: 0.5}}}},
			{Id: "what", Text: text("Что купили"), Kind: &surveyv1.Question_Choice{Choice: &surveyv1.ChoiceQuestion{
				Multiple: true, MaxChoices: 2, Options: []*surveyv1.ChoiceQuestion_Option{
					{Id: "bread", Text: text("Хлеб")}, {Id: "milk", Text: text("Молоко")}, {Id: "other", Text: text("Другое")},
				},
			}}},
			{Id: "said", Text: text("Ещё"), Kind: &surveyv1.Question_FreeText{FreeText: &surveyv1.TextQuestion{MaxLength: 5}}},
		},
	}
	if !proto.Equal(q, want) {
		t.Errorf("the questionnaire is\n%v\nwant\n%v", q, want)
	}
	if m.Survey.Name() != "surveys/shop" || m.CSV.Delimiter != ';' || m.CSV.Decimal != ',' || m.Response.Time.Noon != 18*time.Hour+30*time.Minute {
		t.Errorf("%+v", m)
	}
	if got := strings.Join(m.Columns(), " "); got != "No Date Time Lang W Card Ch Store Cashier Q1 Q1why Q2 Q3 Q4 Q5 Q6" {
		t.Errorf("columns: %s", got)
	}
}

// Each fault is found in the line where it is and said in words that do not speak of Go.
func TestParseMappingFaults(t *testing.T) {
	for name, c := range map[string]struct{ from, to, want string }{
		"unknown key":            {"max_length: 5\n", "max_len: 5\n", `line 68: questions[5]: unknown key "max_len"`},
		"unknown top key":        {"version: 1", "version: 1\ntypo: 1", `line 3: unknown key "typo"; known are csv, missing, on_bad_value, questions, response, survey, version`},
		"key twice":              {"  id: shop\n", "  id: shop\n  id: shop\n", `line 5: survey: the key "id" comes twice`},
		"wrong version":          {"version: 1", "version: 2", `line 2: version: must be 1`},
		"no version":             {"version: 1\n", "", `the key "version" is missing`},
		"bad survey id":          {"id: shop\n", "id: Shop 1\n", `line 4: survey: id: must be lower-case`},
		"bad language":           {"default_language: ru", "default_language: Russian", `"Russian" is not a language tag`},
		"default text missing":   {"text: {ru: Чисто}", "text: {en: Clean}", `line 42: questions[1].text: the text in the default language "ru" is missing`},
		"title missing":          {"title: {ru: О магазине, en: About the shop}", "title: {en: About the shop}", `title: the text in the default language "ru" is missing`},
		"bad population":         {"population: customer", "population: people", `must be customer, prospect, former or employee`},
		"bad delimiter":          {`delimiter: ";"`, `delimiter: ";;"`, `line 9: csv.delimiter: must be one character`},
		"bad decimal":            {"decimal: comma", "decimal: x", `must be point or comma`},
		"bad policy":             {"on_bad_value: refuse", "on_bad_value: ignore", `line 11: on_bad_value: must be refuse or skip_answer`},
		"constant id":            {`id: "shop-{No}"`, `id: "shop"`, `is the same for every row`},
		"open brace":             {`id: "shop-{No}"`, `id: "shop-{No"`, `line 13: response.id: the brace opened at character 6 is not closed`},
		"unknown zone":           {"zone: Asia/Bishkek", "zone: Asia/Atlantis", `line 17: response.time.zone: "Asia/Atlantis" is not a time zone`},
		"bad clock":              {`at: "18:30"`, `at: evening`, `line 18: response.time.at: must be a time of day`},
		"bad format":             {`format: "%d.%m.%Y"`, `format: "DD.MM.YYYY"`, `line 16: response.time.format: 'D' cannot stand`},
		"column and template":    {"channel: {column: Ch,", "channel: {column: Ch, template: x,", `exactly one of column, template and value is needed`},
		"attribute key":          {"cashier: ", "Cashier: ", `"Cashier" cannot be the key of an attribute`},
		"unknown type":           {"type: csat", "type: stars", `type: must be one of nps, csat, ces, rating, expectation, importance, likelihood, like, smile, choice, number, date, text, not "stars"`},
		"key of another type":    {"    scale: 1-10/0.5\n", "    scale: 1-10/0.5\n    direction: ease\n", `line 52: questions[3].direction: a question of type rating has no such key`},
		"bad scale":              {"scale: 1-7", "scale: 7-1", `must be a scale such as 1-5`},
		"nps scale":              {"type: nps\n", "type: nps\n    scale: 1-5\n", `NPS is asked on 0-10 or 1-10`},
		"value out of scale":     {"excellent: 7", "excellent: 8", `"excellent" means "8", which is not on the scale`},
		"threshold out of scale": {"satisfied_at_or_above: 6", "satisfied_at_or_above: 9", `satisfied_at_or_above: 9 is not on the scale`},
		"question twice":         {"id: easy", "id: clean", `the question "clean" stands in line`},
		"question id":            {"id: easy", "id: Easy!", `id: must be a lower-case letter`},
		"no column":              {"    column: Q3\n", "", `column: the column of the answers is needed`},
		"one option":             {"      - {id: milk, from: \"2\", text: {ru: Молоко}}\n      - {id: other, from: \"3..9\", text: {ru: Другое}}\n", "", `2 to 500 options are needed`},
		"option twice":           {"id: milk", "id: bread", `the option "bread" stands there already`},
		"code twice":             {`from: "2"`, `from: "1"`, `from: "1" means the option "bread" already`},
		"bad range":              {"3..9", "9..3", `"9..3" is not a range of whole numbers`},
		"not multiple":           {"    multiple: true\n", "", `multiple: must be true when there are several columns, a separator or max_choices`},
		"a list for a mapping":   {"weight: {column: W}", "weight: [W]", `must be a mapping of keys to values, not a list`},
		"null":                   {"max_length: 5", "max_length:", `is empty; write "" for the empty text`},
		"merge key":              {"weight: {column: W}", "weight: {<<: {column: W}}", `merge keys (<<) are not supported`},
		"two documents":          {"version: 1", "---\na: 1\n---\nversion: 1", `only one YAML document is allowed`},
		"no YAML":                {"version: 1", "\tversion: 1", `line 2: found character that cannot start any token`},
		"negative length":        {"max_length: 5", "max_length: -1", `must be a whole number from 0 to 10000`},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(shopMapping, c.from, c.to, 1)
			if text == shopMapping {
				t.Fatalf("%q is not in the mapping", c.from)
			}
			_, err := ParseMapping(strings.NewReader(text))
			var faults *MappingError
			if !errors.As(err, &faults) {
				t.Fatalf("error %v, want a *MappingError", err)
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("error\n%v\nwant\n%s", err, c.want)
			}
			if strings.Contains(err.Error(), "importer.") || strings.Contains(err.Error(), "unmarshal") {
				t.Errorf("error speaks of the code: %v", err)
			}
		})
	}
}

func TestParseMappingEmptyAndHuge(t *testing.T) {
	for name, text := range map[string]string{
		"empty": "", "comment": "# nothing\n", "scalar": "hello", "list": "- a\n", "null": "~",
		"huge": "version: 1 #" + strings.Repeat("x", maxMappingBytes),
		"bomb": "a: &a [x,x,x,x,x,x,x,x,x,x]\nmissing: [" + strings.Repeat("*a, ", 1000) + "]\n",
	} {
		if m, err := ParseMapping(strings.NewReader(text)); err == nil {
			t.Errorf("%s: parsed as %+v", name, m)
		}
	}
}

// A mapping without texts fits a survey that exists and cannot create one.
func TestMappingWithoutTexts(t *testing.T) {
	m, err := ParseMapping(strings.NewReader(`
version: 1
survey: {id: shop}
response: {id: "{No}"}
questions: [{id: nps, type: nps, column: Q1}]
`))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Questionnaire(); err == nil || !strings.Contains(err.Error(), `survey.title, the text of the question "nps"`) {
		t.Errorf("error %v", err)
	}
	have, err := parseShop(t).Questionnaire()
	if err != nil {
		t.Fatal(err)
	}
	if misfits := m.Misfits(have); len(misfits) > 0 {
		t.Errorf("misfits %v", misfits)
	}
}

func TestMisfits(t *testing.T) {
	m := parseShop(t)
	for want, change := range map[string]func(q *surveyv1.Questionnaire){
		`it has no question "easy"`:                       func(q *surveyv1.Questionnaire) { q.Questions = append(q.Questions[:2], q.Questions[3:]...) },
		`its question "nps" is of type text, not nps`:     func(q *surveyv1.Questionnaire) { q.Questions[0].Kind = q.Questions[5].Kind },
		`its question "clean" has the scale 1-5, not 1-7`: func(q *surveyv1.Questionnaire) { q.Questions[1].GetCsat().Scale = nil },
		`its question "easy" counts effort the other way`: func(q *surveyv1.Questionnaire) { q.Questions[2].GetCes().Direction = 0 },
		`its question "what" has no option "other"`:       func(q *surveyv1.Questionnaire) { c := q.Questions[4].GetChoice(); c.Options = c.Options[:2] },
		`its question "what" takes one option only`:       func(q *surveyv1.Questionnaire) { q.Questions[4].GetChoice().Multiple = false },
		`its question "nps" takes no comment`:             func(q *surveyv1.Questionnaire) { q.Questions[0].Comment = nil },
		`it asks employees, not customers`:                func(q *surveyv1.Questionnaire) { q.Population = typev1.Population_POPULATION_EMPLOYEE },
		`it requires the question "age", which the mapping do`: func(q *surveyv1.Questionnaire) {
			q.Questions = append(q.Questions, &surveyv1.Question{Id: "age", Required: true})
		},
	} {
		q, err := m.Questionnaire()
		if err != nil {
			t.Fatal(err)
		}
		q = proto.Clone(q).(*surveyv1.Questionnaire)
		if misfits := m.Misfits(q); len(misfits) > 0 {
			t.Fatalf("misfits with itself: %v", misfits)
		}
		change(q)
		if got := strings.Join(m.Misfits(q), "\n"); !strings.Contains(got, want) {
			t.Errorf("misfits %q, want %q", got, want)
		}
	}
}

func FuzzParseMapping(f *testing.F) {
	f.Add(shopMapping)
	f.Add("version: 1\nsurvey: {id: a}\nresponse: {id: \"{A}\"}\nquestions: [{id: a, type: nps, column: A}]\n")
	f.Add("a: &a [*a]")
	if root, err := testkit.ModuleRoot(); err == nil {
		examples, _ := filepath.Glob(filepath.Join(root, "examples", "*", "*.yaml"))
		for _, path := range examples {
			if text, err := os.ReadFile(path); err == nil {
				f.Add(string(text))
			}
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		m, err := ParseMapping(strings.NewReader(text))
		if err != nil {
			var faults *MappingError
			if !errors.As(err, &faults) || len(faults.Problems) == 0 {
				t.Fatalf("error %v", err)
			}
			return
		}
		// What parses can be bound to a file that has its columns, and converts any row without panicking.
		if q, err := m.Questionnaire(); err == nil && len(m.Misfits(q)) > 0 {
			t.Fatalf("the mapping does not fit its own questionnaire: %v", m.Misfits(q))
		}
		c, err := NewConverter(m, m.Columns(), "")
		if err != nil {
			return
		}
		cells := make([]string, len(m.Columns()))
		for _, cell := range []string{"", "1", "x"} {
			for i := range cells {
				cells[i] = cell
			}
			c.Convert(Record{Line: 2, Row: 1, Cells: cells})
		}
	})
}
