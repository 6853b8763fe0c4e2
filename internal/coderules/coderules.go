// Package coderules holds the plugin to the rules that Grafana's catalog has for
// backends: no files, no environment, no system calls, nothing printed. Its test
// fails when code that the plugin's executable links breaks one outside of the
// places in [Exceptions]; nothing imports it.
//
// The catalog's validator looks for calls by their text. Here every mention
// counts, also of a function that is passed on, whatever the import is called;
// and what is not allowed is forbidden, so that a function the validator has
// forgotten, or does not know yet, is no way around.
//
// What a library does is not looked at, here as there: *os.Root, which can only
// be had by a forbidden call, may do everything that it can.
package coderules

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/auditlake/auditlake/internal/layers"
)

// rule says what of a package may be mentioned.
type rule struct {
	// allowed are the only names that may be; nil is none.
	allowed []string
	// forbidden are the only names that may not be, where allowed is not asked.
	forbidden []string
	why       string
}

// rules are by import path.
var rules = map[string]rule{
	"os": {
		allowed: []string{
			"Args", "Exit", "ErrExist", "ErrNotExist", "File", "FileInfo", "FileMode", "Hostname", "Root",
			"O_APPEND", "O_CREATE", "O_EXCL", "O_RDONLY", "O_RDWR", "O_TRUNC", "O_WRONLY", "Stderr", "Stdin", "Stdout",
		},
		why: "no files and no environment",
	},
	"io/fs": {
		allowed: []string{
			"DirEntry", "ErrExist", "ErrInvalid", "ErrNotExist", "ErrPermission", "FS", "File", "FileInfo", "FileMode",
			"ModeSymlink", "ModeType", "PathError", "SkipAll", "SkipDir", "WalkDirFunc",
		},
		why: "no files",
	},
	"path/filepath":     {forbidden: []string{"EvalSymlinks", "Glob", "VolumeName", "Walk", "WalkDir"}, why: "no files"},
	"fmt":               {forbidden: []string{"Print", "Printf", "Println"}, why: "standard output belongs to the protocol with Grafana"},
	"log":               {why: "the SDK's logger, which Grafana reads, and no other"},
	"syscall":           {why: "no system calls"},
	"golang.org/x/sys":  {why: "no system calls"},
	"os/exec":           {why: "no other programs"},
	"os/signal":         {why: "signals are the SDK's"},
	"os/user":           {why: "nothing of the machine"},
	"io/ioutil":         {why: "no files"},
	"plugin":            {why: "no code that was not reviewed"},
	"unsafe":            {why: "no way around Go's types"},
	"net/http/httputil": {forbidden: []string{"DumpRequest", "DumpRequestOut"}, why: "requests have secrets"},
	"net/http/pprof":    {why: "the SDK has profiles, if they are switched on"},
}

// Exception is a file that may break rules, and why.
type Exception struct {
	// File is its path in the module, with slashes.
	File string
	// Names are what it may mention, as import path and name.
	Names  []string
	Reason string
}

// Exceptions are all there are; docs/adr/0038-rules-of-the-catalog.md justifies them.
func Exceptions() []Exception {
	return []Exception{
		{"pkg/main.go", []string{"os.Getenv"}, "the keys of grafana.ini reach the process as GF_PLUGIN_*, which the catalog allows; others are not asked for"},
		{"pkg/outbound/outbound.go", []string{"syscall.RawConn"}, "a type in the signature of net.Dialer.Control, of which nothing is called: it keeps requests from metadata services"},
		{"pkg/store/local_root.go", []string{"os.OpenRoot", "syscall.ENOTDIR", "syscall.O_NONBLOCK"}, "a lake in a folder: only where the administrator allows local folders"},
		{"pkg/query/named/files.go", []string{"os.OpenRoot", "io/fs.WalkDir"}, "query files: those in the executable, and those of the folder that queries_folder of grafana.ini names"},
		{"pkg/cli/machine.go", []string{"os.Getenv", "os.Interrupt", "os.Open", "os.OpenFile", "os.ReadFile", "os.Remove", "os.Stat", "os/signal.NotifyContext", "syscall.SIGTERM"}, "the command line, which the executable only is when it is given a verb"},
	}
}

