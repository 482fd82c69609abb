package command

import (
	"fmt"

	"google.golang.org/protobuf/proto"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

// showExports prints exports, or the answer that holds them as JSON.
func (c *call) showExports(answer proto.Message, exports ...*reportingv1.Export) error {
	if c.json {
		return c.printJSON(answer)
	}
	var rows [][]string
	for _, e := range exports {
		done := fmt.Sprint(e.GetRows())
		if e.TotalRows != nil && e.GetEndTime() == nil {
			done += fmt.Sprintf(" of about %d", e.GetTotalRows())
		}
		rows = append(rows, []string{e.GetName(), enumWord("STATE_", e.GetState()), enumWord("KIND_", e.GetKind()), orDash(e.GetSurvey()), enumWord("FORMAT_", e.GetFormat()), done, fmt.Sprint(e.GetBytes()), formatMoment(e.GetExpireTime()), orDash(e.GetFailure())})
	}
	return c.table([]string{"EXPORT", "STATE", "KIND", "SURVEY", "FORMAT", "ROWS", "BYTES", "EXPIRES", "FAILURE"}, rows)
}
