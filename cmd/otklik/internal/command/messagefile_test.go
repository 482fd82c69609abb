package command

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/proto"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// YAML with short names, JSON with the API's, from a file or standard input: all mean the same.
func TestReadMessage(t *testing.T) {
	want := &scoringv1.MetricDefinition{
		Title: &typev1.LocalizedText{Texts: map[string]string{"en": "Loyalty", "ru": "Лояльность"}},
		Meaning: &scoringv1.MetricDefinition_Index{Index: &scoringv1.IndexDefinition{
			Importance: scoringv1.IndexDefinition_IMPORTANCE_FIXED,
			Attributes: []*scoringv1.IndexDefinition_Attribute{{Id: "a", Question: "q1", Weight: 2.5, Title: &typev1.LocalizedText{Texts: map[string]string{"en": "A"}}}, {Id: "b", Question: "q2"}},
		}},
	}
	for name, text := range map[string]string{
		"short.yaml": "title: {en: Loyalty, ru: Лояльность}\nindex:\n  importance: fixed\n  attributes:\n    - {id: a, question: q1, weight: 2.5, title: {en: A}}\n    - {id: b, question: q2}\n",
		"long.json": `{"title": {"texts": {"en": "Loyalty", "ru": "Лояльность"}}, "index": {"importance": "IMPORTANCE_FIXED",
			"attributes": [{"id": "a", "question": "q1", "weight": 2.5, "title": {"texts": {"en": "A"}}}, {"id": "b", "question": "q2"}]}}`,
	} {
		cmd := &cobra.Command{}
		cmd.SetIn(strings.NewReader(text))
		c := &call{cmd: cmd}
		for _, path := range []string{writeFile(t, name, text), "-"} {
			got := &scoringv1.MetricDefinition{}
			if err := c.readMessage(path, got); err != nil || !proto.Equal(got, want) {
				t.Errorf("%s: %v, %v", path, got, err)
			}
		}
	}
	c := &call{cmd: &cobra.Command{}}
	for want, text := range map[string]string{
		"is neither JSON nor YAML": "- a\n- b\n", "is larger than 4 MiB": "# " + strings.Repeat("x", maxMessageBytes), "JSON does not": "{1: {true: a}}", "invalid": "version: x",
	} {
		if err := c.readMessage(writeFile(t, "x.yaml", text), &scoringv1.MetricDefinition{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
