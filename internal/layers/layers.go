// Package layers holds the picture of who may import whom. Its test fails when
// the code leaves the picture; nothing imports it.
//
//	main ──► plugin ──► query, etl, identity ──► lake ──► delta ──► columnar
//	   └───► cli ──────────┘                                  └───► store
//
// Only imports of non-test files count, for every platform and build tag. A
// package under pkg/ that is not in the picture is a violation: draw it in.
package layers

import (
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"
)

const module = "github.com/auditlake/auditlake"

// picture maps each part of pkg/ to the parts it may import. A part is a
// package with all packages below it; within a part imports are free.
var picture = map[string][]string{
	"pkg":          {"pkg/plugin", "pkg/cli"},
	"pkg/plugin":   {"pkg/register", "pkg/query", "pkg/etl", "pkg/identity", "pkg/lake", "pkg/delta", "pkg/columnar", "pkg/store"},
	"pkg/cli":      {"pkg/example", "pkg/register", "pkg/rebuild", "pkg/query", "pkg/etl", "pkg/identity", "pkg/lake", "pkg/delta", "pkg/columnar", "pkg/store"},
	"pkg/example":  {"pkg/query", "pkg/etl", "pkg/lake", "pkg/store"},
	"pkg/rebuild":  {"pkg/register", "pkg/etl", "pkg/lake", "pkg/columnar"},
	"pkg/register": {"pkg/lake", "pkg/columnar", "pkg/store"},
	"pkg/etl":      {"pkg/identity", "pkg/lake", "pkg/delta", "pkg/columnar", "pkg/store"},
	"pkg/identity": {"pkg/lake", "pkg/delta", "pkg/columnar", "pkg/store", "pkg/outbound"},
	"pkg/query":    {"pkg/lake", "pkg/columnar", "pkg/outbound"}, // tables by name: neither the log nor bytes
	"pkg/lake":     {"pkg/delta", "pkg/columnar", "pkg/store"},
	"pkg/delta":    {"pkg/columnar", "pkg/store"},
	"pkg/columnar": {},
	"pkg/store":    {"pkg/outbound"},
	"pkg/outbound": {},
}

// owners maps a library to the only parts that import it, so that its types
// and its errors stop there.
var owners = map[string][]string{
	"github.com/parquet-go/parquet-go":           {"pkg/columnar", "bench/layout"}, // encodings that files do not use, weighed
	"github.com/aws/aws-sdk-go-v2/service/s3":    {"pkg/store"},
	"github.com/aws/aws-sdk-go-v2/service/sqs":   {"pkg/store"},
	"github.com/aws/aws-sdk-go-v2/service/glue":  {}, // 7.6 MB: tests only
	"github.com/grafana/grafana-plugin-sdk-go":   {"pkg", "pkg/plugin", "internal/host", "internal/demo", "internal/dataplane", "internal/preview", "bench/growth"},
	"github.com/hashicorp/go-plugin":             {"internal/host"},
	"modernc.org/sqlite":                         {"pkg/query"},
	"github.com/trinodb/trino-go-client":         {"pkg/query"},
	"github.com/spf13/cobra":                     {"pkg/cli", "cmd"},
	"github.com/auditlake/auditlake/cmd":         {},
	"github.com/auditlake/auditlake/internal":    {"internal", "cmd", "bench"},
	"github.com/auditlake/auditlake/bench":       {"bench"},
	"github.com/auditlake/auditlake/integration": {},
}

// Graph maps a package, as its folder relative to the module's root, to the
// paths it imports.
type Graph map[string][]string

// Read parses the imports of every package under root's bench, cmd, internal and pkg.
// Folders that do not exist yet are empty. It reads the files itself instead of
// asking the go command, because then go test knows what the result depends on
// and does not answer from its cache when an import has changed.
func Read(root string) (Graph, error) {
	graph := Graph{}
	for _, top := range []string{"bench", "cmd", "internal", "pkg"} {
		if _, err := os.Stat(filepath.Join(root, top)); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		err := filepath.WalkDir(filepath.Join(root, top), func(file string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if entry.IsDir() {
				return skipFolder(file, entry)
			}
			if !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
				return nil
			}
			return graph.add(root, file)
		})
		if err != nil {
			return nil, fmt.Errorf("read imports: %w", err)
		}
	}
	return graph, nil
}

// skipFolder keeps the walk inside the module and out of what the go command
// does not build.
func skipFolder(dir string, entry fs.DirEntry) error {
	if entry.Name() == "testdata" || strings.HasPrefix(entry.Name(), "_") || strings.HasPrefix(entry.Name(), ".") {
		return fs.SkipDir
	}
	if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
		return fs.SkipDir
	}
	return nil
}

func (g Graph) add(root, file string) error {
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	if err != nil {
		return err
	}
	dir, err := filepath.Rel(root, filepath.Dir(file))
	if err != nil {
		return err
	}
	pkg := filepath.ToSlash(dir)
	for _, spec := range parsed.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return fmt.Errorf("%s: import %s: %w", file, spec.Path.Value, err)
		}
		if !slices.Contains(g[pkg], imported) {
			g[pkg] = append(g[pkg], imported)
		}
	}
	if g[pkg] == nil {
		g[pkg] = []string{}
	}
	return nil
}

// Violations lists, sorted, every import that leaves the picture.
func (g Graph) Violations() []string {
	var found []string
	for pkg, imports := range g {
		part, drawn := partOf(pkg)
		if within(pkg, "pkg") && !drawn {
			found = append(found, pkg+" is not in the picture")
			continue
		}
		for _, imported := range imports {
			if why := violation(pkg, part, imported); why != "" {
				found = append(found, fmt.Sprintf("%s imports %s: %s", pkg, imported, why))
			}
		}
	}
	sort.Strings(found)
	return found
}

// violation says what is wrong with one import, or nothing. part is pkg's part
// of the picture, empty outside of pkg/.
func violation(pkg, part, imported string) string {
	for library, parts := range owners {
		owned := func(owner string) bool {
			if owner == "pkg" { // the main package alone, not all that is below it
				return pkg == owner
			}
			return within(pkg, owner)
		}
		if within(imported, library) && !slices.ContainsFunc(parts, owned) {
			if len(parts) == 0 {
				return "nothing may"
			}
			return "only " + strings.Join(parts, ", ") + " may"
		}
	}
	target, ours := strings.CutPrefix(imported, module+"/")
	if !ours || part == "" {
		return ""
	}
	to, drawn := partOf(target)
	if !drawn || to == part || slices.Contains(picture[part], to) {
		return ""
	}
	if len(picture[part]) == 0 {
		return part + " imports nothing of ours"
	}
	return part + " may import " + strings.Join(picture[part], ", ")
}

// partOf gives the nearest part of the picture that holds the package. "pkg" is
// the main package alone: what lies below it needs a part of its own.
func partOf(pkg string) (part string, drawn bool) {
	for dir := pkg; dir != "." && dir != "/"; dir = path.Dir(dir) {
		if _, drawn := picture[dir]; drawn && (dir != "pkg" || pkg == "pkg") {
			return dir, true
		}
	}
	return "", false
}

// within says whether the path is the part or lies below it.
func within(p, part string) bool {
	return p == part || strings.HasPrefix(p, part+"/")
}
