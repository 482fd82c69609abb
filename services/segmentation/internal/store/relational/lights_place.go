package relational

import (
	"cmp"

	"github.com/otklik/otklik/services/segmentation/internal/light"
)

// place enters where a unit belongs: a location in the region where it was last answered; a contact where the directory says, and as far as that says nothing to
// the company that it last answered for, and to the location, or the region, where all was said that its light rests on. So who looks after a location sees no
// light that tells what was said elsewhere.
func (t *tally) place(l *storedLight) {
	switch l.unit.Kind {
	case light.Location:
		l.region = cmp.Or(t.regions[l.unit.ID], l.region)
	case light.Contact:
		home := t.homes[l.unit.ID]
		if company, counted := t.companies[l.unit.ID]; counted {
			l.company = company
		}
		l.company = cmp.Or(home.Company, l.company)
		switch {
		case home.Location != "":
			l.location, l.region = home.Location, home.Region
		case t.contacts[l.unit.ID]:
			l.location, l.region = t.allSaidAt(l.unit)
		}
	case light.Company, light.Staff:
	}
}

// allSaidAt is the location, and the region, where all was said that the light of a contact rests on; empty where that is not one.
func (t *tally) allSaidAt(contact light.Unit) (location, region string) {
	var counted [len(light.Parts{})]int64
	isFirst := true
	for key, parts := range t.partsOf(contact.ID) {
		if key.Unit.Kind != light.Location || parts.Empty() {
			continue
		}
		for period := range parts {
			counted[period] += parts[period].Answers.Count
		}
		in := cmp.Or(t.regions[key.Unit.ID], t.stored[key.Unit].region)
		if isFirst {
			isFirst, location, region = false, key.Unit.ID, in
			continue
		}
		location = ""
		if in != region {
			region = ""
		}
	}
	sums := t.Units[contact]
	for period, n := range counted {
		if sums == nil || sums[period].Answers.Count != n {
			// Something was said where no location is known.
			return "", ""
		}
	}
	return location, region
}

// strays tells whether a contact whose light is stored seems to belong elsewhere by what is counted now: the directory has to be asked.
func (t *tally) strays(contact light.Unit) bool {
	l := t.stored[contact]
	if company, counted := t.companies[contact.ID]; counted && company != l.company {
		return true
	}
	if !t.contacts[contact.ID] {
		return false
	}
	location, region := t.allSaidAt(contact)
	return location != l.location || region != l.region
}

// partsOf are the parts of a contact.
func (t *tally) partsOf(contact string) map[light.PartKey]*light.Parts {
	if t.byContact == nil {
		t.byContact = map[string]map[light.PartKey]*light.Parts{}
		for key, parts := range t.Parts {
			if t.byContact[key.Contact] == nil {
				t.byContact[key.Contact] = map[light.PartKey]*light.Parts{}
			}
			t.byContact[key.Contact][key] = parts
		}
	}
	return t.byContact[contact]
}
