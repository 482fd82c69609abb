package api

import (
	"strconv"
	"strings"

	"github.com/otklik/otklik/libs/interceptor/validation"
)

// Collections of resource names.
const (
	surveysCollection   = "surveys/"
	revisionsCollection = "/revisions/"
	responsesCollection = "/responses/"
	refusalsCollection  = "/refusals/"
)

func surveyName(id string) string { return surveysCollection + id }

func revisionName(survey string, number int32) string {
	return surveysCollection + survey + revisionsCollection + strconv.FormatInt(int64(number), 10)
}

func responseName(survey, id string) string {
	return surveysCollection + survey + responsesCollection + id
}

func refusalName(survey, id string) string {
	return surveysCollection + survey + refusalsCollection + id
}

// parseSurvey takes `surveys/{survey}` apart. The rules of the protos have refused most of what it refuses.
func parseSurvey(name string) (string, error) {
	id, ok := strings.CutPrefix(name, surveysCollection)
	if !ok || id == "" || strings.Contains(id, "/") {
		return "", validation.Malformed("name", "NAME_MALFORMED", "must have the form surveys/{survey}")
	}
	return id, nil
}

// parseChild takes `surveys/{survey}/{collection}/{id}` apart.
func parseChild(name, collection string) (survey, id string, err error) {
	rest, ok := strings.CutPrefix(name, surveysCollection)
	if ok {
		survey, id, ok = strings.Cut(rest, collection)
	}
	if !ok || survey == "" || id == "" || strings.Contains(survey, "/") || strings.Contains(id, "/") {
		return "", "", validation.Malformed("name", "NAME_MALFORMED", "must have the form surveys/{survey}"+collection+"{id}")
	}
	return survey, id, nil
}

// parseRevision takes `surveys/{survey}/revisions/{revision}` apart; false when it has another form.
func parseRevision(name string) (survey string, number int32, ok bool) {
	survey, id, err := parseChild(name, revisionsCollection)
	if err != nil {
		return "", 0, false
	}
	n, err := strconv.ParseInt(id, 10, 32)
	if err != nil || n < 1 || strconv.FormatInt(n, 10) != id {
		return "", 0, false
	}
	return survey, int32(n), true
}
