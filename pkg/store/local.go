package store

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// tempPrefix begins the names of files that are still being written. A key may
// not use it, and a listing skips it.
const tempPrefix = ".tmp-"

// Local is a [Store] in a folder of the local file system: an object is a
// file, its key the path.
//
//   - Put is temp file, fsync, rename, fsync of the folder; PutIfAbsent the
//     same with link(2) in place of the rename, since link fails if the name is
//     taken and never shows half a file. The file system must know hard links.
//   - The ETag is size and modification time in nanoseconds. Files written here
//     get the full time of the host's clock. A foreign program that overwrites
//     a file within one tick of the file system's clock (up to 10 ms) with
//     content of the same size is not noticed.
//   - A key cannot be a folder and an object at once ("a" and "a/b").
//   - Nothing leaves the folder: it is opened with os.OpenRoot, anew for every
//     call, so that a folder that was removed and made again is found.
//   - Symbolic links to files inside the folder are read; a symbolic link to a
//     folder, and a device or socket, ends a listing with an error.
//   - Folders that Delete empties remain.
type Local struct {
	dir       string // absolute
	mustExist bool
}

// OpenLocal returns the store in dir. The folder is made by the first write;
// until then the store is empty.
func OpenLocal(dir string) (*Local, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("open folder %q: %w", dir, err)
	}
	return &Local{dir: abs}, nil
}

func (l *Local) String() string { return l.dir }

// Head implements [Store].
func (l *Local) Head(ctx context.Context, key string) (Object, error) {
	root, err := l.open(ctx, key)
	if err != nil {
		return Object{}, l.fail("head", key, err)
	}
	defer root.Close()
	info, err := root.Stat(filepath.FromSlash(key))
	if err == nil {
		err = onlyFiles(info)
	}
	if err != nil {
		return Object{}, l.fail("head", key, err)
	}
	return describe(key, info), nil
}

// Put implements [Store].
func (l *Local) Put(ctx context.Context, key string, body []byte) (Object, error) {
	var o Object
	err := l.publish(ctx, key, body, func(root *os.Root, temp, name string) error {
		info, err := root.Stat(temp)
		if err != nil {
			return err
		}
		o = describe(key, info)
		return root.Rename(temp, name)
	})
	if err != nil {
		return Object{}, l.fail("put", key, err)
	}
	return o, nil
}

// PutIfAbsent implements [Store].
func (l *Local) PutIfAbsent(ctx context.Context, key string, body []byte) error {
	err := l.publish(ctx, key, body, func(root *os.Root, temp, name string) error {
		for {
			err := root.Link(temp, name)
			if !errors.Is(err, fs.ErrExist) {
				return err
			}
			same, err := holds(root, name, body)
			switch {
			case errors.Is(err, fs.ErrNotExist):
				continue // deleted between the two calls
			case err != nil:
				return err
			case !same:
				return ErrExists
			}
			return nil
		}
	})
	if err != nil {
		return l.fail("put if absent", key, err)
	}
	return nil
}

// holds reports whether a name is that of a file with these bytes.
func holds(root *os.Root, name string, body []byte) (_ bool, err error) {
	f, err := openFile(root, name)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() || info.Size() != int64(len(body)) {
		return false, err
	}
	there, err := io.ReadAll(io.LimitReader(f, int64(len(body))+1))
	return bytes.Equal(there, body), err
}

// publish writes body to a temp file beside the object, lets move give it its
// name, and makes both durable. A temp file that a crash leaves, or that cannot
// be removed, is garbage and no failure: listings skip it.
func (l *Local) publish(ctx context.Context, key string, body []byte, move func(root *os.Root, temp, name string) error) error {
	root, err := l.openOrMake(ctx, key)
	if err != nil {
		return err
	}
	defer root.Close()
	name := filepath.FromSlash(key)
	folder := filepath.Dir(name)
	temp := filepath.Join(folder, tempPrefix+rand.Text())

	f, err := root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrNotExist) {
		if err = makeFolders(root, folder); err != nil {
			return err
		}
		f, err = root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	}
	if err != nil {
		return err
	}
	_, err = f.Write(body)
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		// The kernel dates files by ticks of some milliseconds: two versions of
		// one size could have one ETag.
		now := time.Now()
		err = root.Chtimes(temp, now, now)
	}
	if err == nil {
		err = ctx.Err()
	}
	if err == nil {
		err = move(root, temp, name)
	}
	_ = root.Remove(temp) // already gone after a rename
	if err != nil {
		return err
	}
	return syncFolder(root, folder)
}

