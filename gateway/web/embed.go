// Package web holds the built web app and docs page. Their sources are in this folder; `make web` builds them into dist.
package web

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// Files returns the built files, by path from the root of the site. Before the first build there are none but .gitkeep.
func Files() fs.FS {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		// Impossible: the name is a constant and embedded above.
		panic(err)
	}
	return files
}
