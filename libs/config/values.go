package config

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// fromEnviron reads the variables with the prefix.
func (s *schema) fromEnviron(environ []string, ignored map[string]bool) (map[string]any, error) {
	values := make(map[string]string)
	var errs []error
	for _, pair := range environ {
		name, value, _ := strings.Cut(pair, "=")
		if !strings.HasPrefix(name, EnvPrefix) || ignored[name] {
			continue
		}
		l, ok := s.byEnv[name]
		if !ok {
			names := make([]string, 0, len(s.leaves))
			for _, l := range s.leaves {
				names = append(names, l.env())
			}
			text := "unknown environment variable " + name
			if near := nearest(name, names); near != "" {
				text += ", did you mean " + near + "?"
			}
			errs = append(errs, errors.New(text))
			continue
		}
		values[l.key()] = value
	}
	if len(errs) > 0 {
		return nil, fmt.Errorf("check environment: %w", errors.Join(errs...))
	}
	return s.fromStrings(values, func(key string) string { return "the environment variable " + s.byKey[key].env() })
}

// fromStrings turns texts by key into a nested map of typed values. source names where a text is from, for errors.
func (s *schema) fromStrings(texts map[string]string, source func(key string) string) (map[string]any, error) {
	out := make(map[string]any, len(texts))
	var errs []error
	for key, text := range texts {
		l, ok := s.byKey[key]
		if !ok {
			msg := source(key) + " sets the unknown key " + key
			if near := nearest(key, s.keys()); near != "" {
				msg += ", did you mean " + near + "?"
			}
			errs = append(errs, errors.New(msg))
			continue
		}
		v, err := parse(l.typ, text)
		if err != nil {
			if l.secret {
				// The text must not get into logs.
				err = errors.New("the value is malformed")
			}
			errs = append(errs, fmt.Errorf("%s: %w", source(key), err))
			continue
		}
		out[strings.Join(l.path, internalDelim)] = v
	}
	if len(errs) > 0 {
		slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
		return nil, fmt.Errorf("read configuration: %w", errors.Join(errs...))
	}
	return out, nil
}

// parse reads a text as the type says: the decoder is strict and would refuse "8" for a number.
func parse(t reflect.Type, text string) (any, error) {
	if t == durationType || reflect.PointerTo(t).Implements(textUnmarshalerType) {
		return text, nil
	}
	switch t.Kind() {
	case reflect.String:
		return text, nil
	case reflect.Bool:
		v, err := strconv.ParseBool(text)
		if err != nil {
			return nil, fmt.Errorf("%q is neither true nor false", text)
		}
		return v, nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v, err := strconv.ParseInt(text, 10, t.Bits())
		if err != nil {
			return nil, fmt.Errorf("%q is no whole number in range", text)
		}
		return v, nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v, err := strconv.ParseUint(text, 10, t.Bits())
		if err != nil {
			return nil, fmt.Errorf("%q is no whole number in range", text)
		}
		return v, nil
	case reflect.Float32, reflect.Float64:
		v, err := strconv.ParseFloat(text, t.Bits())
		if err != nil {
			return nil, fmt.Errorf("%q is no number", text)
		}
		return v, nil
	case reflect.Slice:
		if !strings.HasPrefix(strings.TrimSpace(text), "[") && !isGroup(t.Elem()) {
			return parseList(t.Elem(), text)
		}
	}
	var v any
	if err := yaml.Unmarshal([]byte(text), &v); err != nil {
		return nil, fmt.Errorf("read as YAML: %w", err)
	}
	return v, nil
}

func parseList(elem reflect.Type, text string) (any, error) {
	list := []any{}
	if strings.TrimSpace(text) == "" {
		return list, nil
	}
	for _, part := range strings.Split(text, ",") {
		v, err := parse(elem, strings.TrimSpace(part))
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, nil
}

// durationHook reads durations, which need a unit: 30 could be seconds or milliseconds.
func durationHook(from, to reflect.Type, data any) (any, error) {
	if to != durationType || from == durationType {
		return data, nil
	}
	text, ok := data.(string)
	if !ok {
		return nil, fmt.Errorf("%v is no duration: write it with a unit, such as 30s", data)
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return nil, fmt.Errorf("%q is no duration: write it with a unit, such as 30s", text)
	}
	return d, nil
}

// wholeNumberHook refuses to cut 1.5 down to 1.
func wholeNumberHook(from, to reflect.Type, data any) (any, error) {
	if from.Kind() != reflect.Float32 && from.Kind() != reflect.Float64 {
		return data, nil
	}
	switch to.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return nil, fmt.Errorf("%v is no whole number", data)
	}
	return data, nil
}
