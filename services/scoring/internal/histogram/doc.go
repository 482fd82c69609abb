// Package histogram counts integer values: scores in hundredths, or any other small set of codes. Histograms merge exactly and
// in any order, which is why scores over any slice are made from histograms and never by averaging scores.
package histogram
