package redaction

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/otklik/otklik/services/comment/internal/text"
)

func redact(source string) string { return string(Redact(source, findings(source), nil)) }

func TestRedactWritesPlaceholders(t *testing.T) {
	source := "Я Айгуль, +996 555 12 34 56, aigul@mail.kg, карта 4111 1111 1111 1111, ИНН 21505199001234, паспорт AN1234567, живу: ул. Киевская 77"
	want := "Я [NAME], [PHONE], [EMAIL], карта [CARD], ИНН [ID], паспорт [PASSPORT], живу: [ADDRESS]"
	if got := redact(source); got != want {
		t.Errorf("%q became %q", source, got)
	}
}

// What was found in a row of the development set is not in its redacted form, and redacting that again changes nothing.
func TestRedactedTextHoldsNothing(t *testing.T) {
	files, err := filepath.Glob("../../gold/dev_*.tsv")
	if err != nil || len(files) == 0 {
		t.Fatalf("no rows: %v", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(data)) {
			source := strings.TrimSpace(line)
			if strings.Contains(file, "pii") {
				source = parse(t, strings.TrimSuffix(line, "\n")).source
			}
			once := redact(source)
			for _, f := range findings(source) {
				if value := source[f.Start:f.End]; f.Kind != Name && strings.Contains(once, value) {
					t.Errorf("%q is still in %q", value, once)
				}
			}
			if twice := redact(once); twice != once {
				t.Errorf("%q became %q, then %q", source, once, twice)
			}
		}
	}
}

func TestFindAfterOtherFindings(t *testing.T) {
	var d text.Document
	d.Read("Айгуль")
	before := []Finding{{Phone, 0, 5}}
	if found := Find(&d, 0, before); len(found) != 2 || found[0] != before[0] {
		t.Errorf("found %v", found)
	}
}
