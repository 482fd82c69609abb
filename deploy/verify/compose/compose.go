// Package compose checks the Compose file without an engine: its form, what its services say of each other, and that the program takes what it
// would be given.
package compose

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
)

// program is the image of the suite; its services are held to more than the others.
const program = "otklik"

// Load reads a Compose file strictly.
func Load(ctx context.Context, path string) (*types.Project, error) {
	dir, err := filepath.Abs(filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("find Compose file: %w", err)
	}
	project, err := loader.LoadWithContext(ctx, types.ConfigDetails{
		WorkingDir: dir, ConfigFiles: []types.ConfigFile{{Filename: path}}, Environment: types.Mapping{},
	})
	if err != nil {
		return nil, fmt.Errorf("load Compose file: %w", err)
	}
	return project, nil
}

// Check says what is wrong with a project. binary is the program that the image would hold.
func Check(ctx context.Context, project *types.Project, binary string) error {
	var errs []error
	for name, service := range project.Services {
		for _, fault := range faults(project, service) {
			errs = append(errs, fmt.Errorf("service %s: %s", name, fault))
		}
		if service.Image == program {
			if err := checkProgram(ctx, service, binary); err != nil {
				errs = append(errs, fmt.Errorf("service %s: %w", name, err))
			}
		}
	}
	return errors.Join(errs...)
}

func faults(project *types.Project, service types.ServiceConfig) []string {
	var found []string
	add := func(ok bool, format string, args ...any) {
		if !ok {
			found = append(found, fmt.Sprintf(format, args...))
		}
	}
	once := service.Restart == "no"
	checked := service.HealthCheck != nil && !service.HealthCheck.Disable && len(service.HealthCheck.Test) > 0
	add(checked || once, "it has no health check")
	for _, port := range service.Ports {
		add(port.HostIP == "127.0.0.1", "port %s is open to the whole network, with keys that everybody knows", port.Published)
	}
	for name, dependency := range service.DependsOn {
		on, ok := project.Services[name]
		if !ok {
			add(false, "it waits for %s, which is not there", name)
			continue
		}
		want := types.ServiceConditionHealthy
		if on.Restart == "no" {
			want = types.ServiceConditionCompletedSuccessfully
		}
		add(dependency.Condition == want, "it waits for %s to be %q, want %q", name, dependency.Condition, want)
	}
	for _, volume := range service.Volumes {
		if volume.Type == types.VolumeTypeBind {
			_, err := os.Stat(volume.Source)
			add(err == nil, "it mounts %s, which is not there", volume.Source)
		}
	}
	if service.Image != program {
		return found
	}
	add(service.ReadOnly, "its file system can be written to")
	add(slices.Equal(service.CapDrop, []string{"ALL"}), "it keeps capabilities")
	add(slices.Contains(service.SecurityOpt, "no-new-privileges:true"), "it may gain privileges")
	add(service.User == "", "it runs as another user than the image's")
	if service.Build == nil {
		return append(found, "nothing builds its image")
	}
	_, err := os.Stat(filepath.Join(service.Build.Context, service.Build.Dockerfile))
	add(err == nil, "its Dockerfile %s is not there", service.Build.Dockerfile)
	return found
}

// checkProgram lets the program read what the container would give it.
func checkProgram(ctx context.Context, service types.ServiceConfig, binary string) error {
	if len(service.Command) == 0 {
		return errors.New("it has no command")
	}
	if err := run(ctx, binary, service, service.Command); err != nil {
		return err
	}
	if h := service.HealthCheck; h != nil && !h.Disable {
		if len(h.Test) < 3 || h.Test[0] != "CMD" || h.Test[1] != "/otklik" {
			return fmt.Errorf("its health check %v does not run the program, and the image has nothing else", h.Test)
		}
		return run(ctx, binary, service, h.Test[2:])
	}
	return nil
}

// run checks a command: that the program has it, and that it takes the configuration file where the command says it is.
func run(ctx context.Context, binary string, service types.ServiceConfig, args []string) error {
	args = slices.Clone(args)
	mounted := false
	for i, argument := range args {
		target, ok := strings.CutPrefix(argument, "--config=")
		if !ok {
			continue
		}
		for _, volume := range service.Volumes {
			if volume.Target == target {
				args[i], mounted = "--config="+volume.Source, true
			}
		}
		if !mounted {
			return fmt.Errorf("%s is in none of its volumes", target)
		}
		if err := execute(ctx, binary, service, "otklik config", "config", args[i]); err != nil {
			return err
		}
	}
	return execute(ctx, binary, service, "otklik "+args[0], append(args, "--help")...)
}

// execute runs the program in the service's environment and looks for a text in what it says.
func execute(ctx context.Context, binary string, service types.ServiceConfig, want string, args ...string) error {
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Env = []string{}
	for name, value := range service.Environment {
		if value != nil {
			cmd.Env = append(cmd.Env, name+"="+*value)
		}
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("otklik %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	if args[len(args)-1] == "--help" && !strings.Contains(string(out), want+" ") {
		return fmt.Errorf("otklik has no command %q", args[0])
	}
	return nil
}
