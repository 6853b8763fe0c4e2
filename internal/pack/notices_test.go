package pack_test

import (
	"archive/zip"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// linking has the small plugin use a Go module of these files, from a proxy that
// has nothing else, and builds it again.
func linking(t *testing.T, root string, module map[string]string) {
	t.Helper()
	proxy := t.TempDir()
	const at = "example.com/dep/@v/v1.4.0"
	write(t, filepath.Join(proxy, at+".info"), `{"Version":"v1.4.0","Time":"2026-01-01T00:00:00Z"}`)
	write(t, filepath.Join(proxy, at+".mod"), "module example.com/dep\n")
	file, err := os.Create(filepath.Join(proxy, at+".zip"))
	if err != nil {
		t.Fatal(err)
	}
	w := zip.NewWriter(file)
	for name, text := range module {
		into, err := w.Create("example.com/dep@v1.4.0/" + name)
		if err == nil {
			_, err = into.Write([]byte(text))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	for key, value := range map[string]string{
		"GOPROXY": "file://" + filepath.ToSlash(proxy), "GONOSUMDB": "*", "GOMODCACHE": t.TempDir(), "GOFLAGS": "-mod=mod -modcacherw", "GOTOOLCHAIN": "local",
	} {
		t.Setenv(key, value)
	}
	write(t, filepath.Join(root, "go.mod"), "module small\n\ngo 1.26\n\nrequire example.com/dep v1.4.0\n")
	write(t, filepath.Join(root, "pkg/main.go"), "package main\n\nimport _ \"example.com/dep\"\n\nfunc main() {}\n")
	run(t, root, "go", "build", "-trimpath", "-buildvcs=false", "-o", filepath.Join("dist", "gpx_small_"+here.OS+"_"+here.Arch), "./pkg")
}

func TestLicensesOfOthersComeWithThePackage(t *testing.T) {
	r := checkout(t)
	linking(t, r.Root, map[string]string{
		"go.mod": "module example.com/dep\n", "dep.go": "package dep\n",
		"COPYING":              "Redistribution is allowed\n",
		"inside/LICENSE-OTHER": "Permission is granted\n",
		"testdata/LICENSE":     "Of a file that is only tested with",
		"license.go":           "package dep\n",
	})
	packed(t, r)
	text := string(read(t, filepath.Join(r.Root, "dist", "THIRD_PARTY_NOTICES.txt")))
	head, rest, _ := strings.Cut(text, "\n\n"+strings.Repeat("=", 78)+"\n")
	if want := "acme-small-datasource 1.2.3 holds code of others, under the licenses below."; head != want {
		t.Errorf("it begins with %q, want %q", head, want)
	}
	var got []string
	for _, part := range strings.Split(rest, "\n"+strings.Repeat("=", 78)+"\n") {
		part = strings.TrimSpace(part)
		if strings.HasPrefix(part, "Go ") { // the license and the patents of Go
			part, _, _ = strings.Cut(part, "\n")
		}
		got = append(got, strings.ReplaceAll(part, "\n"+strings.Repeat("-", 78)+"\n", "\n"))
	}
	std := "Go " + strings.TrimPrefix(runtime.Version(), "go")
	want := []string{
		"@scope/inner 3.0.0-rc.1\n\nMade by Inner",
		"@scope/inner 3.0.0-rc.1\nexample.com/dep v1.4.0\nouter 2.0.0\n\nPermission is granted",
		std, std,
		"example.com/dep v1.4.0\n\nRedistribution is allowed",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("notices (-want +got):\n%s", diff)
	}
}

func TestWithoutALicenseThereIsNoPackage(t *testing.T) {
	t.Run("Go module", func(t *testing.T) {
		r := checkout(t)
		linking(t, r.Root, map[string]string{"go.mod": "module example.com/dep\n", "dep.go": "package dep\n", "inside/LICENSE": "Of a part\n"})
		wants(t, r.Finish(t.Context(), filepath.Join(r.Root, "dist")), "license of example.com/dep v1.4.0: there is no file LICENSE, COPYING or the like")
	})
	t.Run("npm package", func(t *testing.T) {
		r := checkout(t)
		write(t, filepath.Join(r.Root, "node_modules/outer/LICENSE"), "\n")
		wants(t, r.Finish(t.Context(), filepath.Join(r.Root, "dist")), "license of outer 2.0.0: there is no file LICENSE, COPYING or the like")
	})
}
