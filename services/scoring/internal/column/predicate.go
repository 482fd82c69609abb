package column

import "github.com/otklik/otklik/services/scoring/internal/question"

// Predicate tells which rows count. It is evaluated once for each value that occurs, never for each row; its functions must be pure.
type Predicate interface{ predicate() }

type (
	// And holds when all hold; of none it holds.
	And []Predicate
	// Or holds when any holds; of none it does not.
	Or []Predicate
	// Not holds when the other does not.
	Not struct{ Predicate Predicate }
	// In holds for rows with a value of the key that matches; for rows without, when Match("", false).
	In struct {
		Key   string
		Match func(value string, stated bool) bool
	}
	// Scored holds for rows whose answer to a scored question matches; not for rows without one.
	Scored struct {
		Question string
		Match    func(value question.Centi) bool
	}
	// Chosen holds for rows which chose an option that matches; not for rows that chose none.
	Chosen struct {
		Question string
		Match    func(option string) bool
	}
)

func (And) predicate()    {}
func (Or) predicate()     {}
func (Not) predicate()    {}
func (In) predicate()     {}
func (Scored) predicate() {}
func (Chosen) predicate() {}
