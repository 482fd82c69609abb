package importer

import "strings"

// missingSet finds missing codes.
type missingSet struct {
	codes    []MissingCode
	byText   map[string]int
	byNumber map[centi]int
}

// MissingCode is a value that means that there is no answer.
type MissingCode struct {
	// Code is the value; empty for the empty cell.
	Code string
	// Meaning is what the mapping says that it means; may be empty.
	Meaning string
}

// newMissingSet joins the codes of the file and of a column; those of the column explain themselves better. The empty cell is always missing.
func newMissingSet(sets ...Codes) *missingSet {
	all := map[string]MissingCode{"": {}}
	for _, set := range sets {
		for _, code := range sortedKeys(set) {
			key := strings.ToLower(strings.TrimSpace(code))
			if set[code] != "" || all[key].Meaning == "" {
				all[key] = MissingCode{Code: strings.TrimSpace(code), Meaning: set[code]}
			}
		}
	}
	m := &missingSet{byText: make(map[string]int, len(all)), byNumber: map[centi]int{}}
	for _, key := range sortedKeys(all) {
		m.byText[key] = len(m.codes)
		if v, ok := parseCenti(key, '.'); ok {
			m.byNumber[v] = len(m.codes)
		}
		m.codes = append(m.codes, all[key])
	}
	return m
}

// find returns the position of the code that a cell is; false when the cell is none.
func (m *missingSet) find(cell string) (int, bool) {
	if i, ok := m.byText[cell]; ok {
		return i, true
	}
	cell = strings.TrimSpace(cell)
	if i, ok := m.byText[strings.ToLower(cell)]; ok {
		return i, true
	}
	if len(m.byNumber) > 0 {
		if v, ok := parseCenti(cell, '.'); ok {
			i, ok := m.byNumber[v]
			return i, ok
		}
	}
	return 0, false
}

// isNone tells whether a cell has no value.
func (m *missingSet) isNone(cell string) bool {
	_, ok := m.find(cell)
	return ok
}
