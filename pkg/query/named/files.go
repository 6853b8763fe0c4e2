package named

import (
	"io/fs"
	"os"
)

// What the rules of Grafana's catalog forbid to plugins is in this file alone; ADR 38
// says why it is there.

// openFolder opens a folder of query files that the administrator has named.
func openFolder(path string) (*os.Root, error) { return os.OpenRoot(path) }

// walk visits files: those in the executable, or those of a folder that is open.
func walk(files fs.FS, dir string, visit fs.WalkDirFunc) error { return fs.WalkDir(files, dir, visit) }
