package named

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"
	"sync"
	"time"
)

const (
	// recheck is how long a folder is taken for unchanged.
	recheck = 3 * time.Second
	// mostFiles is how many files of a folder are read.
	mostFiles = 1000
)

// Folder is a folder of query files, which are those that end in .yaml, in it and in
// the folders below. Files and folders that begin with a dot are left alone. It is
// safe for concurrent use.
type Folder struct {
	path string

	mu      sync.Mutex
	checked time.Time // guarded by mu, and so are the others
	stamp   string    // names, sizes and times of the files when they were read
	queries []*Query
	err     error
}

// NewFolder is the queries of a folder. Nothing is read yet.
func NewFolder(path string) *Folder { return &Folder{path: path} }

// Path is where the folder is.
func (f *Folder) Path() string { return f.path }

// Queries are those of the files that are sound, in the order of the files. The
// error joins what is wrong with the others, a *FileError each where the file can be
// read. The files are read again when one has changed, as far as sizes and times of
// modification tell; that is looked at every few seconds by now.
func (f *Folder) Queries(now time.Time) ([]*Query, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if since := now.Sub(f.checked); !f.checked.IsZero() && since >= 0 && since < recheck {
		return f.queries, f.err
	}
	f.checked = now
	root, err := openFolder(f.path)
	if err != nil {
		f.stamp, f.queries, f.err = "", nil, fmt.Errorf("open the folder of queries: %w", err)
		return nil, f.err
	}
	defer func() { _ = root.Close() }() // it was only read
	names, stamp, err := list(root)
	if err != nil {
		f.stamp, f.queries, f.err = "", nil, fmt.Errorf("list the folder of queries: %w", err)
		return nil, f.err
	}
	if stamp != f.stamp || f.stamp == "" {
		f.stamp, f.queries, f.err = stamp, nil, nil
		f.read(root, names)
	}
	return f.queries, f.err
}

// list is the query files of a folder, and what tells it from another state of it.
func list(root *os.Root) (names []string, stamp string, err error) {
	var b strings.Builder
	err = walk(root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name != "." && strings.HasPrefix(path.Base(name), "."):
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		case entry.IsDir() || !strings.HasSuffix(name, ".yaml"):
			return nil
		case len(names) == mostFiles:
			return fmt.Errorf("there are more than %d files", mostFiles)
		}
		info, err := root.Stat(name) // of what a link points to
		if err != nil {
			return err
		}
		names = append(names, name)
		fmt.Fprintf(&b, "%s %d %d\n", name, info.Size(), info.ModTime().UnixNano())
		return nil
	})
	return names, b.String() + "end", err
}

func (f *Folder) read(root *os.Root, names []string) {
	var own Catalog
	var problems []error
	for _, name := range names {
		text, err := root.ReadFile(name)
		if err == nil {
			err = own.add(name, text)
		}
		if err != nil {
			problems = append(problems, err)
		}
	}
	f.queries, f.err = own.queries, errors.Join(problems...)
}

// Extend is a catalog with the queries of users: those of a name that is taken are
// left out, and the error joins why.
func (c *Catalog) Extend(more []*Query) (*Catalog, error) {
	out := &Catalog{queries: append([]*Query(nil), c.queries...)}
	var problems []error
	for _, q := range more {
		if err := out.insert(q); err != nil {
			problems = append(problems, err)
		}
	}
	return out, errors.Join(problems...)
}
