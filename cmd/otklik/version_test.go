package main

import (
	"runtime/debug"
	"testing"
)

func TestVersionText(t *testing.T) {
	info := &debug.BuildInfo{GoVersion: "go1.26.0", Main: debug.Module{Version: "v0.4.0"}, Settings: []debug.BuildSetting{
		{Key: "vcs.revision", Value: "abc"}, {Key: "vcs.modified", Value: "true"},
	}}
	if got, want := versionText(info), "otklik  v0.4.0\ncommit  abc, with changes\ngo      go1.26.0\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := versionText(&debug.BuildInfo{}), "otklik  unknown\ncommit  unknown\ngo      unknown\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
