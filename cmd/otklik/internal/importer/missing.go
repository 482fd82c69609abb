package importer

import (
	"slices"
	"strings"
)

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
	all := Codes{"": ""}
	for _, set := range sets {
		for code, meaning := range set {
			code = strings.ToLower(strings.TrimSpace(code))
			if meaning != "" || all[code] == "" {
				all[code] = meaning
			}
		}
	}
	m := &missingSet{byText: make(map[string]int, len(all)), byNumber: map[centi]int{}}
	for _, code := range sortedKeys(all) {
		m.byText[code] = len(m.codes)
		if v, ok := parseCenti(code, '.'); ok {
			m.byNumber[v] = len(m.codes)
		}
		m.codes = append(m.codes, MissingCode{Code: code, Meaning: all[code]})
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

// clone is for tests and reports: the codes in their order.
func (m *missingSet) list() []MissingCode { return slices.Clone(m.codes) }
