// Command otklik is the whole suite in one binary: the services, the gateway in front of them, and the commands of people and scripts.
package main

import (
	"context"
	"os"
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
