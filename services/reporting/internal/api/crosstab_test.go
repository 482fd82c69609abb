package api_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/rpcerr"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
)

// TestCrosstabOfKeysThatNobodyStates names the nearest key, or those that there are: that nobody answers is something else.
func TestCrosstabOfKeysThatNobodyStates(t *testing.T) {
	t.Parallel()
	var facts []*scoringv1.Fact
	for i := range 40 {
		key := func(name, value string) *scoringv1.Fact_FactKey {
			return &scoringv1.Fact_FactKey{Key: name, Values: []string{value}}
		}
		facts = append(facts, &scoringv1.Fact{
			Group: int32(i), Answers: []*scoringv1.Fact_FactAnswer{answer("staff", "1-5", float64(1+i%5))},
			Keys: []*scoringv1.Fact_FactKey{key("attributes.till", fmt.Sprint(i%3)), key("channel", []string{"app", "sms"}[i%2]), key("employee", "anna"), key("location", "north")},
		})
	}
	for name, c := range map[string]struct{ row, column, field, says string }{
		"misspelt":     {"channelx", "answers.staff", "row", "the nearest key is channel"},
		"short":        {"channel", "till", "column", "the nearest key is attributes.till"},
		"of none":      {"answers.staff", "spaceship", "column", "responses state attributes.till, channel, location, and answers.QUESTION is a question"},
		"not asked at": {"attributes.desk1", "answers.staff", "row", `no response states "attributes.desk1"`},
	} {
		_, server := serve(t, facts)
		_, err := server.QueryCrosstab(callerOf(t, nil), &reportingv1.QueryCrosstabRequest{Query: query(), Row: c.row, Column: c.column})
		e, ok := rpcerr.FromError(err)
		if !ok || e.Code != codes.FailedPrecondition || e.Reason != "KEY_UNKNOWN" || len(e.Fields) != 1 || e.Fields[0].Field != c.field || !strings.Contains(e.Message, c.says) ||
			strings.Contains(e.Message, "employee") {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, server := serve(t, facts)
	resp, err := server.QueryCrosstab(callerOf(t, nil), &reportingv1.QueryCrosstabRequest{Query: query(), Row: "channel", Column: "attributes.till"})
	if err != nil || !slices.EqualFunc(resp.GetRows(), []string{"app", "sms"}, func(x *reportingv1.CrosstabCategory, want string) bool { return x.GetValue() == want }) {
		t.Errorf("%v, %v", resp, err)
	}
	_, server = serve(t, nil)
	_, err = server.QueryCrosstab(callerOf(t, nil), &reportingv1.QueryCrosstabRequest{Query: query(), Row: "channelx", Column: "answers.staff"})
	if e, ok := rpcerr.FromError(err); !ok || e.Reason != "NO_DATA" {
		t.Errorf("without responses: %v", err)
	}
}
