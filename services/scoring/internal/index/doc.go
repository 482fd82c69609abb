// Package index computes weighted indices of satisfaction over attributes: the customer satisfaction index (CSI) and
// Rosenberg's model.
package index
