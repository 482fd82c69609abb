package suite

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestDataFolderIsForOneProcess(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "data")
	release, err := openDataFolder(folder)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := openDataFolder(folder); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("a second process: %v", err)
	}
	if err := release(); err != nil {
		t.Fatal(err)
	}
	again, err := openDataFolder(folder)
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
	if err := config.Auth.check(); err == nil || !strings.Contains(err.Error(), `"admn"`) || !strings.Contains(err.Error(), "admin") {
		t.Errorf("error %v", err)
	}
	config.Auth.Keys[0].Roles = []string{"admin", "app"}
	if err := config.Auth.check(); err != nil {
		t.Error(err)
	}
}
