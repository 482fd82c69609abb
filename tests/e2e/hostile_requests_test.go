package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/otklik/otklik/tests/e2e/cases"
	"github.com/otklik/otklik/tests/harness"
)

// attack makes the requests against routes.
func attack(t *testing.T, routes []cases.Route) []hostile {
	t.Helper()
	texts, tokens := linesOf(t, "texts.txt"), linesOf(t, "tokens.txt")
	authorization := [2]string{"Authorization", "Bearer " + harness.KeyFor(harness.Organization, harness.Admin)}
	bodies := soundBodies(t)
	var all []hostile
	for _, r := range routes {
		sound := hostile{verb: r.Verb, target: r.Path("nope"), header: [][2]string{authorization}}
		if r.Body {
			sound.body = bodies[operation(r)]
			if sound.body == nil {
				sound.body = []byte("{}")
			}
			sound.header = append(sound.header, [2]string{"Content-Type", "application/json"})
		}
		all = append(all, withTokens(sound, tokens)...)
		all = append(all, withPaths(r, sound, texts)...)
		all = append(all, withQueries(sound, texts)...)
		all = append(all, withVerbs(r, sound)...)
		if r.Body {
			all = append(all, withBodies(t, sound, texts)...)
			all = append(all, withContents(sound)...)
		} else {
			all = append(all, withUnwantedBodies(sound, texts)...)
		}
	}
	return all
}

func operation(r cases.Route) string {
	name := string(r.Method.Name())
	return strings.ToLower(name[:1]) + name[1:]
}

// withTokens are calls of nobody.
func withTokens(sound hostile, tokens []string) []hostile {
	var all []hostile
	for _, token := range append(tokens, "") {
		h := sound
		h.what, h.refused = "token "+token, []int{http.StatusUnauthorized}
		h.header = slices.DeleteFunc(slices.Clone(sound.header), func(f [2]string) bool { return f[0] == "Authorization" })
		if token != "" {
			h.header = append(h.header, [2]string{"Authorization", token})
		}
		all = append(all, h)
	}
	return all
}

// withPaths are names that are none.
func withPaths(r cases.Route, sound hostile, texts []string) []hostile {
	var all []hostile
	for _, text := range append(slices.Clone(texts), strings.Repeat("a", 5000)) {
		name := escapeSegment(text)
		for _, target := range []string{r.Path(name), sound.target + "/" + name, sound.target + name} {
			if target == r.Path("nope") || !strings.Contains(r.Template, "{") && target == r.Template {
				continue
			}
			h := sound
			h.what, h.target = "path "+clip(target), target
			// A name that is sound by its letters is merely not there.
			h.refused = []int{400, 404, 405, 414, 431}
			if plainName(text) || namedByAnything(r) {
				h.refused = nil
			}
			all = append(all, h)
		}
	}
	return all
}

// namedByAnything tells whether a route is about the directory, whose identifiers are the organisation's own, of any letters: a change makes
// what it names, and whatever comes after it finds that.
func namedByAnything(r cases.Route) bool {
	switch r.Family() {
	case "companies", "contacts", "employees", "locations", "regions", "touchpoints":
		return strings.Contains(r.Template, "=")
	default:
		return false
	}
}

