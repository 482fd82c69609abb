package suite

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// makeDataFolder makes the folder of the databases; only the owner may look inside.
func makeDataFolder(path string) error {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return fmt.Errorf("make data folder: %w", err)
	}
	return nil
}

// lockService takes what a service keeps in a data folder for this process, until the result is called or the process ends, however it ends.
func lockService(folder, name string) (release func() error, err error) {
	file, err := os.OpenFile(filepath.Join(folder, name+".lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock data folder: %w", err)
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = fmt.Errorf("%s is in use by another process that runs the %s service: stop it or choose another folder by --data", folder, name)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock data folder: %w", err), file.Close())
	}
	return file.Close, nil
}
