package main

import (
	"regexp"
	"strings"
)

var (
	// snake is a name as the protos write it.
	snake = regexp.MustCompile(`\b[a-z]+(?:_[a-z0-9]+)+\b`)
	// ruleLine is how the generator renders a rule over several fields: its id and what it says.
	ruleLine = regexp.MustCompile(`(?m)^[a-z_]+\.[a-z_]+ // (.+)$`)
)

const timestamp = "A time as in RFC 3339, with any offset, for example `2017-05-01T15:30:00+06:00`; answers are in UTC, with up to nine digits after the second."

// mendTexts makes descriptions readable for somebody who has never seen the protos.
func (m *mender) mendTexts(document *object) {
	names := map[string]string{}
	for _, message := range m.messages {
		for i := range message.Fields().Len() {
			names[string(message.Fields().Get(i).Name())] = message.Fields().Get(i).JSONName()
		}
	}
	walk(document, func(o *object) {
		text := o.text("description")
		if text == "" {
			return
		}
		if strings.HasPrefix(text, "A Timestamp represents a point in time") {
			o.set("description", timestamp)
			o.delete("examples")
			return
		}
		text = strings.ReplaceAll(text, "double.finite = true\n", "")
		text = ruleLine.ReplaceAllString(text, "Rule: $1.")
		text = snake.ReplaceAllStringFunc(text, func(name string) string {
			if jsonName, ok := names[name]; ok {
				return jsonName
			}
			return name
		})
		lines := strings.Split(text, "\n")
		for i := range lines {
			lines[i] = strings.TrimSpace(lines[i])
		}
		o.set("description", strings.TrimSpace(strings.Join(lines, "\n")))
	})
}
