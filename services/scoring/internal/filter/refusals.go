package filter

import "strings"

// OfRefusals tells whether refusals can have a value of what Filter.Names lists: what people answered, the revision that they answered and what was found
// out about them and their comments is known of responses alone.
func OfRefusals(name string) bool {
	switch name {
	case RevisionKey, "sentiment", "case":
		return false
	}
	return !strings.HasPrefix(name, answerPrefix) && !ManyValued(name)
}
