package store_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/store"
)

func openLocal(t *testing.T, dir string) *store.Local {
	t.Helper()
	s, err := store.OpenLocal(dir)
	check(t, err)
	return s
}

func TestLocalFolderIsMadeByTheFirstWrite(t *testing.T) {
	ctx, dir := t.Context(), filepath.Join(t.TempDir(), "not", "yet")
	s := openLocal(t, dir)
	for o, err := range s.List(ctx, "", "") {
		t.Errorf("an empty lake lists %v, %v", o, err)
	}
	for f, err := range s.Folders(ctx, "") {
		t.Errorf("an empty lake has a folder %v, %v", f, err)
	}
	if _, err := s.Head(ctx, "k"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("head: %v", err)
	}
	check(t, s.Delete(ctx, "k"))
	check(t, s.PutIfAbsent(ctx, "a/k", []byte("x")))
	check(t, os.RemoveAll(filepath.Dir(dir))) // and again after the user removed it
	check(t, s.PutIfAbsent(ctx, "a/k", []byte("y")))
}

func TestLocalListingSkipsUnfinishedWrites(t *testing.T) {
	dir := t.TempDir()
	s := openLocal(t, dir)
	check(t, os.MkdirAll(filepath.Join(dir, "a"), 0o755))
	check(t, os.WriteFile(filepath.Join(dir, "a", ".tmp-crashed"), []byte("half"), 0o600))
	_, err := s.Put(t.Context(), "a/whole", []byte("x"))
	check(t, err)
	if d := cmp.Diff([]string{"a/whole"}, listLocal(t, s, "")); d != "" {
		t.Error(d)
	}
	if _, err := s.Head(t.Context(), "a/.tmp-crashed"); !errors.Is(err, store.ErrInvalidKey) {
		t.Errorf("head of an unfinished write: %v", err)
	}
	entries, err := os.ReadDir(filepath.Join(dir, "a"))
	check(t, err)
	if len(entries) != 2 {
		t.Errorf("writing left more than the object: %v", entries)
	}
}

func TestLocalErrorsInListingsAreNotSkipped(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("symbolic links need a privilege on Windows")
	}
	for name, spoil := range map[string]func(dir string) error{
		"link to a folder":   func(dir string) error { return os.Symlink("b", filepath.Join(dir, "link")) },
		"link out of it":     func(dir string) error { return os.Symlink("/etc/hostname", filepath.Join(dir, "link")) },
		"unreadable folder":  func(dir string) error { return os.Mkdir(filepath.Join(dir, "locked"), 0) },
		"link to the parent": func(dir string) error { return os.Symlink(".", filepath.Join(dir, "b", "loop")) },
	} {
		t.Run(name, func(t *testing.T) {
			if name == "unreadable folder" && os.Geteuid() == 0 {
				t.Skip("root reads every folder")
			}
			dir := t.TempDir()
			s := openLocal(t, dir)
			_, err := s.Put(t.Context(), "b/x", []byte("x"))
			check(t, err)
			check(t, spoil(dir))
			var last error
			for _, last = range s.List(t.Context(), "", "") {
			}
			if last == nil {
				t.Error("the listing is complete without it")
			}
		})
	}
}

func TestLocalFollowsLinksToFilesInside(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("symbolic links need a privilege on Windows")
	}
	dir := t.TempDir()
	s := openLocal(t, dir)
	o, err := s.Put(t.Context(), "b/x", []byte("content"))
	check(t, err)
	check(t, os.Symlink("b/x", filepath.Join(dir, "link")))
	for listed, err := range s.List(t.Context(), "link", "") {
		check(t, err)
		if listed.Size != o.Size || listed.ETag != o.ETag {
			t.Errorf("%+v is not %+v", listed, o)
		}
	}
	body, _, err := store.ReadAll(t.Context(), s, "link")
	if err != nil || string(body) != "content" {
		t.Errorf("%q, %v", body, err)
	}
}

func TestLocalReadNoticesForeignWrites(t *testing.T) {
	for name, write := range map[string]func(file string) error{
		"grown":      func(file string) error { return appendTo(file, "more") },
		"cut":        func(file string) error { return os.Truncate(file, 5) },
		"same size":  func(file string) error { return os.WriteFile(file, []byte(strings.Repeat("n", 1000)), 0o600) },
		"only mtime": func(file string) error { return os.Chtimes(file, time.Time{}, time.Unix(1, 1)) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := openLocal(t, dir)
			_, err := s.Put(t.Context(), "k", []byte(strings.Repeat("o", 1000)))
			check(t, err)
			body, _, err := s.Get(t.Context(), "k", "", 0, -1)
			check(t, err)
			_, err = io.ReadFull(body, make([]byte, 3))
			check(t, err)
			check(t, write(filepath.Join(dir, "k")))
			if _, err = io.ReadAll(body); !errors.Is(err, store.ErrChanged) {
				t.Errorf("got %v", err)
			}
			check(t, body.Close())
		})
	}
}

func TestLocalPinnedReadSurvivesDelete(t *testing.T) {
	s := openLocal(t, t.TempDir())
	o, err := s.Put(t.Context(), "k", []byte("content"))
	check(t, err)
	body, _, err := s.Get(t.Context(), "k", o.ETag, 0, -1)
	check(t, err)
	check(t, s.Delete(t.Context(), "k"))
	got, err := io.ReadAll(body)
	check(t, errors.Join(err, body.Close()))
	if string(got) != "content" {
		t.Errorf("read %q", got)
	}
}

func listLocal(t *testing.T, s store.Store, prefix string) []string {
	t.Helper()
	var keys []string
	for o, err := range s.List(t.Context(), prefix, "") {
		check(t, err)
		keys = append(keys, o.Key)
	}
	return keys
}

func appendTo(file, text string) error {
	f, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}
