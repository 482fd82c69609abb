package client

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/otklik/otklik/cmd/otklik/internal/exit"
)

// Profile is a server that is used often.
type Profile struct {
	// Server is the address, see ParseServer; empty means DefaultServer.
	Server string `yaml:"server"`
	// Key is the secret.
	Key string `yaml:"key"`
	// KeyFile is a file that holds the key, beside the profile file unless the path is absolute.
	KeyFile string `yaml:"key_file"`
	// CA is a file of certificates to trust.
	CA string `yaml:"ca"`
}

// profileFile is the form of the file:
//
//	profiles:
//	  default: {server: "127.0.0.1:9090", key_file: /path/to/key}
type profileFile struct {
	Profiles map[string]Profile `yaml:"profiles"`
}

// openToOthers are the permissions that a file with keys must not have.
const openToOthers = 0o077

// goType matches how the YAML library names fields in messages.
var goType = regexp.MustCompile(`field (\S+) not found in type \S+`)

// readProfiles reads a profile file. It must not be readable by others.
func readProfiles(path string) (map[string]Profile, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, exit.Usagef("open the profile file: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, exit.Usagef("look at the profile file: %w", err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&openToOthers != 0 {
		return nil, exit.Usagef("the profile file %s can be read by others and holds keys; run: chmod 600 %s", path, path)
	}
	raw, err := io.ReadAll(io.LimitReader(file, 1<<20))
	if err != nil {
		return nil, exit.Usagef("read the profile file: %w", err)
	}
	var content profileFile
	decoder := yaml.NewDecoder(bytes.NewReader(raw))
	decoder.KnownFields(true)
	if err := decoder.Decode(&content); err != nil && !errors.Is(err, io.EOF) {
		text := goType.ReplaceAllString(strings.TrimPrefix(err.Error(), "yaml: "), "unknown key $1")
		return nil, exit.Usagef("read the profile file %s: %s", path, text)
	}
	for name, p := range content.Profiles {
		if p.Key != "" && p.KeyFile != "" {
			return nil, exit.Usagef("the profile %q has both key and key_file", name)
		}
		if p.KeyFile == "" {
			continue
		}
		if !filepath.IsAbs(p.KeyFile) {
			p.KeyFile = filepath.Join(filepath.Dir(path), p.KeyFile)
		}
		if p.Key, err = readKey(p.KeyFile); err != nil {
			return nil, fmt.Errorf("the profile %q: %w", name, err)
		}
		content.Profiles[name] = p
	}
	return content.Profiles, nil
}
