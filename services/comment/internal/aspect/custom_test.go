package aspect

import (
	"errors"
	"testing"
)

func TestCustom(t *testing.T) {
	c, err := NewCustom([]Own{{ID: "car-wash", Phrases: []string{"автомойка", "car wash"}}, {ID: "kids", Phrases: []string{"детский уголок", "балдар бурчу"}}})
	if err != nil {
		t.Fatal(err)
	}
	if c.Name(Price) != "price" || c.Name(FirstOwn) != "car-wash" || c.Name(FirstOwn+1) != "kids" || c.Name(FirstOwn+2) != "" {
		t.Errorf("names %q %q %q", c.Name(Price), c.Name(FirstOwn), c.Name(FirstOwn+1))
	}
	var none *Custom
	if got := none.Read(nil, nil, nil); got != nil || none.Name(Staff) != "staff" || none.Name(FirstOwn) != "" {
		t.Errorf("nothing finds %v", got)
	}
}

func TestCustomRefusals(t *testing.T) {
	_, err := NewCustom([]Own{{ID: "a", Phrases: []string{"ok"}}, {ID: "b", Phrases: []string{"ok", "!!!"}}})
	var p *PhraseError
	if !errors.As(err, &p) || p.Aspect != 1 || p.Phrase != 1 {
		t.Errorf("error %v, want one of phrase 1 of aspect 1", err)
	}
	if _, err := NewCustom([]Own{{Phrases: []string{"ok"}}}); err == nil {
		t.Error("an aspect without an identifier is taken")
	}
}
