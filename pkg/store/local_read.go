package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// List implements [Store]. It reads one folder at a time, as it is reached.
func (l *Local) List(ctx context.Context, prefix, startAfter string) iter.Seq2[Object, error] {
	return l.list(ctx, walker{prefix: prefix, startAfter: startAfter})
}

func (l *Local) list(ctx context.Context, w walker) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		w := w
		w.ctx, w.store, w.yield = ctx, l, yield
		root, err := l.openToList(ctx, w.prefix)
		if err != nil {
			w.stop("", err)
			return
		}
		if root == nil {
			return
		}
		defer root.Close()
		w.root = root
		w.walk(parentFolder(w.prefix))
	}
}

// Folders implements [Store].
func (l *Local) Folders(ctx context.Context, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		root, err := l.openToList(ctx, prefix)
		if err != nil {
			yield("", l.fail("list folders", prefix, err))
			return
		}
		if root == nil {
			return
		}
		defer root.Close()
		parent := parentFolder(prefix)
		entries, err := readFolder(root, parent, func(string) bool { return true })
		if err != nil && !isMissing(err) {
			yield("", l.fail("list folders", parent, err))
			return
		}
		for _, e := range entries {
			folder := parent + e.sortKey
			if e.Mode()&fs.ModeSymlink != 0 {
				if info, err := root.Stat(filepath.FromSlash(folder)); err == nil && info.IsDir() {
					yield("", l.fail("list folders", folder, errLinkedFolder))
					return
				}
			}
			if !e.IsDir() || !strings.HasPrefix(folder, prefix) {
				continue
			}
			// A folder without objects is no prefix of any key.
			for _, err := range l.List(ctx, folder, "") {
				if err != nil {
					yield("", err)
					return
				}
				if !yield(folder, nil) {
					return
				}
				break
			}
		}
	}
}

// errLinkedFolder: a link may lead in a circle.
var errLinkedFolder = errors.New("a symbolic link to a folder is not followed")

// openToList gives nil without an error for a lake that is not there yet.
func (l *Local) openToList(ctx context.Context, prefix string) (*os.Root, error) {
	if err := checkPrefix(prefix); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	root, err := openRoot(l.dir)
	if errors.Is(err, fs.ErrNotExist) && !l.mustExist {
		return nil, nil
	}
	return root, err
}

// parentFolder cuts a prefix behind its last slash.
func parentFolder(prefix string) string {
	return prefix[:strings.LastIndexByte(prefix, '/')+1]
}

// walker yields the files of a tree in byte order of their keys.
type walker struct {
	ctx                context.Context // of the List that runs it
	store              *Local
	root               *os.Root
	prefix, startAfter string
	unfinished         bool // yield temp files instead of objects
	yield              func(Object, error) bool
}

// walk visits a folder, given as "" or with a trailing slash, and says whether
// to go on.
func (w *walker) walk(folder string) bool {
	if err := w.ctx.Err(); err != nil {
		return w.stop(folder, err)
	}
	after, inside := strings.CutPrefix(w.startAfter, folder)
	entries, err := readFolder(w.root, folder, func(name string) bool { return !inside || name > after || strings.HasPrefix(after, name) })
	if isMissing(err) {
		return true // removed since its parent was read, or a prefix of nothing
	}
	if err != nil {
		return w.stop(folder, err)
	}
	for _, e := range entries {
		key := folder + e.sortKey
		switch {
		case e.IsDir():
			if w.canHold(key) && !w.walk(key) {
				return false
			}
		case key <= w.startAfter || !strings.HasPrefix(key, w.prefix) || strings.HasPrefix(e.sortKey, tempPrefix) != w.unfinished:
		default:
			if !w.visit(key, e) {
				return false
			}
		}
	}
	return true
}

// canHold prunes folders whose keys are all outside of the prefix or before
// startAfter.
func (w *walker) canHold(folder string) bool {
	inPrefix := strings.HasPrefix(folder, w.prefix) || strings.HasPrefix(w.prefix, folder)
	return inPrefix && (folder > w.startAfter || strings.HasPrefix(w.startAfter, folder))
}

func (w *walker) visit(key string, e entry) bool {
	var err error
	info := e.FileInfo
	if info.Mode()&fs.ModeSymlink != 0 {
		info, err = w.root.Stat(filepath.FromSlash(key))
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return true // deleted since the folder was read
	case err != nil:
		return w.stop(key, err)
	case info.IsDir():
		return w.stop(key, errLinkedFolder)
	}
	if err := onlyFiles(info); err != nil {
		return w.stop(key, err)
	}
	if err := w.ctx.Err(); err != nil {
		return w.stop(key, err)
	}
	return w.yield(describe(key, info), nil)
}

