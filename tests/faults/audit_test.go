package faults

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// TestAuditSeesWhatIsWrong makes sure that the other tests would fail if they had to.
func TestAuditSeesWhatIsWrong(t *testing.T) {
	t.Parallel()
	const name = survey + "/responses/r"
	sent := small("r").GetResponse()
	kept := proto.CloneOf(sent)
	kept.Name = name
	other := proto.CloneOf(kept)
	other.Answers[0].Value = &surveyv1.Answer_Score{Score: 1}
	for what, c := range map[string]struct {
		fate fate
		// times is how often the response comes when what is stored is read.
		times  int
		stored *surveyv1.Response
		unsent bool
		says   string
	}{
		"well":                    {fate: acknowledged, times: 1, stored: kept},
		"in doubt and not stored": {fate: unknown},
		"in doubt and stored":     {fate: unknown, times: 1, stored: kept},
		"lost":                    {fate: acknowledged, says: "is not stored"},
		"doubled":                 {fate: acknowledged, times: 2, stored: kept, says: "twice"},
		"stored though refused":   {fate: refused, times: 1, stored: kept, says: "was refused"},
		"changed":                 {fate: acknowledged, times: 1, stored: other, says: "other content"},
		"made up":                 {unsent: true, times: 1, stored: kept, says: "never sent"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			l, s := newLedger(), newStored()
			if !c.unsent {
				l.send(name, &entry{response: sent})
				l.settle(name, c.fate)
			}
			for i := range c.times {
				if i > 0 {
					s.twice = append(s.twice, name)
				}
				s.responses[name] = c.stored
			}
			err := l.audit(s)
			if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v, want %q", err, c.says)
			}
			if lost := l.losses(s); (lost > 0) != (what == "lost") {
				t.Errorf("%d losses", lost)
			}
		})
	}
}
