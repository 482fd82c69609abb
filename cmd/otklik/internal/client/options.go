// Package client finds out which server the client commands speak to and by which key, and connects.
package client

import (
	"encoding/json"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/otklik/otklik/cmd/otklik/internal/exit"
)

// DefaultServer is where `otklik all` listens for gRPC calls unless told otherwise.
const DefaultServer = "127.0.0.1:9090"

// The environment variables of the client commands.
const (
	EnvServer  = "OTKLIK_SERVER"
	EnvKey     = "OTKLIK_KEY"
	EnvProfile = "OTKLIK_PROFILE"
)

// DefaultTimeout is how long a call may take.
const DefaultTimeout = 30 * time.Second

// Options are the flags that all client commands have. A flag wins over the environment, the environment over the profile.
type Options struct {
	// Server is the address, see ParseServer.
	Server string
	// Key is the secret; KeyFile a file that holds it.
	Key, KeyFile string
	// Profile is the profile's name; ProfileFile where profiles are kept.
	Profile, ProfileFile string
	// CA is a file of certificates to trust beside those of the system.
	CA string
	// Timeout bounds a call.
	Timeout time.Duration
}

// AddFlags adds the flags.
func (o *Options) AddFlags(flags *pflag.FlagSet) {
	flags.StringVar(&o.Server, "server", "", "server: HOST:PORT or grpc[s]://HOST:PORT for gRPC, http[s]://HOST:PORT for REST\n(environment "+EnvServer+", default "+DefaultServer+")")
	flags.StringVar(&o.Key, "key", "", "key (environment "+EnvKey+"); other users of this machine can see flags, prefer --key-file")
	flags.StringVar(&o.KeyFile, "key-file", "", "file that holds the key")
	flags.StringVar(&o.Profile, "profile", "", "profile of the profile file (environment "+EnvProfile+", default \"default\")")
	flags.StringVar(&o.ProfileFile, "profile-file", "", "profile file (default ~/.config/otklik/profiles.yaml)")
	flags.StringVar(&o.CA, "ca", "", "file of PEM certificates to trust beside the system's")
	flags.DurationVar(&o.Timeout, "timeout", DefaultTimeout, "longest wait for an answer")
}

// Endpoint is a server and the key for it.
type Endpoint struct {
	Server  Server
	Key     string
	CA      string
	Timeout time.Duration
}

// Resolve finds the server and the key. getenv is os.Getenv but in tests. Errors have the exit code of wrong usage.
//
// A key that comes from a profile is only ever sent to that profile's server: naming another server by flag or environment, but not the profile,
// leaves the key out.
func (o *Options) Resolve(getenv func(string) string) (Endpoint, error) {
	e := Endpoint{CA: o.CA, Timeout: o.Timeout}
	server, key, err := o.direct(getenv)
	if err != nil {
		return Endpoint{}, err
	}
	profileName := firstOf(o.Profile, getenv(EnvProfile))
	if server == "" || key == "" || profileName != "" {
		profile, err := o.profile(profileName, getenv)
		if err != nil {
			return Endpoint{}, err
		}
		if key == "" && (server == "" || profileName != "" || server == profile.Server) {
			key = profile.Key
		}
		server = firstOf(server, profile.Server, DefaultServer)
		e.CA = firstOf(e.CA, profile.CA)
	}
	if e.Server, key, err = parseReadyLine(server, key); err != nil {
		return Endpoint{}, err
	}
	if key == "" {
		return Endpoint{}, exit.Usagef("no key for %s: state one by --key-file, --key, %s or a profile; `otklik all` prints a key at its first start and keeps it in the file key of the data folder", e.Server.Address, EnvKey)
	}
	if strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return Endpoint{}, exit.Usagef("the key holds characters that no key has")
	}
	e.Key = key
	return e, nil
}

