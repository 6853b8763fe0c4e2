//go:build unix

package store_test

import (
	"errors"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/auditlake/auditlake/pkg/store"
)

// Who opens a pipe waits for somebody who writes to it, and no context ends that: each
// of these calls would never return.
func TestAPipeIsNotWaitedFor(t *testing.T) {
	dir := t.TempDir()
	check(t, syscall.Mkfifo(filepath.Join(dir, "k"), 0o600))
	for call, err := range everyCall(t, openLocal(t, dir)) {
		switch call {
		case "head", "get", "list":
			if err == nil || !strings.Contains(err.Error(), "neither a file nor a folder") {
				t.Errorf("%s: %v", call, err)
			}
		case "put if absent":
			if !errors.Is(err, store.ErrExists) {
				t.Errorf("%s: %v", call, err)
			}
		}
	}
}

// What lies below a pipe is nothing, as below a file.
func TestNothingIsBelowAPipe(t *testing.T) {
	dir := t.TempDir()
	check(t, syscall.Mkfifo(filepath.Join(dir, "k"), 0o600))
	l := openLocal(t, dir)
	for o, err := range l.List(t.Context(), "k/", "") {
		t.Errorf("list: %v, %v", o, err)
	}
	for folder, err := range l.Folders(t.Context(), "k/") {
		t.Errorf("folders: %q, %v", folder, err)
	}
}
