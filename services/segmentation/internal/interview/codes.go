package interview

import (
	"fmt"
	"time"
)

// Book is an organisation's code book.
type Book struct {
	Organization string    `json:"-"`
	Codes        []Code    `json:"codes"`
	CreateTime   time.Time `json:"create_time"`
	UpdateTime   time.Time `json:"update_time"`
	Version      int64     `json:"-"`
}

// Code is a code by which interviews are sorted.
type Code struct {
	ID string `json:"id"`
	// Names are what people call it, by language.
	Names map[string]string `json:"names"`
	// Retired codes are given no more.
	Retired bool `json:"retired,omitempty"`
}

// Check tells whether the book may take the place of one before. used tells which codes interviews have. Errors are *Refusal.
func (b Book) Check(before Book, used map[string]bool) error {
	seen := map[string]bool{}
	for n, c := range b.Codes {
		if seen[c.ID] {
			return &Refusal{Field: fmt.Sprintf("codes[%d].id", n), Description: "stands twice in the book"}
		}
		seen[c.ID] = true
	}
	for _, c := range before.Codes {
		if !seen[c.ID] && used[c.ID] {
			return &Refusal{Field: "codes", Description: "lack " + c.ID + ", which interviews have: retire it instead", Transition: true}
		}
	}
	return nil
}

// Allows tells whether a code may be given to an interview that has some already: it is in the book and not retired, or the interview has it.
func (b Book) Allows(code string, has []string) bool {
	for _, h := range has {
		if h == code {
			return true
		}
	}
	for _, c := range b.Codes {
		if c.ID == code {
			return !c.Retired
		}
	}
	return false
}
