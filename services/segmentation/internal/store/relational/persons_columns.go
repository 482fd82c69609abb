package relational

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/segmentation/internal/attribute"
	"github.com/otklik/otklik/services/segmentation/internal/cases"
	"github.com/otklik/otklik/services/segmentation/internal/interview"
	"github.com/otklik/otklik/services/segmentation/internal/light"
	"github.com/otklik/otklik/services/segmentation/internal/recovery"
)

// said is a column of a personTable that an export tells, beside its content.
type said struct {
	column, as string
	// read makes of the column what is told, with the declarations of contacts' attributes; nil: it is told as it is. What is empty is not told.
	read func(declared map[uint32]attribute.Definition, v any) (any, error)
}

// texts are columns that are told as they are called.
func texts(columns ...string) []said {
	out := make([]said, 0, len(columns))
	for _, c := range columns {
		out = append(out, said{column: c, as: c})
	}
	return out
}

// saidOf are the columns that exports tell, by tables.
func saidOf(table string) []said {
	switch table {
	case "contacts":
		return append(texts("company", "location"),
			said{"merged_into", "mergedInto", nil}, said{"attributes", "attributes", saidAttributes}, said{"update_time", "updateTime", saidTime})
	case "identities":
		return append(texts("channel"), said{"home", "home", nil})
	case "contact_moves":
		return []said{{"from_contact", "from", nil}, {"body", "move", saidMove}}
	case "answers":
		return append(texts("company", "location", "region", "employee"), said{"scores", "scores", saidScores})
	case "memberships":
		return []said{{"leave_time", "leaveTime", saidTime}}
	case "interviews":
		return append(texts("company", "location", "region", "interviewer", "stake", "codes"),
			said{"state", "state", func(_ map[uint32]attribute.Definition, v any) (any, error) {
				return numbered(v, interview.State.String)
			}},
			said{"schedule_time", "scheduleTime", saidTime})
	case "recoveries":
		return append(texts("survey", "question", "cut", "response", "score"),
			said{"state", "state", func(_ map[uint32]attribute.Definition, v any) (any, error) { return numbered(v, recoveryState) }},
			said{"colour", "colour", func(_ map[uint32]attribute.Definition, v any) (any, error) { return numbered(v, light.Colour.String) }},
			said{"due_time", "dueTime", saidTime}, said{"expire_time", "expireTime", saidTime}, said{"invite_time", "inviteTime", saidTime})
	case "outbox":
		return texts("kind", "company", "location", "region", "employee")
	case "dead_letters":
		return texts("follower", "resource", "reason")
	case "purchases":
		return texts("company", "location")
	case "churns":
		return []said{{"reason", "reason", nil}}
	case "cases":
		return append(texts("queue", "owner", "subject", "company", "location", "region", "employee"),
			said{"state", "state", func(_ map[uint32]attribute.Definition, v any) (any, error) { return numbered(v, cases.State.String) }},
			said{"update_time", "updateTime", saidTime})
	case "case_entries":
		return texts("origin", "actor")
	case "case_links":
		return texts("resource", "rule")
	case "case_spans":
		return []said{{"end_time", "endTime", saidTime}}
	case "case_responses":
		return []said{{"body", "response", saidJSON}}
	default:
		return nil
	}
}

// recoveryStates are the states of recoveries as exports call them; whether one that waits is due is told by its times.
var recoveryStates = map[recovery.State]string{
	recovery.Waiting: "waiting", recovery.Invited: "invited", recovery.Answered: "answered", recovery.Cancelled: "cancelled",
}

func recoveryState(s recovery.State) string { return recoveryStates[s] }

// numbered names what is kept as a number.
func numbered[K ~uint8](v any, name func(K) string) (any, error) {
	n, ok := v.(int64)
	if !ok {
		return nil, fmt.Errorf("a number is a %T", v)
	}
	return name(K(n)), nil //nolint:gosec // what was stored
}

func saidTime(_ map[uint32]attribute.Definition, v any) (any, error) {
	if n, ok := v.(int64); ok {
		return relational.FromMicro(n).Format(time.RFC3339Nano), nil
	}
	return nil, fmt.Errorf("a time is a %T", v)
}

func saidJSON(_ map[uint32]attribute.Definition, v any) (any, error) {
	b, ok := v.([]byte)
	if !ok {
		return nil, fmt.Errorf("a document is a %T", v)
	}
	return json.RawMessage(b), nil
}

// saidMove tells who moved identities and why; which they are stands in identities.
func saidMove(_ map[uint32]attribute.Definition, v any) (any, error) {
	b, ok := v.([]byte)
	if !ok {
		return nil, fmt.Errorf("a move is a %T", v)
	}
	var m moveBody
	if err := json.Unmarshal(b, &m); err != nil {
		return nil, fmt.Errorf("decode move: %w", err)
	}
	return map[string]string{"actor": m.Actor, "reason": m.Reason}, nil
}

// saidAttributes tells attributes by their keys. Values whose declaration was deleted are told by its number.
func saidAttributes(declared map[uint32]attribute.Definition, v any) (any, error) {
	packed, ok := v.([]byte)
	if !ok {
		return nil, fmt.Errorf("attributes are a %T", v)
	}
	out := map[string]any{}
	for n, v := range attribute.Packed(packed).All() {
		key := "deleted attribute " + strconv.FormatUint(uint64(n), 10)
		if d, ok := declared[n]; ok {
			key = d.Key
		}
		switch v.Type {
		case attribute.Number:
			out[key] = v.Number
		case attribute.Bool:
			out[key] = v.Number != 0
		default:
			out[key] = v.String()
		}
	}
	if len(out) == 0 {
		return nil, nil //nolint:nilnil // nothing to tell
	}
	return out, nil
}

// saidScores tells the answers of a response on the scale of lights.
func saidScores(_ map[uint32]attribute.Definition, v any) (any, error) {
	packed, ok := v.([]byte)
	if !ok {
		return nil, fmt.Errorf("scores are a %T", v)
	}
	answers, err := light.Unpack(packed)
	if err != nil {
		return nil, err
	}
	out := map[string]float64{}
	for _, a := range answers {
		out[a.Question] = a.Value.Score()
	}
	return out, nil
}

// declarations are those of contacts' attributes, by their numbers.
func declarations(ctx context.Context, r relational.Reader, organization string) (map[uint32]attribute.Definition, error) {
	all, err := relational.List(ctx, r, scanAttribute, sqlListAttributes, organization)
	if err != nil {
		return nil, err
	}
	return attribute.Of(all, attribute.Contact).ByNumber(), nil
}

// tell adds columns of a row to what is told of it, and leaves what is told by its content already.
func tell(declared map[uint32]attribute.Definition, columns []said, values []any, content []byte) ([]byte, error) {
	out := map[string]any{}
	for i, c := range columns {
		v := values[i]
		if v == nil || v == "" {
			continue
		}
		if c.read != nil {
			var err error
			if v, err = c.read(declared, v); err != nil {
				return nil, fmt.Errorf("read %s: %w", c.column, err)
			}
		}
		if v != nil && v != "" {
			out[c.as] = v
		}
	}
	if len(out) == 0 {
		return content, nil
	}
	if len(content) > 0 {
		var told map[string]json.RawMessage
		if err := json.Unmarshal(content, &told); err != nil {
			return nil, errors.Join(errors.New("decode what is kept of a row"), err)
		}
		for key, v := range told {
			out[key] = v
		}
	}
	return json.Marshal(out)
}
