package text

// Transliterate writes the Cyrillic reading of a Latin word in place of its folded form.
func (d *Document) Transliterate(i int, to Script) {
	t := &d.Tokens[i]
	if to != Cyrillic || t.Script != Latin || t.Kind != Word || t.Flags&Reread != 0 {
		return
	}
	t.Flags |= Reread
}