// direct returns what flags and environment say.
func (o *Options) direct(getenv func(string) string) (server, key string, err error) {
	if o.Key != "" && o.KeyFile != "" {
		return "", "", exit.Usagef("either --key or --key-file, not both")
	}
	key = o.Key
	if o.KeyFile != "" {
		if key, err = readKey(o.KeyFile); err != nil {
			return "", "", err
		}
	}
	return firstOf(o.Server, getenv(EnvServer)), firstOf(key, getenv(EnvKey)), nil
}

// profile returns the named profile; with no name, the one called default, or an empty one when there is none.
func (o *Options) profile(name string, getenv func(string) string) (Profile, error) {
	path := o.ProfileFile
	if path == "" {
		folder := getenv("XDG_CONFIG_HOME")
		if folder == "" {
			folder = filepath.Join(getenv("HOME"), ".config")
		}
		path = filepath.Join(folder, "otklik", "profiles.yaml")
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) && o.ProfileFile == "" && name == "" {
		return Profile{}, nil
	}
	profiles, err := readProfiles(path)
	if err != nil {
		return Profile{}, err
	}
	if name == "" {
		return profiles["default"], nil
	}
	p, ok := profiles[name]
	if !ok {
		return Profile{}, exit.Usagef("the profile file %s has no profile %q", path, name)
	}
	return p, nil
}

func readKey(path string) (string, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return "", exit.Usagef("read the key: %w", err)
	}
	key := strings.TrimSpace(string(raw))
	if key == "" {
		return "", exit.Usagef("read the key: %s is empty", path)
	}
	return key, nil
}

func firstOf(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

// parseReadyLine accepts, in the place of an address, the whole line that a server prints when it is ready; then it gives the key as well.
func parseReadyLine(server, key string) (Server, string, error) {
	if strings.HasPrefix(strings.TrimSpace(server), "{") {
		var ready struct {
			HTTP, GRPC, Key string
			KeyFile         string `json:"key_file"`
		}
		if err := json.Unmarshal([]byte(server), &ready); err != nil {
			return Server{}, "", exit.Usagef("the server's address looks like a ready line and is not one: %w", err)
		}
		server, key = firstOf(ready.GRPC, ready.HTTP), firstOf(key, ready.Key)
		if key == "" && ready.KeyFile != "" {
			// Of a start that was not the first: the key was printed then.
			var err error
			if key, err = readKey(ready.KeyFile); err != nil {
				return Server{}, "", err
			}
		}
	}
	s, err := ParseServer(server)
	return s, key, err
}

// Server is the address of a server.
type Server struct {
	// REST tells that the address is that of the REST API; otherwise it speaks gRPC.
	REST bool
	// TLS tells that the connection is encrypted.
	TLS bool
	// Address is the base URL of the REST API, or the target of gRPC.
	Address string
}

// ParseServer reads an address: HOST:PORT and grpc://HOST:PORT (gRPC, plain), grpcs://HOST:PORT (gRPC over TLS), dns:///NAME:PORT (gRPC, plain),
// http://HOST[:PORT] and https://HOST[:PORT] (REST).
func ParseServer(s string) (Server, error) {
	s = strings.TrimSpace(s)
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok {
		scheme, rest = "grpc", s
	}
	switch scheme {
	case "http", "https":
		return Server{REST: true, TLS: scheme == "https", Address: strings.TrimRight(s, "/")}, nil
	case "dns":
		return Server{Address: s}, nil
	case "grpc", "grpcs":
		host, port, err := net.SplitHostPort(strings.TrimRight(rest, "/"))
		if err != nil || host == "" || port == "" {
			return Server{}, exit.Usagef("%q is not the address of a server: HOST:PORT or grpc[s]://HOST:PORT for gRPC, http[s]://HOST:PORT for REST", s)
		}
		return Server{TLS: scheme == "grpcs", Address: net.JoinHostPort(host, port)}, nil
	default:
		return Server{}, exit.Usagef("%q is not the address of a server: %s is none of grpc, grpcs, dns, http, https", s, scheme)
	}
}
