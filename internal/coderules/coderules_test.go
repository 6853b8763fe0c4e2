package coderules_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/internal/coderules"
)

func TestThePluginKeepsTheRulesOfTheCatalog(t *testing.T) {
	found, err := coderules.Find("../..")
	if err != nil {
		t.Fatal(err)
	}
	if len(found) == 0 {
		t.Fatal("nothing was found, not even what is excused")
	}
	for _, problem := range coderules.Unexcused(found, coderules.Exceptions()) {
		t.Error(problem)
	}
}

func TestEachExceptionIsJustified(t *testing.T) {
	text, err := os.ReadFile("../../docs/adr/0038-rules-of-the-catalog.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range coderules.Exceptions() {
		if !strings.Contains(string(text), "`"+e.File+"`") {
			t.Errorf("the ADR does not speak of %s", e.File)
		}
	}
}

func TestFind(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{
		"pkg/main.go": `package main
import (
	"fmt"
	"os"
	"github.com/auditlake/auditlake/pkg/a"
)
func main() {
	fmt.Println(a.A, os.Args)
	fmt.Fprintln(os.Stderr)
	get := os.Getenv
	_ = get
}`,
		"pkg/a/a.go": `package a
import (
	files "io/fs"
	"os"
	. "os/exec"
	"path/filepath"
	"golang.org/x/sys/unix"
	"syscall"
)
type os2 struct{ Open int }
var A = filepath.Join("a", "b")
var r *os.Root
var e = files.ErrNotExist
func f(x os2) error {
	println(x.Open)
	_ = unix.ENOTDIR
	_ = syscall.ENOTDIR
	if m, err := filepath.Glob("*"); err != nil { _ = m }
	return files.WalkDir(nil, "", nil)
}`,
		"pkg/a/a_windows.go": "package a\nimport \"os\"\nvar _, _ = os.ReadFile(\"\")\n",
		"pkg/a/a_test.go":    "package a\nimport \"os\"\nvar _ = os.Environ()\n",
		"pkg/b/b.go":         "package b\nimport \"os\"\nvar _ = os.Environ()\n", // nobody links it
	} {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	found, err := coderules.Find(root)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range found {
		got = append(got, f.String())
	}
	want := []string{
		"pkg/main.go:8: fmt.Println: standard output belongs to the protocol with Grafana",
		"pkg/main.go:10: os.Getenv: no files and no environment",
		"pkg/a/a.go:5: os/exec: no other programs",
		"pkg/a/a.go:15: println: nothing is printed",
		"pkg/a/a.go:16: golang.org/x/sys/unix.ENOTDIR: no system calls",
		"pkg/a/a.go:17: syscall.ENOTDIR: no system calls",
		"pkg/a/a.go:18: path/filepath.Glob: no files",
		"pkg/a/a.go:19: io/fs.WalkDir: no files",
		"pkg/a/a_windows.go:3: os.ReadFile: no files and no environment",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}

	exceptions := []coderules.Exception{
		{File: "pkg/main.go", Names: []string{"os.Getenv", "fmt.Println"}},
		{File: "pkg/a/a.go", Names: []string{"io/fs.WalkDir", "os.Open", "os/exec", "println", "golang.org/x/sys/unix.ENOTDIR", "path/filepath.Glob", "syscall.ENOTDIR"}},
	}
	left := []string{
		"pkg/a/a_windows.go:3: os.ReadFile: no files and no environment",
		"pkg/a/a.go: no longer needs its exception for os.Open",
	}
	if diff := cmp.Diff(left, coderules.Unexcused(found, exceptions)); diff != "" {
		t.Errorf("unexcused (-want +got):\n%s", diff)
	}
}
