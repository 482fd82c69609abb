package cases

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/otklik/otklik/tests/harness"
)

func (p *Player) checkError(over Transport, want Want, code codes.Code, got outcome) error {
	st := status.Convert(got.err)
	if st.Code() != code {
		return fmt.Errorf("code %s, want %s: %s %v", st.Code(), code, st.Message(), st.Details())
	}
	if got.http != 0 {
		wanted := want.HTTP
		if wanted == 0 {
			wanted = harness.HTTPStatus(code)
		}
		if got.http != wanted {
			return fmt.Errorf("HTTP status %d, want %d", got.http, wanted)
		}
	}
	if code == codes.OK {
		return nil
	}
	var reason, domain string
	var fields, bare []string
	for _, d := range st.Details() {
		switch d := d.(type) {
		case *errdetails.ErrorInfo:
			reason, domain = d.GetReason(), d.GetDomain()
		case *errdetails.BadRequest:
			for _, v := range d.GetFieldViolations() {
				fields = append(fields, v.GetField()+" "+v.GetReason())
				bare = append(bare, v.GetField())
				if v.GetDescription() == "" {
					return fmt.Errorf("field %s has no description", v.GetField())
				}
			}
		}
	}
	if reason == "" || domain == "" || st.Message() == "" {
		return fmt.Errorf("reason %q, domain %q or message %q is empty", reason, domain, st.Message())
	}
	if want.Reason != "" && reason != want.Reason {
		return fmt.Errorf("reason %s, want %s: %s", reason, want.Reason, st.Message())
	}
	return checkFields(over, want.Fields, fields, bare)
}

// checkFields compares fields at fault, by path and, where the case states it, reason.
func checkFields(over Transport, want, full, bare []string) error {
	wanted := slices.Clone(want)
	got := make([]string, len(full))
	copy(got, bare)
	slices.Sort(wanted)
	for i := range wanted {
		path, reason, stated := strings.Cut(wanted[i], " ")
		if over == REST {
			path = camel(path)
		}
		wanted[i] = path
		if stated {
			wanted[i] += " " + reason
			if at := slices.Index(full, wanted[i]); at >= 0 {
				got[at] = wanted[i]
			}
		}
	}
	slices.Sort(got)
	slices.Sort(wanted)
	if !slices.Equal(got, wanted) {
		return fmt.Errorf("fields %q, want %q", full, want)
	}
	return nil
}

// camel is a field path as REST has it.
func camel(path string) string {
	var out strings.Builder
	upper := false
	for _, r := range path {
		if r == '_' {
			upper = true
			continue
		}
		if upper {
			out.WriteString(strings.ToUpper(string(r)))
			upper = false
			continue
		}
		out.WriteRune(r)
	}
	return out.String()
}

func (p *Player) checkAnswer(step Step, messages []proto.Message) error {
	got := make([]any, len(messages))
	for i, m := range messages {
		var err error
		if got[i], err = JSON(m); err != nil {
			return err
		}
	}
	if step.Want.Messages != nil {
		if len(*step.Want.Messages) != len(got) {
			return fmt.Errorf("%d messages, want %d", len(got), len(*step.Want.Messages))
		}
		for i, node := range *step.Want.Messages {
			want, err := document(node, p.variables)
			if err != nil {
				return err
			}
			if err := fits(want, got[i], fmt.Sprintf("message %d", i)); err != nil {
				return err
			}
		}
	}
	want, err := document(step.Want.Answer, p.variables)
	if err != nil {
		return err
	}
	if want != nil {
		if len(got) != 1 {
			return fmt.Errorf("%d messages, want one answer", len(got))
		}
		if err := fits(want, got[0], "answer"); err != nil {
			return err
		}
	}
	for name, path := range step.Save {
		if len(got) == 0 {
			return fmt.Errorf("save %s: no answer", name)
		}
		if p.variables[name], err = lookUp(got[len(got)-1], path); err != nil {
			return fmt.Errorf("save %s: %w", name, err)
		}
	}
	return nil
}

// JSON is a message in its JSON form, with its zero values.
func JSON(m proto.Message) (any, error) {
	raw, err := protojson.MarshalOptions{EmitDefaultValues: true}.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", m.ProtoReflect().Descriptor().Name(), err)
	}
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		return nil, fmt.Errorf("decode %s: %w", m.ProtoReflect().Descriptor().Name(), err)
	}
	return v, nil
}
