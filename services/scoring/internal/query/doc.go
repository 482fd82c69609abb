// Package query works out which scores a request asks for, adds up what they are computed from, and computes them.
package query
