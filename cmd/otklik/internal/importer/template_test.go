package importer

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func expandTemplate(t testing.TB, text string, header, cells []string, row int64) string {
	t.Helper()
	template, err := ParseTemplate(text)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return template.bind(newColumnIndex(header)).expand(cells, row)
}

func TestTemplateExpands(t *testing.T) {
	header, cells := []string{"DAY", "Store name", "город"}, []string{"5", "Ала-Тоо №3 South", "Ош"}
	for text, want := range map[string]string{
		"":                           "",
		"plain":                      "plain",
		"{DAY}":                      "5",
		"2017-05-{DAY}":              "2017-05-5",
		"2017-05-{DAY|pad2}":         "2017-05-05",
		"{ DAY }":                    "5",
		"{{{DAY}}}":                  "{5}",
		"row-{@row|pad5}":            "row-00042",
		"{Store name|slug}":          "3-south",
		"{Store name | upper}":       "АЛА-ТОО №3 SOUTH",
		"{город|lower}/{DAY}/{DAY}":  "ош/5/5",
		"{Store name|slug|pad9}":     "003-south",
		"{город|pad5|lower}":         "000ош",
		"{DAY|pad2}{{not a column}}": "05{not a column}",
	} {
		if got := expandTemplate(t, text, header, cells, 42); got != want {
			t.Errorf("%q gives %q, want %q", text, got, want)
		}
	}
}

func TestTemplateErrors(t *testing.T) {
	for text, want := range map[string]string{
		"a{DAY":       "opened at character 2 is not closed",
		"привет {DAY": "opened at character 8 is not closed",
		"DAY}":        "closed at character 4 was not opened",
		"{}":          "names no column",
		"{ |lower}":   "names no column",
		"{A{B}}":      "opened at character 1 is not closed",
		"{DAY|pad1}":  `filter "pad1" is not known`,
		"{DAY|pad10}": `filter "pad10" is not known`,
		"{DAY|}":      `filter "" is not known`,
		"{@hash}":     `"@hash" is not known`,
		"\xff":        "not valid UTF-8",
	} {
		_, err := ParseTemplate(text)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q", text, err, want)
		}
	}
}

// A template put together from literals and columns gives their concatenation, and knows its columns.
func TestTemplateProperty(t *testing.T) {
	literal := rapid.StringMatching(`[a-zа-я0-9 {}:.-]{0,6}`)
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SliceOfNDistinct(rapid.StringMatching(`[A-Za-zА-Я][A-Za-z0-9 ]{0,5}[a-z]`), 1, 5, rapid.ID[string]).Draw(t, "names")
		cells := make([]string, len(names))
		for i := range cells {
			cells[i] = rapid.String().Draw(t, "cell")
		}
		var text, want strings.Builder
		used := map[string]bool{}
		for range rapid.IntRange(0, 6).Draw(t, "parts") {
			if rapid.Bool().Draw(t, "literal") {
				s := literal.Draw(t, "text")
				text.WriteString(strings.NewReplacer("{", "{{", "}", "}}").Replace(s))
				want.WriteString(s)
				continue
			}
			i := rapid.IntRange(0, len(names)-1).Draw(t, "column")
			text.WriteString("{" + names[i] + "}")
			want.WriteString(cells[i])
			used[names[i]] = true
		}
		template, err := ParseTemplate(text.String())
		if err != nil {
			t.Fatalf("%q: %v", text.String(), err)
		}
		if got := template.bind(newColumnIndex(names)).expand(cells, 1); got != want.String() {
			t.Fatalf("%q gives %q, want %q", text.String(), got, want.String())
		}
		if columns := template.Columns(); len(columns) != len(used) || template.Constant() != (len(used) == 0) {
			t.Fatalf("%q has the columns %v, want %v", text.String(), columns, used)
		}
	})
}

func FuzzParseTemplate(f *testing.F) {
	for _, s := range []string{"", "{A}", "{{{A|pad2}}}", "a{B|slug|upper}c{@row}", "{", "}", "{A|", "\xff{A}"} {
		f.Add(s)
	}
	header := newColumnIndex([]string{"A", "B"})
	f.Fuzz(func(t *testing.T, text string) {
		template, err := ParseTemplate(text)
		if err != nil {
			return
		}
		if template.String() != text {
			t.Fatalf("%q became %q", text, template.String())
		}
		if header.check(template.Columns()) == nil {
			template.bind(header).expand([]string{"x", "y"}, 1)
		}
	})
}
