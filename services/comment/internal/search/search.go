// Package search turns texts and what is searched for into stems, in Russian, Kyrgyz and English.
package search

// Separator stands between the two readings of a text in its terms.
const Separator = "\n"
