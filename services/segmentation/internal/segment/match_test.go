package segment

import "testing"

// What can never hold is refused where it is written, with the nearest value that can.
func TestWhatCanNeverHold(t *testing.T) {
	s, err := NewSchema([]Attribute{
		{Name: "contact.tier", Type: Text, Options: []string{"gold", "silver", "Platinum"}}, {Name: "contact.city", Type: Text}, {Name: "contact.age", Type: Number},
		{Name: "contact.vip", Type: Flag},
	})
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		`contact.tier == "gold" && contact.city == "Osh" && contact.age in [1, 2.5]`: "",
		`contact.tier in ["gold", "silver"] || "Platinum" != contact.tier`:           "",
		`light.contact == "RED" && today > timestamp("2026-01-01T00:00:00Z")`:        "",
		`true`:                      "",
		`has(contact.tier) == true`: "",
		`contact.age > 3.0 && contact.tier == "platinum"`: `line 1, column 38: contact.tier is never "platinum": it is one of gold, silver, Platinum; the nearest is Platinum`,
		`contact.tier in ["gold", "slver"]`:               `line 1, column 26: contact.tier is never "slver": it is one of gold, silver, Platinum; the nearest is silver`,
		`light.contact == "red"`:                          `line 1, column 18: light.contact is never "red": it is one of RED, AMBER, GREEN; the nearest is RED`,
		`contact.tier in ["gold", 5]`:                     `line 1, column 26: contact.tier is a string and never 5`,
		`contact.age in [1.5, "x"]`:                       `line 1, column 22: contact.age is a double and never x`,
		`1/0 == 1`:                                        `line 1, column 5: the condition has no outcome, whoever it is asked of`,
	} {
		r, err := Compile(s, text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		got := ""
		if err := r.CheckMatch(); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}
