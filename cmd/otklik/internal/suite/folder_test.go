package suite

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestDataFolderIsForOneProcess(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "data")
	if err := makeDataFolder(folder); err != nil {
		t.Fatal(err)
	}
	release, err := lockService(folder, "survey")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lockService(folder, "survey"); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("a second process: %v", err)
	}
	other, err := lockService(folder, "scoring")
	if err != nil {
		t.Errorf("another service beside it: %v", err)
	} else if err := other(); err != nil {
		t.Error(err)
	}
	if err := release(); err != nil {
		t.Fatal(err)
	}
	again, err := lockService(folder, "survey")
	if err != nil {
		t.Fatalf("after the first has gone: %v", err)
	}
	if err := again(); err != nil {
		t.Error(err)
	}
}

func TestKeysWithUnknownRolesAreRefused(t *testing.T) {
	t.Parallel()
	config := DefaultConfig()
	config.Auth.Keys = append(config.Auth.Keys, keyFor("managers", "secret", "acme", "admn"))
	known := mustRoles(t, nil)
	if err := known.checkKeys(config.Auth.Keys); err == nil || !strings.Contains(err.Error(), `"admn"`) || !strings.Contains(err.Error(), "admin") {
		t.Errorf("error %v", err)
	}
	config.Auth.Keys[0].Roles = []string{"admin", "app"}
	if err := known.checkKeys(config.Auth.Keys); err != nil {
		t.Error(err)
	}
}