func (w *walker) stop(key string, err error) bool {
	w.yield(Object{}, w.store.fail("list", cmp.Or(key, w.prefix), err))
	return false
}

// entry sorts as its keys do: a folder counts with its slash, so "a.json" comes
// before "a/x", because '.' < '/'.
type entry struct {
	fs.FileInfo
	sortKey string
}

// readFolder gives the entries of a folder whose names are wanted. Only these are looked
// at, as each takes a call of the system: of a table's log most have been read.
func readFolder(root *os.Root, folder string, wanted func(name string) bool) (entries []entry, err error) {
	at := filepath.FromSlash(path.Clean("./" + folder))
	f, err := openFile(root, at) // which may be a pipe
	if err != nil {
		return nil, err
	}
	names, err := f.Readdirnames(-1)
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	names = slices.DeleteFunc(names, func(name string) bool { return !wanted(name) })
	if len(names) == 0 {
		return nil, nil
	}
	inside, err := root.OpenRoot(at)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, inside.Close()) }()
	for _, name := range names {
		info, err := inside.Lstat(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue // deleted since
		}
		if err != nil {
			return nil, err
		}
		e := entry{info, name}
		if e.IsDir() {
			e.sortKey += "/"
		}
		entries = append(entries, e)
	}
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(a.sortKey, b.sortKey) })
	return entries, nil
}

// Get implements [Store]. What is read is the file that was opened, which a
// Put leaves alone; at the end it is checked that no other program wrote into
// it, and for a pinned read also that the key still names this version.
func (l *Local) Get(ctx context.Context, key, etag string, offset, length int64) (io.ReadCloser, Object, error) {
	r, o, err := l.get(ctx, key, etag, offset, length)
	if err != nil {
		return nil, Object{}, l.fail("get", key, err)
	}
	return r, o, nil
}

func (l *Local) get(ctx context.Context, key, etag string, offset, length int64) (*localReader, Object, error) {
	root, err := l.open(ctx, key)
	if err != nil {
		return nil, Object{}, err
	}
	defer root.Close()
	f, err := openFile(root, key)
	if err != nil {
		return nil, Object{}, err
	}
	info, err := f.Stat()
	if err == nil {
		err = onlyFiles(info)
	}
	if err != nil {
		return nil, Object{}, errors.Join(err, f.Close())
	}
	o := describe(key, info)
	if etag != "" && etag != o.ETag {
		return nil, Object{}, errors.Join(ErrChanged, f.Close())
	}
	from, n := cutRange(o.Size, offset, length)
	if _, err := f.Seek(from, io.SeekStart); err != nil {
		return nil, Object{}, errors.Join(err, f.Close())
	}
	return &localReader{ctx: ctx, store: l, file: f, opened: o, pinned: etag != "", left: n}, o, nil
}

// onlyFiles refuses pipes and devices, which may have no end, and knows no folders.
func onlyFiles(info fs.FileInfo) error {
	switch {
	case info.IsDir():
		return fs.ErrNotExist
	case !info.Mode().IsRegular():
		return fmt.Errorf("neither a file nor a folder but %s", info.Mode().Type())
	}
	return nil
}

type localReader struct {
	ctx    context.Context // of the Get that opened it
	store  *Local
	file   *os.File
	opened Object
	pinned bool
	left   int64 // bytes
}

func (r *localReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, r.store.fail("read", r.opened.Key, err)
	}
	if r.left == 0 {
		if err := r.check(); err != nil {
			return 0, r.store.fail("read", r.opened.Key, err)
		}
		return 0, io.EOF
	}
	n, err := r.file.Read(p[:min(int64(len(p)), r.left)])
	r.left -= int64(n)
	if errors.Is(err, io.EOF) {
		err = ErrChanged // it was cut
	}
	if err != nil {
		err = r.store.fail("read", r.opened.Key, err)
	}
	return n, err
}

// check runs at the end of the range.
func (r *localReader) check() error {
	info, err := r.file.Stat()
	if err != nil {
		return err
	}
	if now := describe(r.opened.Key, info); now.ETag != r.opened.ETag {
		return ErrChanged
	}
	if !r.pinned {
		return nil
	}
	now, err := r.store.Head(r.ctx, r.opened.Key)
	if errors.Is(err, ErrNotFound) {
		return nil // deleted, not changed: what was read is that version
	}
	if err == nil && now.ETag != r.opened.ETag {
		return ErrChanged
	}
	return err
}

func (r *localReader) Close() error { return r.file.Close() }
