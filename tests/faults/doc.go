// Package faults breaks the suite while it works, as power cuts, operators and full disks do, and checks what it promises: an answer that was
// acknowledged is there once, an answer that was refused is not there, and the scores equal a recount of what is stored.
package faults
