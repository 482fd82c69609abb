// Package cases reads golden cases and plays them over gRPC and over REST. A case is a list of calls with what each must answer. It runs in
// an organisation of its own, so that cases neither see nor disturb each other and may use fixed names.
//
// Every call that must fail is also checked to have stored nothing: all that the organisation owns is read before and after.
package cases

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// File is one file of cases.
type File struct {
	// About says what the cases have in common.
	About string `yaml:"about"`
	// Given names files of the folder `given` whose steps are played before each case, over gRPC: what must be there.
	Given []string `yaml:"given"`
	// Cases are the cases.
	Cases []Case `yaml:"cases"`
}

// Case is one case.
type Case struct {
	// Name is unique in the file.
	Name string `yaml:"name"`
	// Over limits the case to one transport, `grpc` or `rest`; empty means both. Why must say the reason.
	Over string `yaml:"over"`
	// Why says what is not evident.
	Why string `yaml:"why"`
	// Steps are played in order.
	Steps []Step `yaml:"steps"`

	// File is the base name of the case's file.
	File string `yaml:"-"`
	// Given are the steps to be played before.
	Given []Step `yaml:"-"`
}

// given is a file of steps that cases build on.
type given struct {
	About string `yaml:"about"`
	Steps []Step `yaml:"steps"`
}

// Step is one call and what it must answer.
type Step struct {
	// Call is the method without its package, for example `SurveyService/SubmitResponse`; with HTTP it only says what is called.
	Call string `yaml:"call"`
	// As is the caller: `admin` (default), `app`, `other` (the administrator of another organisation), `nobody` (no key) or `stranger` (an unknown key).
	As string `yaml:"as"`
	// Request is the request in the JSON form of its message. `${name}` stands for what an earlier step saved.
	Request yaml.Node `yaml:"request"`
	// Bytes is sent over gRPC in place of an encoded request: base64 of the message's wire form.
	Bytes string `yaml:"bytes"`
	// HTTP is sent over REST in place of what the HTTP rule of Call makes of Request.
	HTTP *HTTP `yaml:"http"`
	// Repeat is a mark for steps that must become true in a while, since scores follow answers: the call is repeated until its answer fits.
	Repeat bool `yaml:"repeat"`
	// Want is what must come back.
	Want Want `yaml:"want"`
	// Save keeps values of the answer by name: dotted paths into its JSON form.
	Save map[string]string `yaml:"save"`
}

// HTTP is a request that is not made by an HTTP rule.
type HTTP struct {
	Method string            `yaml:"method"`
	Path   string            `yaml:"path"`
	Header map[string]string `yaml:"header"`
	Body   Text              `yaml:"body"`
	// Bytes is the body in base64, in place of Body.
	Bytes string `yaml:"bytes"`
}

// Want is what must come back from a step.
type Want struct {
	// Code is the canonical code; empty means OK.
	Code string `yaml:"code"`
	// HTTP is the HTTP status; 0 means the one that belongs to Code.
	HTTP int `yaml:"http"`
	// Reason is that of the ErrorInfo.
	Reason string `yaml:"reason"`
	// Fields are the fields named by the BadRequest, in any order: the path in proto names, and after a space the field's reason where it
	// matters.
	Fields []string `yaml:"fields"`
	// Answer is the part of the answer, in its JSON form, that must be there: of objects the members named, of lists every element.
	Answer yaml.Node `yaml:"answer"`
	// Messages are the messages of a stream, each as in Answer.
	Messages *[]yaml.Node `yaml:"messages"`
}

// Text is a string that may be written as `!times {of: x, count: 3}`, since nobody wants to read ten megabytes.
type Text string

// UnmarshalYAML reads either form.
func (t *Text) UnmarshalYAML(node *yaml.Node) error {
	if err := expand(node); err != nil {
		return err
	}
	var s string
	if err := node.Decode(&s); err != nil {
		return fmt.Errorf("read text: %w", err)
	}
	*t = Text(s)
	return nil
}

// Load reads all cases of a folder, strictly: an unknown member, a name used twice or a limit without a reason is an error.
func Load(dir string) ([]Case, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil {
		return nil, fmt.Errorf("list cases: %w", err)
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("list cases: none in %s", dir)
	}
	slices.Sort(paths)
	var all []Case
	for _, path := range paths {
		read, err := loadFile(path)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", filepath.Base(path), err)
		}
		all = append(all, read...)
	}
	return all, nil
}

func loadFile(path string) ([]Case, error) {
	var file File
	if err := decode(path, &file); err != nil {
		return nil, err
	}
	var before []Step
	for _, name := range file.Given {
		var g given
		if err := decode(filepath.Join(filepath.Dir(path), "given", name+".yaml"), &g); err != nil {
			return nil, fmt.Errorf("given %s: %w", name, err)
		}
		before = append(before, g.Steps...)
	}
	names := make(map[string]bool)
	for i := range file.Cases {
		c := &file.Cases[i]
		c.File, c.Given = strings.TrimSuffix(filepath.Base(path), ".yaml"), before
		if c.Name == "" || names[c.Name] {
			return nil, fmt.Errorf("case %d: the name %q is empty or taken", i, c.Name)
		}
		names[c.Name] = true
		if c.Over != "" && c.Why == "" {
			return nil, fmt.Errorf("case %q: limited to %s without a reason", c.Name, c.Over)
		}
		if len(c.Steps) == 0 {
			return nil, fmt.Errorf("case %q: no steps", c.Name)
		}
	}
	return file.Cases, nil
}

// decode reads a YAML file of one document, strictly.
func decode(path string, into any) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	dec := yaml.NewDecoder(bytes.NewReader(raw))
	dec.KnownFields(true)
	if err := dec.Decode(into); err != nil {
		return err
	}
	if err := dec.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return errors.New("more than one document")
	}
	return nil
}
