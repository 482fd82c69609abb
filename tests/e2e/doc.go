// Package e2e plays the suite as its users do: through gRPC, REST, the command line and a real browser, as one process and as several. The
// cases are data, in testdata/cases; package cases says what they may hold.
package e2e
