package main

import (
	"fmt"
	"strconv"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// description is what the image says of itself.
type description struct {
	version, revision, source, licence string
	created                            time.Time
}

// platformImage is the image for one platform.
type platformImage struct {
	platform v1.Platform
	image    v1.Image
}

// build makes the image of one binary: a layer that seldom changes, and one with the binary.
func build(path string, d description) (platformImage, error) {
	b, err := readBinary(path)
	if err != nil {
		return platformImage{}, err
	}
	if d.version == "" {
		d.version = b.version
	}
	files, err := baseFiles(d.licence)
	if err != nil {
		return platformImage{}, err
	}
	base, err := layerOf(files, d.created)
	if err != nil {
		return platformImage{}, err
	}
	program, err := layerOf([]entry{{name: "otklik", mode: 0o755, content: b.content}}, d.created)
	if err != nil {
		return platformImage{}, err
	}
	image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	history := v1.History{Created: v1.Time{Time: d.created}}
	history.CreatedBy = "user, certificates, folders"
	image, err = mutate.Append(image, mutate.Addendum{Layer: base, History: history})
	if err != nil {
		return platformImage{}, fmt.Errorf("add base: %w", err)
	}
	history.CreatedBy = "otklik"
	image, err = mutate.Append(image, mutate.Addendum{Layer: program, History: history})
	if err != nil {
		return platformImage{}, fmt.Errorf("add program: %w", err)
	}
	config, err := image.ConfigFile()
	if err != nil {
		return platformImage{}, fmt.Errorf("read configuration: %w", err)
	}
	config = config.DeepCopy()
	config.OS, config.Architecture, config.Created = b.platform.OS, b.platform.Architecture, v1.Time{Time: d.created}
	config.Config = runConfig(d)
	if image, err = mutate.ConfigFile(image, config); err != nil {
		return platformImage{}, fmt.Errorf("configure image: %w", err)
	}
	return platformImage{platform: b.platform, image: image}, nil
}

// runConfig is how the image runs when the caller says nothing: everything in one process, on SQLite in the volume. There are no environment
// variables among it: they would come over the configuration file of whoever uses the image.
func runConfig(d description) v1.Config {
	labels := map[string]string{
		"org.opencontainers.image.title":       "otklik",
		"org.opencontainers.image.description": "Measures customer experience: surveys, responses and scores",
		"org.opencontainers.image.licenses":    "Apache-2.0",
		"org.opencontainers.image.created":     d.created.Format(time.RFC3339),
		"org.opencontainers.image.version":     d.version,
	}
	if d.revision != "" {
		labels["org.opencontainers.image.revision"] = d.revision
	}
	if d.source != "" {
		labels["org.opencontainers.image.source"] = d.source
	}
	// A number, not a name: Kubernetes can check runAsNonRoot only then.
	user := strconv.Itoa(uid) + ":" + strconv.Itoa(uid)
	return v1.Config{
		User:         user,
		Entrypoint:   []string{"/otklik"},
		Cmd:          []string{"all", "--data=/data", "--http=:8080", "--grpc=:9090"},
		WorkingDir:   "/",
		ExposedPorts: map[string]struct{}{"8080/tcp": {}, "9090/tcp": {}},
		Volumes:      map[string]struct{}{"/data": {}},
		StopSignal:   "SIGTERM",
		Labels:       labels,
	}
}
