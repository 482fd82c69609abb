package light

import "strings"

// suffix ends the names of lights.
const suffix = "/light"

// collections are the names of what lights are of, as resources.
func (k Kind) collection() string {
	return [...]string{"", "companies/", "contacts/", "locations/", "employees/"}[k]
}

// Name is the resource name of the light of a unit.
func Name(u Unit) string { return u.Kind.collection() + u.ID + suffix }

// ParseName reads the resource name of a light; false when it is none.
func ParseName(name string) (Unit, bool) {
	owner, ok := strings.CutSuffix(name, suffix)
	if !ok {
		return Unit{}, false
	}
	for _, k := range Kinds() {
		if id, ok := strings.CutPrefix(owner, k.collection()); ok && named(id) {
			return Unit{k, id}, true
		}
	}
	return Unit{}, false
}

const (
	surveysPrefix    = "surveys/"
	responsesSegment = "/responses/"
)

// ParseResponse reads the resource name of a response.
func ParseResponse(name string) (survey, response string, ok bool) {
	parent, response, found := strings.Cut(name, responsesSegment)
	survey, prefixed := strings.CutPrefix(parent, surveysPrefix)
	ok = found && prefixed && survey != "" && response != "" && !strings.Contains(survey, "/") && !strings.Contains(response, "/")
	return survey, response, ok
}

// ResponseName is the resource name of a response.
func ResponseName(survey, response string) string {
	return surveysPrefix + survey + responsesSegment + response
}
