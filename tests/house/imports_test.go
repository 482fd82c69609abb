package house

import (
	"regexp"
	"strings"
	"testing"
)

// unwanted are packages that no program of Otklik uses, and why.
var unwanted = map[string]string{
	"crypto/des": "not an approved cipher", "crypto/rc4": "not an approved cipher", "crypto/md5": "not an approved hash", "crypto/sha1": "not an approved hash", "crypto/dsa": "not an approved signature",
	"encoding/gob": "builds what the sender names", "encoding/xml": "nothing of Otklik but workbooks is XML", "net/smtp": "mail is sent by go-mail, which insists on TLS", "net/http/pprof": "a door that nobody guards",
	"os/exec": "no input reaches a command line", "plugin": "no code is loaded", "unsafe": "memory is the compiler's business", "text/template": "nothing else is built from templates",
	"html/template": "other pages are files", "math/rand": "its successor is math/rand/v2",
}

// mayGuess are those that use random numbers that somebody could guess: for pauses, made-up data and identifiers that open nothing.
var mayGuess = regexp.MustCompile(`^(libs/eventlog|libs/interceptor/errmap|libs/interceptor/requestid|services/access/internal/(erasure|webhook)|services/reporting/internal/(factor|moment)|services/segmentation/internal/(cluster|membership|retention)|cmd/otklik/internal/(export|importer|sample))$`)

// mayFill are those that fill in templates, which are constants: e-mails, and the page that unsubscribes from them.
var mayFill = regexp.MustCompile(`^(gateway|services/reporting/internal/delivery|services/segmentation/internal/digest)$`)

// mayReadXML are those that read or write XML, of which Go's reader fetches and expands nothing: the sheets of workbooks.
var mayReadXML = regexp.MustCompile(`^(libs/sheet|services/reporting/internal/export)$`)

// forTests are packages that only tests and those who build use: they start databases and browsers, or train models.
var forTests = regexp.MustCompile(`^(libs/testkit|tests|proto|services/[a-z]+/internal/store/storetest|services/comment/train|services/scoring/bench)(/|$)`)

// TestUnwantedPackagesAreNotImported keeps weak cryptography, command lines, templates and decoders that trust their input out of the programs.
func TestUnwantedPackagesAreNotImported(t *testing.T) {
	t.Parallel()
	for _, p := range listPackages(t) {
		from := strings.TrimPrefix(p.ImportPath, module)
		if forTests.MatchString(from) {
			continue
		}
		for _, to := range p.Imports {
			if why := unwanted[to]; why != "" && !(strings.HasSuffix(to, "/template") && mayFill.MatchString(from)) && !(to == "encoding/xml" && mayReadXML.MatchString(from)) {
				t.Errorf("%s -> %s: %s", from, to, why)
			}
			if to == "math/rand/v2" && !mayGuess.MatchString(from) {
				t.Errorf("%s -> %s: use crypto/rand, or say here why somebody may guess", from, to)
			}
		}
	}
}

// turnsTextIntoCode finds what makes markup or code of text, follows messages of other pages, or reaches prototypes by name.
var turnsTextIntoCode = regexp.MustCompile(`dangerouslySetInnerHTML|\.(inner|outer)HTML\b|insertAdjacentHTML|document\.write|\beval\(|new Function\(|srcdoc|postMessage|addEventListener\("message"|__proto__|javascript:|document\.cookie`)

// TestPagesTurnNoTextIntoCode reads the sources of the web app.
func TestPagesTurnNoTextIntoCode(t *testing.T) {
	t.Parallel()
	read := 0
	for _, suffix := range []string{".ts", ".tsx"} {
		walk(t, "../../gateway/web/src", suffix, func(path, content string) {
			read++
			for _, found := range turnsTextIntoCode.FindAllString(content, -1) {
				t.Errorf("%s: %s", path, found)
			}
		})
	}
	if read < 20 {
		t.Errorf("only %d files were read", read)
	}
}
