package cases

import (
	"cmp"
	"strings"
)

// Compare says which of two cases comes first in the inbox: what is late, then what is due sooner, is worth more, is more severe. The order is total: no two
// cases of an organisation are equal.
func Compare(a, b *Case) int {
	return cmp.Or(
		-compareBool(a.Late.Any(), b.Late.Any()),
		compareDue(a, b),
		-cmp.Compare(a.Value, b.Value),
		-cmp.Compare(a.Severity, b.Severity),
		strings.Compare(a.ID, b.ID),
	)
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// compareDue puts what is never due last.
func compareDue(a, b *Case) int {
	if a.Due.IsZero() || b.Due.IsZero() {
		return compareBool(a.Due.IsZero(), b.Due.IsZero())
	}
	return a.Due.Compare(b.Due)
}
