package gateway

import (
	"bytes"
	"time"

	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
)

// eventNames lists the messages that can be watched as server-sent events, with the event's name.
var eventNames = map[protoreflect.FullName]string{"otklik.scoring.v1.WatchScoresResponse": "scores"}

// eventMarshaler writes streams as server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html
type eventMarshaler struct {
	*marshaler
}

// StreamContentType is that of server-sent events.
func (eventMarshaler) StreamContentType(any) string { return mimeEvents }

// Delimiter ends an event: its last line and an empty one.
func (eventMarshaler) Delimiter() []byte { return []byte("\n\n") }

// Marshal writes one event without its end. The id is the watermark: the time up to which data was counted.
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
		if update, ok := v["result"].(*scoringv1.WatchScoresResponse); ok {
			if update.GetWatermark() != nil {
				id = update.GetWatermark().AsTime().Format(time.RFC3339Nano)
			}
			if update.GetHeartbeat() {
				return "heartbeat", id
			}
			return eventNames[update.ProtoReflect().Descriptor().FullName()], id
		}
	case map[string]proto.Message:
		if _, ok := v["error"].(*spb.Status); ok {
			return "error", ""
		}
	}
	return "message", ""
}