// Finding is a mention that a rule forbids.
type Finding struct {
	File string // in the module, with slashes
	Line int
	Name string // import path and name
	Why  string
}

func (f Finding) String() string { return fmt.Sprintf("%s:%d: %s: %s", f.File, f.Line, f.Name, f.Why) }

// Find looks at every file of the module at root that its package pkg links, for
// every platform. Findings are in the order of files and lines.
func Find(root string) ([]Finding, error) {
	graph, err := layers.Read(root)
	if err != nil {
		return nil, err
	}
	var found []Finding
	for _, pkg := range linked(graph) {
		files, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(pkg), "*.go"))
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			mentions, err := findInFile(path.Join(pkg, filepath.Base(file)), file)
			if err != nil {
				return nil, err
			}
			found = append(found, mentions...)
		}
	}
	return found, nil
}

// module is the path of what is checked.
const module = "github.com/auditlake/auditlake/"

// linked are the packages of the module that its package pkg is made of, sorted.
func linked(graph layers.Graph) []string {
	seen := map[string]bool{}
	var visit func(pkg string)
	visit = func(pkg string) {
		if seen[pkg] {
			return
		}
		seen[pkg] = true
		for _, imported := range graph[pkg] {
			if ours, is := strings.CutPrefix(imported, module); is {
				visit(ours)
			}
		}
	}
	visit("pkg")
	packages := make([]string, 0, len(seen))
	for pkg := range seen {
		packages = append(packages, pkg)
	}
	slices.Sort(packages)
	return packages
}

// findInFile looks at one file, which the module has under name.
func findInFile(name, file string) ([]Finding, error) {
	positions := token.NewFileSet()
	parsed, err := parser.ParseFile(positions, file, nil, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	var found []Finding
	add := func(at token.Pos, what, why string) {
		found = append(found, Finding{name, positions.Position(at).Line, what, why})
	}
	imports := map[string]string{} // import path by the name it has in the file
	for _, spec := range parsed.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, err
		}
		r, ruled := ruleOf(imported)
		local := path.Base(imported)
		if spec.Name != nil {
			local = spec.Name.Name
		}
		switch {
		case !ruled:
		case local == "." || local == "_":
			// Nothing would be mentioned by which it could be found.
			add(spec.Pos(), imported, r.why)
		default:
			imports[local] = imported
		}
	}
	ast.Inspect(parsed, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			if x, is := n.X.(*ast.Ident); is {
				if imported, is := imports[x.Name]; is {
					if r, _ := ruleOf(imported); !r.allows(n.Sel.Name) {
						add(n.Pos(), imported+"."+n.Sel.Name, r.why)
					}
				}
			}
		case *ast.CallExpr:
			if f, is := n.Fun.(*ast.Ident); is && (f.Name == "print" || f.Name == "println") {
				add(n.Pos(), f.Name, "nothing is printed")
			}
		}
		return true
	})
	slices.SortStableFunc(found, func(a, b Finding) int { return cmp.Compare(a.Line, b.Line) })
	return found, nil
}

// ruleOf gives the rule of a package, which is also that of packages below it
// but those of the standard library, each of which is its own.
func ruleOf(imported string) (rule, bool) {
	if strings.HasPrefix(imported, "golang.org/x/sys/") {
		imported = "golang.org/x/sys"
	}
	r, found := rules[imported]
	return r, found
}

func (r rule) allows(name string) bool {
	if r.forbidden != nil {
		return !slices.Contains(r.forbidden, name)
	}
	return slices.Contains(r.allowed, name)
}

// Unexcused are the findings outside of the exceptions, and the exceptions, or
// names of one, that nothing needs any longer.
func Unexcused(found []Finding, exceptions []Exception) []string {
	var out []string
	used := map[[2]string]bool{}
	for _, f := range found {
		excused := slices.ContainsFunc(exceptions, func(e Exception) bool {
			return e.File == f.File && slices.Contains(e.Names, f.Name)
		})
		if used[[2]string{f.File, f.Name}] = true; !excused {
			out = append(out, f.String())
		}
	}
	for _, e := range exceptions {
		for _, name := range e.Names {
			if !used[[2]string{e.File, name}] {
				out = append(out, fmt.Sprintf("%s: no longer needs its exception for %s", e.File, name))
			}
		}
	}
	return out
}
