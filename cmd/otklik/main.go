// Command otklik is the whole suite in one binary: the services, the gateway in front of them, and the commands of people and scripts.
package main

import (
	"context"
	"os"
	"runtime/debug"
)

// gcPercent lets the heap grow to five times what is in use before it is collected, where the environment does not set GOGC. Most of what a
// submission allocates is garbage at once, and the heap in use is small: collecting less often saves a tenth of the CPU of a submission.
const gcPercent = 400

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	os.Exit(run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
