// Package definition knows what scores mean: the definitions that are built in, and those that organisations make of them, each with its
// versions. A version never changes and can always be computed again: what it refers to it names with a version, too.
package definition
