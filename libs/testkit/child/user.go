package child

import (
	"fmt"
	"os"
	"os/user"
	"strconv"
)

// User is whom a process runs as.
type User struct {
	UID, GID uint32

	setGroups bool
}

// Unprivileged returns a user without privileges for servers that refuse to run as root: nil when the test does not run as root, else the
// first of the names that exists, else nobody.
func Unprivileged(names ...string) (*User, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	for _, name := range append(names, "nobody") {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.ParseUint(u.Uid, 10, 32)
		gid, gidErr := strconv.ParseUint(u.Gid, 10, 32)
		if uidErr != nil || gidErr != nil {
			return nil, fmt.Errorf("read user %s: numbers %q and %q", name, u.Uid, u.Gid)
		}
		return &User{UID: uint32(uid), GID: uint32(gid), setGroups: true}, nil
	}
	return nil, fmt.Errorf("find an unprivileged user: none of %v exists", names)
}
