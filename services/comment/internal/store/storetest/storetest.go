// Package storetest is the conformance suite of comment stores: what package store promises, as tests that every backend has to pass.
package storetest
