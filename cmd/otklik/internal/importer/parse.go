package importer

import (
	"io"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/otklik/otklik/libs/sheet"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// The identifiers that the API accepts.
var (
	surveyIDPattern    = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)
	questionIDPattern  = regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`)
	optionIDPattern    = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$`)
	responseIDPattern  = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$`)
	languageTagPattern = regexp.MustCompile(`^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$`)
)

// Limits of the API that a mapping can break.
const (
	maxQuestions  = 300
	maxAttributes = 32
	maxLanguages  = 32
	maxTextRunes  = 2000
	maxNameRunes  = 200
)

// mappingReader reads a mapping file into m.
type mappingReader struct {
	strictReader
	m *Mapping
}

// ParseMapping reads a mapping file. It is strict: an unknown key, a key that comes twice, a value that cannot be are all refused, each with
// its line. The error is a *MappingError unless reading itself failed.
func ParseMapping(in io.Reader) (*Mapping, error) {
	r := &mappingReader{m: &Mapping{OnBadValue: PolicyRefuse, CSV: CSVFormat{Decimal: '.'}, Missing: Codes{}}}
	root, ok := r.document(in)
	if ok {
		r.mapping(root)
	}
	if err := r.err(); err != nil {
		return nil, err
	}
	return r.m, nil
}

func (r *mappingReader) mapping(root node) {
	present := map[string]bool{}
	// Questions inherit the policy and are checked with the default language, wherever those stand in the file.
	var questions node
	mark := func(key string, read func(node)) func(node) {
		return func(n node) { present[key] = true; read(n) }
	}
	r.object(root, fields{
		"version":      mark("version", r.version),
		"survey":       mark("survey", r.survey),
		"csv":          r.csv,
		"missing":      func(n node) { r.m.Missing = r.codes(n) },
		"on_bad_value": func(n node) { r.policy(n, &r.m.OnBadValue) },
		"response":     mark("response", r.response),
		"questions":    mark("questions", func(n node) { questions = n }),
	})
	for _, key := range []string{"version", "survey", "response", "questions"} {
		if !present[key] && root.Kind == yaml.MappingNode {
			r.fail(root, "the key %q is missing", key)
		}
	}
	if questions.Node != nil {
		r.questions(questions)
	}
}

func (r *mappingReader) version(n node) {
	if s, ok := r.text(n); ok && s != "1" {
		r.fail(n, "must be 1, the version of the form of mapping files, not %q", s)
	}
}

func (r *mappingReader) survey(n node) {
	s := &r.m.Survey
	r.object(n, fields{
		"id":               r.set(&s.ID),
		"display_name":     r.set(&s.DisplayName),
		"default_language": r.set(&s.DefaultLanguage),
		"title":            func(n node) { s.Title = r.localized(n) },
		"population":       r.population,
	})
	if n.Kind != yaml.MappingNode {
		return
	}
	if !surveyIDPattern.MatchString(s.ID) {
		r.fail(n, "id: must be lower-case letters, digits, hyphens and underscores, at most 63, not %q", s.ID)
	}
	if s.DefaultLanguage == "" {
		s.DefaultLanguage = "en"
	}
	if !languageTagPattern.MatchString(s.DefaultLanguage) {
		r.fail(n, "default_language: %q is not a language tag such as en or ky", s.DefaultLanguage)
	}
	if len(s.Title) > 0 && s.Title[s.DefaultLanguage] == "" {
		r.fail(n, "title: the text in the default language %q is missing", s.DefaultLanguage)
	}
	if s.DisplayName == "" {
		s.DisplayName = s.Title[s.DefaultLanguage]
	}
	if utf8.RuneCountInString(s.DisplayName) > maxNameRunes {
		r.fail(n, "display_name: longer than %d characters", maxNameRunes)
	}
}

func (r *mappingReader) population(n node) {
	s, ok := r.text(n)
	if !ok {
		return
	}
	v, known := typev1.Population_value["POPULATION_"+strings.ToUpper(s)]
	if !known || v == 0 || s != strings.ToLower(s) {
		r.fail(n, "must be customer, prospect, former or employee, not %q", s)
		return
	}
	r.m.Survey.Population = typev1.Population(v)
}

// localized reads texts by language.
func (r *mappingReader) localized(n node) map[string]string {
	texts := map[string]string{}
	r.pairs(n, func(language string, keyNode, value node) {
		text, ok := r.text(value)
		switch {
		case !ok:
		case !languageTagPattern.MatchString(language):
			r.fail(keyNode, "%q is not a language tag such as en or ky", language)
		case text == "" || utf8.RuneCountInString(text) > maxTextRunes:
			r.fail(value, "must have 1 to %d characters", maxTextRunes)
		default:
			texts[language] = text
		}
	})
	if len(texts) > maxLanguages {
		r.fail(n, "more than %d languages", maxLanguages)
	}
	return texts
}

func (r *mappingReader) csv(n node) {
	c := &r.m.CSV
	trim := true
	r.object(n, fields{
		"delimiter":   r.delimiter,
		"encoding":    r.encoding,
		"lazy_quotes": r.setBool(&c.LazyQuotes),
		"trim":        r.setBool(&trim),
		"decimal": func(n node) {
			switch s, ok := r.text(n); {
			case !ok:
			case s == "point" || s == ".":
				c.Decimal = '.'
			case s == "comma" || s == ",":
				c.Decimal = ','
			default:
				r.fail(n, "must be point or comma, not %q", s)
			}
		},
	})
	c.KeepBlanks = !trim
}

func (r *mappingReader) delimiter(n node) {
	s, ok := r.text(n)
	if !ok {
		return
	}
	switch s {
	case "auto":
		r.m.CSV.Delimiter = 0
		return
	case "tab":
		s = "\t"
	}
	c, size := utf8.DecodeRuneInString(s)
	if size != len(s) || c == utf8.RuneError || c == '"' || c == '\r' || c == '\n' || c == 0xFEFF || c == 0 {
		r.fail(n, "must be one character, tab or auto, not %q", s)
		return
	}
	r.m.CSV.Delimiter = c
}

func (r *mappingReader) encoding(n node) {
	s, ok := r.text(n)
	if !ok {
		return
	}
	if !slices.Contains(sheet.Encodings(), s) {
		r.fail(n, "must be one of %s, not %q", strings.Join(sheet.Encodings(), ", "), s)
		return
	}
	r.m.CSV.Encoding = s
}

func (r *mappingReader) policy(n node, dst *Policy) {
	s, ok := r.text(n)
	switch {
	case !ok:
	case Policy(s) == PolicyRefuse || Policy(s) == PolicySkipAnswer:
		*dst = Policy(s)
	default:
		r.fail(n, "must be %s or %s, not %q", PolicyRefuse, PolicySkipAnswer, s)
	}
}

// codes reads missing codes: a list of them, or a mapping of each to its meaning.
func (r *mappingReader) codes(n node) Codes {
	codes := Codes{}
	resolved, ok := r.enter(n)
	if !ok {
		return codes
	}
	if resolved.Kind != yaml.MappingNode {
		for _, s := range r.texts(n) {
			codes[s] = ""
		}
		return codes
	}
	r.pairs(n, func(code string, _, value node) {
		if meaning, ok := r.text(value); ok {
			codes[code] = meaning
		}
	})
	return codes
}

// template returns a reader of a template into dst.
func (r *mappingReader) template(dst **Template) func(node) {
	return func(n node) {
		s, ok := r.text(n)
		if !ok {
			return
		}
		t, err := ParseTemplate(s)
		if err != nil {
			r.fail(n, "%v", err)
			return
		}
		*dst = t
	}
}

// columnTemplate returns a reader of the name of a column into dst, as a template of that column.
func (r *mappingReader) columnTemplate(dst **Template) func(node) {
	return func(n node) {
		s, ok := r.text(n)
		switch {
		case !ok:
		case strings.TrimSpace(s) == "":
			r.fail(n, "must be the name of a column")
		default:
			*dst = &Template{text: "{" + s + "}", parts: []part{{column: s}}}
		}
	}
}

// clock reads a time of day such as 12:00.
func (r *mappingReader) clock(dst *time.Duration) func(node) {
	return func(n node) {
		s, ok := r.text(n)
		if !ok {
			return
		}
		d, ok := timeLayouts{layouts: clockLayouts[:2]}.parseClock(s)
		if !ok {
			r.fail(n, "must be a time of day such as 12:00, not %q", s)
			return
		}
		*dst = d
	}
}

func (r *mappingReader) oneOf(n node, names string, given ...*Template) {
	count := 0
	for _, t := range given {
		if t != nil {
			count++
		}
	}
	// A template that was given but could not be read has been reported already.
	if count > 1 || (count == 0 && len(r.problems) == 0) {
		r.fail(n, "exactly one of %s is needed", names)
	}
}
