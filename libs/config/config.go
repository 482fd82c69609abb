// Package config loads a configuration into a struct: built-in defaults, then a YAML file, then environment variables, then flags, the later
// over the earlier. It is strict: a key or variable that means nothing is refused by name, and a duration needs a unit. The struct's tags say
// it all: `koanf` is the key, `doc` the documentation, `secret:"true"` keeps a value out of what is printed.
package config

import (
	"fmt"
	"strings"

	"github.com/go-viper/mapstructure/v2"
	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/providers/structs"
	"github.com/knadh/koanf/v2"
	"github.com/spf13/pflag"
)

// EnvPrefix begins the names of environment variables: OTKLIK_HTTP_ADDRESS sets the key http.address.
const EnvPrefix = "OTKLIK_"

// internalDelim separates keys inside of koanf. It cannot occur in a key, as a dot can in the keys of a map.
const internalDelim = "\x00"

// Option names a source.
type Option func(*sources)

type sources struct {
	file       string
	environ    []string
	ignoredEnv map[string]bool
	flags      *pflag.FlagSet
	flagKeys   map[string]string
}

// WithFile reads a YAML file; that it does not exist is an error. An empty path is no file.
func WithFile(path string) Option { return func(s *sources) { s.file = path } }

// WithEnviron reads environment variables (os.Environ()) that begin with EnvPrefix. ignored are variables with that prefix that belong to
// something else. A value for a list is separated by commas, or YAML in brackets.
func WithEnviron(environ []string, ignored ...string) Option {
	return func(s *sources) {
		s.environ = environ
		s.ignoredEnv = make(map[string]bool, len(ignored))
		for _, name := range ignored {
			s.ignoredEnv[name] = true
		}
	}
}

// WithFlags reads the flags that were set on the command line; keys maps a flag's name to a key such as http.address.
func WithFlags(flags *pflag.FlagSet, keys map[string]string) Option {
	return func(s *sources) { s.flags, s.flagKeys = flags, keys }
}

// Load returns the defaults, a struct, overlaid by the sources. Lists and maps are replaced as a whole, never merged. Errors name every key
// at fault, and the nearest known one if it is near.
func Load[T any](defaults T, opts ...Option) (T, error) {
	var s sources
	for _, opt := range opts {
		opt(&s)
	}
	var out T
	sch, err := schemaOf(defaults)
	if err != nil {
		return out, err
	}
	k := koanf.New(internalDelim)
	if err := k.Load(structs.Provider(defaults, tagKey), nil); err != nil {
		return out, fmt.Errorf("read defaults: %w", err)
	}
	if err := s.loadFile(k, sch); err != nil {
		return out, err
	}
	env, err := sch.fromEnviron(s.environ, s.ignoredEnv)
	if err != nil {
		return out, err
	}
	flags, err := s.fromFlags(sch)
	if err != nil {
		return out, err
	}
	for _, values := range []map[string]any{env, flags} {
		if err := k.Load(confmap.Provider(values, internalDelim), nil); err != nil {
			return out, fmt.Errorf("merge configuration: %w", err)
		}
	}
	return out, decode(k, &out)
}

func decode(k *koanf.Koanf, out any) error {
	err := k.UnmarshalWithConf("", out, koanf.UnmarshalConf{
		Tag: tagKey,
		DecoderConfig: &mapstructure.DecoderConfig{
			Result:      out,
			TagName:     tagKey,
			ErrorUnused: true,
			DecodeHook:  mapstructure.ComposeDecodeHookFunc(durationHook, wholeNumberHook, mapstructure.TextUnmarshallerHookFunc()),
		},
	})
	if err != nil {
		return fmt.Errorf("read configuration: %w", err)
	}
	return nil
}

func (s *sources) loadFile(k *koanf.Koanf, sch *schema) error {
	if s.file == "" {
		return nil
	}
	content := koanf.New(internalDelim)
	if err := content.Load(file.Provider(s.file), yaml.Parser()); err != nil {
		return fmt.Errorf("read %s: %w", s.file, err)
	}
	raw := content.Raw()
	if unknown := sch.unknownKeys(raw); len(unknown) > 0 {
		return fmt.Errorf("check %s: %s", s.file, strings.Join(unknown, "; "))
	}
	if err := k.Load(confmap.Provider(raw, ""), nil); err != nil {
		return fmt.Errorf("merge %s: %w", s.file, err)
	}
	return nil
}

func (s *sources) fromFlags(sch *schema) (map[string]any, error) {
	values := make(map[string]string)
	names := make(map[string]string)
	if s.flags != nil {
		s.flags.Visit(func(f *pflag.Flag) {
			if key, ok := s.flagKeys[f.Name]; ok {
				values[key] = f.Value.String()
				names[key] = "the flag --" + f.Name
			}
		})
	}
	return sch.fromStrings(values, func(key string) string { return names[key] })
}
