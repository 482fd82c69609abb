package sheet

// Cut is as much of a text as has at most so many units of UTF-16, in which sheets count the characters of a cell and of a name.
func Cut(text string, most int) string {
	used := 0
	for i, r := range text {
		units := 1
		if r > 0xffff {
			units = 2
		}
		if used += units; used > most {
			return text[:i]
		}
	}
	return text
}
