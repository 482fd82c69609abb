package postgres

import (
	"flag"
	"os"
	"testing"
)

// checks is how often properties are checked unless the command line says otherwise: each check reads all that there is, some of them many times.
const checks = "10"

func TestMain(m *testing.M) {
	asked := false
	flag.Parse()
	flag.Visit(func(f *flag.Flag) { asked = asked || f.Name == "rapid.checks" })
	if !asked {
		if err := flag.Set("rapid.checks", checks); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}
