package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

func parse(t *testing.T, text string) *object {
	t.Helper()
	var o object
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		t.Fatal(err)
	}
	return &o
}

func render(t *testing.T, o *object) string {
	t.Helper()
	data, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestObjectsKeepTheirOrder(t *testing.T) {
	const text = `{"z":1,"a":[{"y":true,"b":null},"<&>"],"m":{"c":1.50}}`
	if got := render(t, parse(t, text)); got != strings.ReplaceAll(text, "<&>", `\u003c\u0026\u003e`) && got != text {
		t.Errorf("%s", got)
	}
	o := parse(t, text)
	o.set("a", "x")
	o.set("new", "y")
	o.delete("m")
	if got := render(t, o); got != `{"z":1,"a":"x","new":"y"}` {
		t.Errorf("%s", got)
	}
}

func TestAlternativesBecomeOneListOfProperties(t *testing.T) {
	schema := parse(t, `{"type":"object","allOf":[
		{"properties":{"question":{"type":"string","title":"question"},"comment":{"type":"string"}}},
		{"oneOf":[{"properties":{"choice":{"type":"object"}},"required":["choice"]},{"properties":{"freeText":{"type":"string","title":"free_text"}},"required":["freeText"]},{"properties":{"score":{"type":"number"}},"required":["score"]},
			{"properties":{"number":{"type":"number"}},"required":["number"]},{"properties":{"date":{"type":"string"}},"required":["date"]}]}],
		"additionalProperties":false}`)
	mendMessage(schema, (&surveyv1.Answer{}).ProtoReflect().Descriptor())
	if got := strings.Join(schema.object("properties").names, " "); got != "question score choice freeText number date comment" {
		t.Errorf("properties %s", got)
	}
	if schema.list("allOf") != nil || len(schema.list("oneOf")) != 6 {
		t.Errorf("%s", render(t, schema))
	}
	if strings.Contains(render(t, schema), "free_text") {
		t.Errorf("a proto name is left: %s", render(t, schema))
	}
}

func TestDocumentPaths(t *testing.T) {
	for template, want := range map[string]string{
		"/v1/surveys":                             "/v1/surveys",
		"/v1/{name=surveys/*}:close":              "/v1/surveys/{survey}:close",
		"/v1/{name=surveys/*/revisions/*}":        "/v1/surveys/{survey}/revisions/{revision}",
		"/v1/{query.survey=surveys/*}/scores":     "/v1/surveys/{survey}/scores",
		"/v1/{name=metricDefinitions/*}":          "/v1/metricDefinitions/{metricDefinition}",
		"/v1/{parent=surveys/*}/responses:stream": "/v1/surveys/{survey}/responses:stream",
	} {
		if got := documentPath(template); got != want {
			t.Errorf("%s became %s, want %s", template, got, want)
		}
	}
}

func TestTextsSpeakJSON(t *testing.T) {
	m := &mender{}
	m.services = nil
	m.messages = nil
	document := parse(t, `{"description":"one\n two","x":{"description":"double.finite = true\n"},"y":{"description":"A.\nrule.id // b needs c\n"}}`)
	m.mendTexts(document)
	if got := render(t, document); got != `{"description":"one\ntwo","x":{"description":""},"y":{"description":"A.\nRule: b needs c."}}` {
		t.Errorf("%s", got)
	}
}

func TestCompletingTwiceChangesNothing(t *testing.T) {
	data, err := os.ReadFile("../gen/openapi/otklik.json")
	if err != nil {
		t.Fatal(err)
	}
	again, err := complete(data)
	if err != nil {
		t.Fatal(err)
	}
	if string(again) != string(data) {
		t.Error("the document changed")
	}
}

func TestRouteWithoutOperationIsAnError(t *testing.T) {
	data, err := os.ReadFile("../gen/openapi/otklik.json")
	if err != nil {
		t.Fatal(err)
	}
	document := parse(t, string(data))
	document.object("paths").delete("/v1/surveys")
	without, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := complete(without); err == nil || !strings.Contains(err.Error(), "/v1/surveys") {
		t.Errorf("%v", err)
	}
	document = parse(t, string(data))
	document.object("paths").set("/v1/more", parse(t, `{"get":{}}`))
	more, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := complete(more); err == nil || !strings.Contains(err.Error(), "/v1/more") {
		t.Errorf("%v", err)
	}
}