// Delete implements [Store].
func (l *Local) Delete(ctx context.Context, keys ...string) error {
	root, err := openRoot(l.dir)
	if errors.Is(err, fs.ErrNotExist) && !l.mustExist {
		return nil
	}
	if err != nil {
		return l.fail("delete in", "", err)
	}
	defer root.Close()
	var failed []error
	folders := map[string]bool{}
	for _, key := range keys {
		if err := deleteFile(ctx, root, key); err != nil {
			failed = append(failed, l.fail("delete", key, err))
		}
		folders[path.Dir(key)] = true
	}
	for folder := range folders {
		if err := syncFolder(root, filepath.FromSlash(folder)); err != nil && !isMissing(err) {
			failed = append(failed, l.fail("delete in", folder, err))
		}
	}
	return errors.Join(failed...)
}

func deleteFile(ctx context.Context, root *os.Root, key string) error {
	if err := checkLocalKey(key); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return removeFile(root, key)
}

func removeFile(root *os.Root, key string) error {
	name := filepath.FromSlash(key)
	info, err := root.Lstat(name)
	// Remove would also take an empty folder, which is no object.
	if err == nil && !info.IsDir() {
		err = root.Remove(name)
	}
	if isMissing(err) {
		return nil
	}
	return err
}

// open opens the folder after checking the key and the context. The error is
// fs.ErrNotExist when the folder is missing.
func (l *Local) open(ctx context.Context, key string) (*os.Root, error) {
	if err := checkLocalKey(key); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return openRoot(l.dir)
}

func (l *Local) openOrMake(ctx context.Context, key string) (*os.Root, error) {
	root, err := l.open(ctx, key)
	if !errors.Is(err, fs.ErrNotExist) || l.mustExist {
		return root, err
	}
	// From the nearest folder that exists, since os.MkdirAll is barred from
	// plugins by the catalog's rules.
	above := filepath.Dir(l.dir)
	for {
		root, err = openRoot(above)
		if err == nil || !errors.Is(err, fs.ErrNotExist) || filepath.Dir(above) == above {
			break
		}
		above = filepath.Dir(above)
	}
	if err != nil {
		return nil, err
	}
	defer root.Close()
	below, err := filepath.Rel(above, l.dir)
	if err != nil {
		return nil, err
	}
	if err := makeFolders(root, below); err != nil {
		return nil, err
	}
	return openRoot(l.dir)
}

// makeFolders makes folder with all above it and makes their names durable.
func makeFolders(root *os.Root, folder string) error {
	if err := root.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for folder != "." {
		folder = filepath.Dir(folder)
		if err := syncFolder(root, folder); err != nil {
			return err
		}
	}
	return nil
}

// syncFolder makes the names in a folder durable. Windows cannot and need not.
func syncFolder(root *os.Root, folder string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := root.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func checkLocalKey(key string) error {
	if err := CheckKey(key); err != nil {
		return err
	}
	if strings.HasPrefix(path.Base(key), tempPrefix) {
		return fmt.Errorf("%w %q: names that start with %q are unfinished writes", ErrInvalidKey, key, tempPrefix)
	}
	if runtime.GOOS == "windows" && strings.ContainsAny(key, `\:`) {
		return fmt.Errorf("%w %q: a backslash or colon on Windows", ErrInvalidKey, key)
	}
	return nil
}

func describe(key string, info fs.FileInfo) Object {
	return Object{
		Key:          key,
		Size:         info.Size(),
		ETag:         fmt.Sprintf("%x-%x", info.Size(), info.ModTime().UnixNano()),
		LastModified: info.ModTime().UTC(),
	}
}

func (l *Local) fail(op, key string, err error) error {
	e := &Error{Op: op, URL: filepath.ToSlash(l.dir) + "/" + key, Kind: ownClass(err), Err: err}
	switch {
	case e.Kind != nil:
	case isMissing(err):
		e.Kind = ErrNotFound
	case errors.Is(err, fs.ErrPermission):
		e.Kind = ErrDenied
		e.Hint = "the user this process runs as needs permission for the file, its folder and, to write, for hard links"
	case errors.Is(err, errors.ErrUnsupported):
		e.Kind = ErrUnsafe
		e.Hint = "the file system has no hard links; use another folder"
	}
	return e
}
