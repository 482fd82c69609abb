package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// clockTick is the unit of times in /proc: Linux shows hundredths of a second to programs, whatever the kernel counts in.
const clockTick = 10 * time.Millisecond

var errProc = errors.New("unexpected content of /proc")

// cpuTime is the user and system time that a process has spent.
func cpuTime(pid int) (time.Duration, error) {
	times, err := readStat(pid)
	return times.own, err
}

// cpuTimeOfTree is the time that a process and its children have spent, those that have ended among them.
func cpuTimeOfTree(pid int) (time.Duration, error) {
	times, err := readStat(pid)
	if err != nil {
		return 0, err
	}
	sum := times.own + times.ended
	children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		return 0, fmt.Errorf("list children: %w", err)
	}
	for _, field := range strings.Fields(string(children)) {
		child, err := strconv.Atoi(field)
		if err != nil {
			return 0, fmt.Errorf("list children: %w", err)
		}
		// One that has just ended is among its parent's ended ones next time.
		if times, err := readStat(child); err == nil {
			sum += times.own
		}
	}
	return sum, nil
}

// times is the CPU time of a process, and of its children that have ended.
type times struct{ own, ended time.Duration }

func readStat(pid int) (times, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return times{}, fmt.Errorf("read CPU time: %w", err)
	}
	// The second field, the name in brackets, may hold spaces.
	_, rest, found := bytes.Cut(raw, []byte(") "))
	fields := strings.Fields(string(rest))
	const first, last = 11, 14 // user and system time, then those of ended children
	if !found || len(fields) <= last {
		return times{}, fmt.Errorf("read CPU time: %w", errProc)
	}
	var ticks [4]int64
	for i := range ticks {
		if ticks[i], err = strconv.ParseInt(fields[first+i], 10, 64); err != nil {
			return times{}, fmt.Errorf("read CPU time: %w", err)
		}
	}
	return times{own: time.Duration(ticks[0]+ticks[1]) * clockTick, ended: time.Duration(ticks[2]+ticks[3]) * clockTick}, nil
}

// residentBytes is the memory that a process occupies.
func residentBytes(pid int) (int64, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, fmt.Errorf("read memory: %w", err)
	}
	for line := range strings.Lines(string(raw)) {
		if value, found := strings.CutPrefix(line, "VmRSS:"); found {
			kilobytes, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "kB")), 10, 64)
			if err != nil {
				return 0, fmt.Errorf("read memory: %w", err)
			}
			return kilobytes << 10, nil
		}
	}
	return 0, fmt.Errorf("read memory: %w", errProc)
}

// folderBytes is the size of all files in a folder.
func folderBytes(dir string) (int64, error) {
	var sum int64
	err := filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err == nil {
			sum += info.Size()
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("measure %s: %w", dir, err)
	}
	return sum, nil
}
