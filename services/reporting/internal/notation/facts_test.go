package notation_test

import (
	"slices"
	"testing"
	"time"

	"github.com/otklik/otklik/services/reporting/internal/document"
	"github.com/otklik/otklik/services/reporting/internal/notation"
)

func TestFacts(t *testing.T) {
	month := document.Period{Start: time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC), End: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), Zone: time.UTC}
	ru := notation.For("ru")
	period := [2]string{"Период", ru.Period(month)}
	for name, c := range map[string]struct {
		in   document.Document
		want [][2]string
	}{
		"all":                {document.Document{Period: month}, [][2]string{period, {"Отбор", "все ответы"}}},
		"a reader of stores": {document.Document{Period: month, Scope: "Ош-1"}, [][2]string{period, {"Подразделения читателя", "Ош-1"}}},
		"both": {document.Document{Period: month, Scope: "Ош-1", Filter: "language = ky", Fingerprint: "f"},
			[][2]string{period, {"Подразделения читателя", "Ош-1"}, {"Отбор", "language = ky"}, {"Контрольный код", "f"}}},
	} {
		if got := ru.Facts(c.in); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
