package embedded

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// account is the user under which Postgres runs: the current one, or, because Postgres refuses root, another one.
type account struct {
	other    bool
	uid, gid uint32
}

// accountFor returns the owner of the existing data; without data, the user nobody if we are root.
func accountFor(data string) (account, error) {
	if os.Geteuid() != 0 {
		return account{}, nil
	}
	if info, err := os.Stat(data); err == nil {
		if owner, ok := info.Sys().(*syscall.Stat_t); ok && owner.Uid != 0 {
			return account{other: true, uid: owner.Uid, gid: owner.Gid}, nil
		}
	}
	nobody, err := user.Lookup("nobody")
	if err != nil {
		return account{}, fmt.Errorf("Postgres does not run as root and there is no user nobody: %w; run as an ordinary user", err)
	}
	uid, errU := strconv.ParseUint(nobody.Uid, 10, 32)
	gid, errG := strconv.ParseUint(nobody.Gid, 10, 32)
	if err := errors.Join(errU, errG); err != nil {
		return account{}, fmt.Errorf("user nobody: %w", err)
	}
	return account{other: true, uid: uint32(uid), gid: uint32(gid)}, nil
}

// own makes the account the owner of path.
func (a account) own(path string) error {
	if !a.other {
		return nil
	}
	return os.Chown(path, int(a.uid), int(a.gid))
}

// command prepares program to run under the account. args gets the name under which the program reaches dir: another
// account may not be allowed to traverse its path (/root is closed), so it inherits the open directory instead. Call
// release once the program has been started.
func (a account) command(ctx context.Context, dir, program string, args func(dir string) []string) (*exec.Cmd, func(), error) {
	cmd := exec.CommandContext(ctx, program)
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=/usr/bin:/bin", "LC_ALL=C", "TZ=UTC", "HOME=/"}
	cmd.SysProcAttr = childAttributes()
	if !a.other {
		cmd.Args = append(cmd.Args, args(filepath.Clean(dir))...)
		return cmd, func() {}, nil
	}
	open, err := os.Open(dir)
	if err != nil {
		return nil, nil, err
	}
	cmd.ExtraFiles = []*os.File{open}
	cmd.Args = append(cmd.Args, args("/proc/self/fd/3")...)
	cmd.SysProcAttr.Credential = &syscall.Credential{Uid: a.uid, Gid: a.gid}
	return cmd, func() { open.Close() }, nil
}
