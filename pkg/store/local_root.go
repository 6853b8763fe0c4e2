package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// openRoot is the only way from this package into the file system. The rules of
// Grafana's catalog forbid plugins to use it; ADR 38 says why local folders are
// there all the same, and internal/coderules that this is the only place.
func openRoot(dir string) (*os.Root, error) { return os.OpenRoot(dir) }

// isMissing also covers "a/b" where "a" is a file.
func isMissing(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

// openFile opens for reading and does not wait: a pipe would have it wait for a writer,
// whatever the context says.
func openFile(root *os.Root, name string) (*os.File, error) {
	return root.OpenFile(filepath.FromSlash(name), os.O_RDONLY|syscall.O_NONBLOCK, 0)
}
