package gateway

import (
	"bytes"
	"net/http"

	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

// eventKind is how messages of a stream are written as server-sent events.
type eventKind struct {
	// name is the event's name.
	name string
	// id is the field of a message that is the event's id, and from the field of the request that takes it from a reader who comes back.
	id, from protoreflect.Name
	// heartbeat tells whether a message says no more than that the stream is alive.
	heartbeat func(proto.Message) bool
}

// eventKinds lists the messages that can be watched as server-sent events.
var eventKinds = map[protoreflect.FullName]eventKind{
	"otklik.scoring.v1.WatchScoresResponse": {name: "scores", id: "cursor", from: "cursor", heartbeat: func(m proto.Message) bool {
		scores, ok := m.(*scoringv1.WatchScoresResponse)
		return ok && scores.GetHeartbeat()
	}},
	"otklik.scoring.v1.WatchAlertsResponse": {name: "alert", id: "position", from: "after_position", heartbeat: func(m proto.Message) bool {
		alert, ok := m.(*scoringv1.WatchAlertsResponse)
		return ok && alert.GetEvent() == nil
	}},
	"otklik.segmentation.v1.WatchEventsResponse": {name: "event", id: "position", from: "after_position", heartbeat: func(m proto.Message) bool {
		event, ok := m.(*segmentationv1.WatchEventsResponse)
		return ok && event.GetEvent() == nil
	}},
}

// headerLastEventID is how a reader of events who comes back says where it was.
const headerLastEventID = "Last-Event-Id"

// resume lets a reader of events go on where it was, whatever the URL or the body says, which are those of its first request. What is no id of the
// stream is passed over.
func (x *exchange) resume(r *http.Request) {
	id, from := r.Header.Get(headerLastEventID), x.route.from
	if id == "" || from == nil {
		return
	}
	name := string(from.Name())
	if reason, _ := x.route.checkQueryValues(from, name, []string{id}); reason != "" {
		return
	}
	if x.route.hasBody {
		x.body.lastEventID = id
		return
	}
	values := r.URL.Query()
	values.Del(from.JSONName())
	values.Set(name, id)
	r.URL.RawQuery = values.Encode()
}

// eventMarshaler writes streams as server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html
type eventMarshaler struct {
	*marshaler
}

// StreamContentType is that of server-sent events.
func (eventMarshaler) StreamContentType(any) string { return mimeEvents }

// Delimiter ends an event: its last line and an empty one.
func (eventMarshaler) Delimiter() []byte { return []byte("\n\n") }

// Marshal writes one event without its end.
func (m eventMarshaler) Marshal(v any) ([]byte, error) {
	data, err := m.marshaler.Marshal(v)
	if err != nil {
		return nil, err
	}
	name, id := eventOf(v)
	var b bytes.Buffer
	b.Grow(len(data) + 80)
	b.WriteString("event: " + name + "\n")
	if id != "" {
		b.WriteString("id: " + id + "\n")
	}
	// JSON in one line: protojson and encoding/json escape line breaks.
	b.WriteString("data: ")
	b.Write(data)
	return b.Bytes(), nil
}

func eventOf(v any) (name, id string) {
	switch v := v.(type) {
	case map[string]any:
		message, ok := v["result"].(proto.Message)
		if !ok {
			break
		}
		m := message.ProtoReflect()
		kind, ok := eventKinds[m.Descriptor().FullName()]
		if !ok {
			break
		}
		if field := m.Descriptor().Fields().ByName(kind.id); m.Has(field) {
			id = m.Get(field).String()
		}
		if kind.heartbeat(message) {
			return "heartbeat", id
		}
		return kind.name, id
	case map[string]proto.Message:
		if _, ok := v["error"].(*spb.Status); ok {
			return "error", ""
		}
	}
	return "message", ""
}