// plainName tells whether a text could be a name that somebody gave to something.
func plainName(text string) bool {
	return strings.Trim(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:/") == ""
}

// withQueries are parameters that no route has, and those that it has with values that they cannot have.
func withQueries(sound hostile, texts []string) []hostile {
	var all []hostile
	for _, text := range texts {
		for _, query := range []string{
			"unknown_" + "parameter=" + escapeQuery(text), escapeQuery(text) + "=1", "pageSize=x" + escapeQuery(text), "page_token=" + escapeQuery(text) + "&page_token=a",
			"organization=globex&q=" + escapeQuery(text), "$.xgafv=2&callback=" + escapeQuery(text), "%zz=" + escapeQuery(text),
		} {
			h := sound
			h.what, h.target, h.refused = "query "+query, sound.target+"?"+query, []int{400, 404}
			all = append(all, h)
		}
	}
	return all
}

// withVerbs are methods that the route does not have.
func withVerbs(r cases.Route, sound hostile) []hostile {
	var all []hostile
	for _, verb := range []string{"PUT", "TRACE", "CONNECT", "PROPFIND", "get", "POSTX", "HACK", "DEBUG", "LOCK", "SEARCH"} {
		h := sound
		h.what, h.verb, h.refused = "verb "+verb, verb, []int{400, 404, 405, 501}
		all = append(all, h)
	}
	for _, override := range []string{"DELETE", "PATCH", "GET"} {
		h := sound
		h.what = "override " + override
		h.header = append(slices.Clone(sound.header), [2]string{"X-HTTP-Method-Override", override}, [2]string{"Grpc-Metadata-Otklik-Organization", "globex"},
			[2]string{"Otklik-Organization", "globex"}, [2]string{"Grpc-Metadata-Authorization", "Bearer x"}, [2]string{"X-Forwarded-For", "127.0.0.1"}, [2]string{"X-Original-Url", "/v1/surveys"})
		if r.Verb == http.MethodPost {
			h.what += ", no key"
			h.header = slices.DeleteFunc(h.header, func(f [2]string) bool { return f[0] == "Authorization" })
			h.refused = []int{http.StatusUnauthorized}
		}
		all = append(all, h)
	}
	return all
}

// withUnwantedBodies are bodies where none is taken.
func withUnwantedBodies(sound hostile, texts []string) []hostile {
	var all []hostile
	for _, text := range texts {
		h := sound
		h.what, h.body, h.refused = "unwanted body "+text, []byte(text), []int{400, 415}
		all = append(all, h)
		h.what, h.header = "unwanted body of JSON "+text, append(slices.Clone(sound.header), [2]string{"Content-Type", "application/json"})
		h.body, _ = json.Marshal(map[string]string{"name": text})
		all = append(all, h)
	}
	return all
}

// withContents are bodies in forms that the API does not take.
func withContents(sound hostile) []hostile {
	var all []hostile
	for _, content := range []string{"", "text/plain", "application/xml", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json; charset=utf-16",
		"application/grpc", "application/x-protobuf", "application/json, text/html", "*/*", "application/json\t;;"} {
		h := sound
		h.what, h.refused = "content type "+content, []int{400, 415}
		h.header = slices.DeleteFunc(slices.Clone(sound.header), func(f [2]string) bool { return f[0] == "Content-Type" })
		if content != "" {
			h.header = append(h.header, [2]string{"Content-Type", content})
		}
		all = append(all, h)
	}
	for _, encoding := range []string{"gzip", "br", "deflate", "zstd", "identity, gzip", "compress"} {
		h := sound
		h.what, h.refused = "encoding "+encoding, []int{400, 415}
		h.header = append(slices.Clone(sound.header), [2]string{"Content-Encoding", encoding})
		all = append(all, h)
	}
	return all
}

// withBodies are bodies that are no JSON, or not what the route takes.
func withBodies(t *testing.T, sound hostile, texts []string) []hostile {
	t.Helper()
	var all []hostile
	add := func(what string, body []byte, refused ...int) {
		h := sound
		h.what, h.body, h.refused = what, body, refused
		all = append(all, h)
	}
	deep := strings.Repeat(`{"a":`, 20000) + "1" + strings.Repeat("}", 20000)
	for what, body := range map[string]string{
		"truncated": string(sound.body[:len(sound.body)-1]), "trailing": string(sound.body) + "x", "twice": string(sound.body) + string(sound.body), "array": "[]", "text": `"x"`,
		"number": "1", "null bytes": "{\x00}", "BOM": "\ufeff{}", "invalid UTF-8": "{\"a\":\"\xff\xfe\"}", "deep": deep, "deep array": strings.Repeat("[", 50000),
		"single quotes": "{'a':1}", "comment": "{/**/}", "unknown field": `{"noSuchField":1}`, "unknown field of another case": `{"NAME":"x"}`, "proto pollution": `{"__proto__":{"admin":true}}`,
		"type url": `{"@type":"type.googleapis.com/google.protobuf.Struct"}`, "XML": `<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>`,
		"lone surrogate": `{"a":"\ud800"}`, "huge number": `{"a":1e999999}`, "yaml": "a: b", "form": "a=b&c=d", "only space": "   ",
	} {
		add("body "+what, []byte(body), 400, 413)
	}
	var tree map[string]any
	if err := json.Unmarshal(sound.body, &tree); err != nil {
		t.Fatalf("%s: %v", sound.target, err)
	}
	for _, path := range leaves(tree, nil) {
		for what, value := range map[string]any{
			"array": []any{[]any{1}}, "object": map[string]any{"noSuchField": 1}, "object in array": []any{map[string]any{"noSuchField": map[string]any{}}},
		} {
			add(fmt.Sprintf("%s is an %s", strings.Join(path, "."), what), replaced(t, tree, path, value), 400, 404)
		}
		for _, text := range texts {
			// What is text stays text; what is not must be refused. Only that nothing breaks is asked here.
			add(fmt.Sprintf("%s is %s", strings.Join(path, "."), text), replaced(t, tree, path, text+"\x00"))
		}
	}
	for _, text := range texts {
		body, err := json.Marshal(map[string]any{"unknown " + text: text})
		if err != nil {
			t.Fatal(err)
		}
		add("unknown field "+text, body, 400)
	}
	return all
}

// leaves are the paths to the values of a JSON document that are neither objects nor lists.
func leaves(v any, at []string) [][]string {
	switch v := v.(type) {
	case map[string]any:
		var all [][]string
		for name, inner := range v {
			all = append(all, leaves(inner, append(slices.Clone(at), name))...)
		}
		slices.SortFunc(all, slices.Compare)
		return all
	case []any:
		if len(v) == 0 {
			return nil
		}
		return leaves(v[0], append(slices.Clone(at), "0"))
	default:
		return [][]string{at}
	}
}

// replaced is the document with another value at a path.
func replaced(t *testing.T, tree any, path []string, value any) []byte {
	t.Helper()
	var put func(v any, path []string) any
	put = func(v any, path []string) any {
		if len(path) == 0 {
			return value
		}
		switch v := v.(type) {
		case map[string]any:
			c := make(map[string]any, len(v))
			for name, inner := range v {
				c[name] = inner
			}
			c[path[0]] = put(v[path[0]], path[1:])
			return c
		case []any:
			c := slices.Clone(v)
			c[0] = put(v[0], path[1:])
			return c
		}
		return v
	}
	raw, err := json.Marshal(put(tree, path))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// soundBodies are the bodies of the examples in the API's document, by operation.
func soundBodies(t *testing.T) map[string][]byte {
	t.Helper()
	raw, err := os.ReadFile("../../proto/openapi/examples.json")
	if err != nil {
		t.Fatal(err)
	}
	var examples struct {
		Bodies map[string]json.RawMessage `json:"bodies"`
	}
	if err := json.Unmarshal(raw, &examples); err != nil {
		t.Fatal(err)
	}
	bodies := make(map[string][]byte, len(examples.Bodies))
	for name, body := range examples.Bodies {
		var compact bytes.Buffer
		if err := json.Compact(&compact, body); err != nil {
			t.Fatal(err)
		}
		bodies[name] = compact.Bytes()
	}
	return bodies
}

func linesOf(t *testing.T, name string) []string {
	t.Helper()
	raw, err := os.ReadFile("testdata/hostile/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimRight(string(raw), "\n"), "\n")
}

// escapeSegment writes a text as one segment of a path; what has a percent sign is taken to be written already.
func escapeSegment(text string) string {
	if strings.Contains(text, "%") && !strings.ContainsAny(text, " <>\"") {
		return text
	}
	return percent(text, "-_.~*'()!$,;:@&=+")
}

func escapeQuery(text string) string { return percent(text, "-_.~*") }

// percent writes all bytes but letters, digits and those kept by their numbers.
func percent(text, kept string) string {
	var out strings.Builder
	for i := range len(text) {
		c := text[i]
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte(kept, c) >= 0 {
			out.WriteByte(c)
		} else {
			fmt.Fprintf(&out, "%%%02X", c)
		}
	}
	return out.String()
}
