package light

import "iter"

// Recount counts responses, which come in the order of their contacts, into the sums of their units, and hands out each unit once: a contact when its last
// response was read, so that not all of them are held at once, the others at the end in no order.
func Recount(p Policy, e Edges, rows iter.Seq2[Row, error], each func(Unit, *Periods) error) error {
	t, contact := NewTally(p), ""
	finish := func() error {
		if contact == "" {
			return nil
		}
		clear(t.Parts)
		u := Unit{Contact, contact}
		sums := t.Units[u]
		if sums == nil || sums.Empty() {
			return nil
		}
		delete(t.Units, u)
		return each(u, sums)
	}
	for r, err := range rows {
		if err != nil {
			return err
		}
		if r.Contact != contact {
			if err := finish(); err != nil {
				return err
			}
			contact = r.Contact
		}
		t.Move(&r, Member{}, e.Of(r.Time))
	}
	if err := finish(); err != nil {
		return err
	}
	for u, sums := range t.Units {
		if sums.Empty() {
			continue
		}
		if err := each(u, sums); err != nil {
			return err
		}
	}
	return nil
}
