package harness

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// ServerEvent is one server-sent event.
type ServerEvent struct {
	// Name is the event's type; "message" where the stream names none.
	Name string
	// ID is the event's identifier.
	ID string
	// Data is the event's data, its lines joined.
	Data string
}

// EventStream reads server-sent events as the HTML standard describes them.
type EventStream struct {
	response *http.Response
	reader   *bufio.Reader
}

// Events opens a stream of server-sent events. The caller closes it.
func (r *REST) Events(ctx context.Context, request Request) (*EventStream, error) {
	if request.Header == nil {
		request.Header = make(map[string]string)
	}
	request.Header["Accept"] = "text/event-stream"
	response, err := r.Open(ctx, request)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK || mediaType(response.Header.Get("Content-Type")) != "text/event-stream" {
		body, _ := io.ReadAll(response.Body)
		_ = response.Body.Close()
		a := &Answer{Status: response.StatusCode, Header: response.Header, Body: body}
		st, err := a.Error()
		if err != nil {
			return nil, fmt.Errorf("open event stream: HTTP status %d: %w", response.StatusCode, err)
		}
		return nil, st.Err()
	}
	return &EventStream{response: response, reader: bufio.NewReader(response.Body)}, nil
}

// Next returns the next event; io.EOF at the end of the stream. Comments are skipped.
func (s *EventStream) Next() (ServerEvent, error) {
	event := ServerEvent{Name: "message"}
	var data []string
	for {
		line, err := s.reader.ReadString('\n')
		if err != nil {
			if errors.Is(err, io.EOF) {
				return ServerEvent{}, io.EOF
			}
			return ServerEvent{}, fmt.Errorf("read event: %w", err)
		}
		line = strings.TrimRight(line, "\r\n")
		if line == "" {
			if data == nil {
				event = ServerEvent{Name: "message", ID: event.ID}
				continue
			}
			event.Data = strings.Join(data, "\n")
			return event, nil
		}
		name, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch name {
		case "event":
			event.Name = value
		case "id":
			event.ID = value
		case "data":
			data = append(data, value)
		}
	}
}

// Close ends the stream.
func (s *EventStream) Close() error {
	if err := s.response.Body.Close(); err != nil {
		return fmt.Errorf("close event stream: %w", err)
	}
	return nil
}
