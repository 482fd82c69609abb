package main

import (
	"debug/buildinfo"
	"debug/elf"
	"errors"
	"fmt"
	"os"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// binary is a program that can stand alone in an image.
type binary struct {
	content  []byte
	platform v1.Platform
	version  string
}

// readBinary reads a Go program for Linux and refuses one that would need more than itself to run.
func readBinary(path string) (binary, error) {
	info, err := buildinfo.ReadFile(path)
	if err != nil {
		return binary{}, fmt.Errorf("read how the binary was built: %w", err)
	}
	b := binary{version: info.Main.Version}
	for _, s := range info.Settings {
		switch s.Key {
		case "GOOS":
			b.platform.OS = s.Value
		case "GOARCH":
			b.platform.Architecture = s.Value
		}
	}
	if b.platform.OS != "linux" || b.platform.Architecture == "" {
		return binary{}, fmt.Errorf("check binary: it is for %s/%s; build it with GOOS=linux", b.platform.OS, b.platform.Architecture)
	}
	if err := checkStatic(path); err != nil {
		return binary{}, fmt.Errorf("check binary: %w", err)
	}
	if b.content, err = os.ReadFile(path); err != nil {
		return binary{}, fmt.Errorf("read binary: %w", err)
	}
	return b, nil
}

// checkStatic refuses a program that asks for a loader or libraries, which the image does not have.
func checkStatic(path string) error {
	f, err := elf.Open(path)
	if err != nil {
		return fmt.Errorf("read its sections: %w", err)
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			return errors.New("it is linked dynamically; build it with CGO_ENABLED=0")
		}
	}
	libraries, err := f.ImportedLibraries()
	if err != nil {
		return fmt.Errorf("read its libraries: %w", err)
	}
	if len(libraries) > 0 {
		return fmt.Errorf("it needs the libraries %v; build it with CGO_ENABLED=0", libraries)
	}
	return nil
}
