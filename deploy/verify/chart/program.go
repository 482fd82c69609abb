package chart

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// examples are what the Secrets hold in a check: the program reads variables as strictly as the file.
var examples = []struct{ suffix, value string }{
	{"_POSTGRES_DSN", "postgres://otklik:secret@postgres:5432/otklik?sslmode=verify-full"},
	{"_AUTH_KEYS", "[{id: services, sha256: 2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b, roles: [service]}]"},
	{"_AUTH_OIDC", "[{issuer: 'https://login.example', client_id: otklik, client_secret: secret, organization: acme}]"},
	{"", "secret"},
}

// CheckProgram lets the program itself read what each of its pods would get: the configuration file, the variables and the command.
func CheckProgram(ctx context.Context, binary string, objects []Object) error {
	t := &tree{objects: objects}
	for _, o := range objects {
		w, ok, err := workloadOf(o)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		for _, c := range w.pod.Containers {
			if err := t.checkCommand(ctx, binary, w, c); err != nil {
				t.errs = append(t.errs, fmt.Errorf("%s: %w", o, err))
			}
		}
	}
	return errors.Join(t.errs...)
}

func (t *tree) checkCommand(ctx context.Context, binary string, w workload, c corev1.Container) error {
	dir, err := os.MkdirTemp("", "otklik-config")
	if err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	defer os.RemoveAll(dir)
	path, err := t.writeConfig(dir, w)
	if err != nil {
		return err
	}
	env := []string{"HOME=" + dir}
	for _, e := range c.Env {
		env = append(env, e.Name+"="+valueOf(e))
	}
	if len(c.Args) == 0 {
		return errors.New("its container has no command")
	}
	// The command exists and takes the flags that it is given.
	help := append([]string{}, c.Args...)
	usage, err := runProgram(ctx, binary, env, append(help, "--help")...)
	if err != nil {
		return err
	}
	if !strings.Contains(usage, "otklik "+c.Args[0]+" ") {
		return fmt.Errorf("otklik has no command %q", c.Args[0])
	}
	_, err = runProgram(ctx, binary, env, "config", "--config", path)
	return err
}

func runProgram(ctx context.Context, binary string, env []string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Env = env
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("otklik %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return string(out), nil
}

// writeConfig writes the file that the workload's ConfigMap would be.
func (t *tree) writeConfig(dir string, w workload) (string, error) {
	for _, v := range w.pod.Volumes {
		if v.ConfigMap == nil {
			continue
		}
		config, ok := t.find("ConfigMap", v.ConfigMap.Name)
		if !ok {
			return "", fmt.Errorf("there is no ConfigMap %q", v.ConfigMap.Name)
		}
		data, _ := config.Content["data"].(map[string]any)
		path := filepath.Join(dir, "otklik.yaml")
		if err := os.WriteFile(path, []byte(text(data["otklik.yaml"])), 0o600); err != nil {
			return "", fmt.Errorf("write configuration: %w", err)
		}
		return path, nil
	}
	return "", errors.New("it has no configuration")
}

// valueOf is what a variable would hold.
func valueOf(e corev1.EnvVar) string {
	if e.ValueFrom == nil {
		return e.Value
	}
	for _, example := range examples {
		if strings.HasSuffix(e.Name, example.suffix) {
			return example.value
		}
	}
	return ""
}

// SecretKeys are the keys of Secrets that pods read, so that each can be looked for in the documentation.
func SecretKeys(objects []Object) (map[string][]string, error) {
	found := map[string][]string{}
	for _, o := range objects {
		w, ok, err := workloadOf(o)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		for _, c := range w.pod.Containers {
			for _, e := range c.Env {
				if e.ValueFrom != nil && e.ValueFrom.SecretKeyRef != nil {
					key := e.ValueFrom.SecretKeyRef.Key
					found[key] = append(found[key], w.Name())
				}
			}
		}
	}
	return found, nil
}
