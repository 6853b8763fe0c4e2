package pack_test

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/auditlake/auditlake/internal/pack"
)

var committed = time.Date(2026, 3, 1, 12, 34, 56, 0, time.UTC)

// here is the platform that the small plugin is built for.
var here = pack.Platform{OS: runtime.GOOS, Arch: runtime.GOARCH}

const sourceMap = `{"version":3,"sources":[
	"webpack://x/./module.ts",
	"webpack://x/external amd \"react\"",
	"webpack://x/./node_modules/made-up.js",
	"webpack://x/../node_modules/outer/index.js",
	"webpack://x/../node_modules/outer/node_modules/@scope/inner/dist/a.js"]}`

// integrity is the hash of an npm package, all of one letter.
func integrity(letter string) string {
	return base64.StdEncoding.EncodeToString([]byte(strings.Repeat(letter, 64)))
}

// checkout makes a repository with a small plugin, and its build in dist.
func checkout(t *testing.T) *pack.Release {
	t.Helper()
	root := t.TempDir()
	files := map[string]string{
		".gitignore":        "/dist/\n",
		"package.json":      `{"version":"1.2.3"}`,
		"package-lock.json": `{"packages":{"":{},"node_modules/outer":{"version":"2.0.0","license":"MIT","integrity":"sha512-` + integrity("a") + `"},"node_modules/outer/node_modules/@scope/inner":{"version":"3.0.0-rc.1","license":"(MIT OR Apache-2.0)","integrity":"sha512-` + integrity("d") + `"}}}`,
		"src/plugin.json": `{"id":"acme-small-datasource","executable":"gpx_small","info":{"version":"%VERSION%","updated":"%TODAY%",
			"logos":{"small":"img/logo.svg","large":"img/logo.svg"},"screenshots":[{"path":"img/a.png"}]},"includes":[{"path":"dashboards/d.json"}]}`,
		"src/README.md":          "Small %VERSION%\n",
		"CHANGELOG.md":           "# Changelog\n\n## 1.2.3 (2026-03-01)\n",
		"go.mod":                 "module small\n\ngo 1.26\n",
		"pkg/main.go":            "package main\n\nfunc main() {}\n",
		"pkg-more/more.go":       "package more\n",
		"dist/module.js":         "define([])",
		"dist/module.js.map":     sourceMap,
		"dist/281.js":            "1",
		"dist/281.js.map":        `{"sources":[]}`,
		"dist/CHANGELOG.md":      "# Changelog\n",
		"dist/LICENSE":           "Apache\n",
		"dist/img/logo.svg":      "<svg/>",
		"dist/img/a.png":         "PNG",
		"dist/dashboards/d.json": "{}",
		"node_modules/x/x.go":    "package x\n",

		"node_modules/outer/LICENSE":                               "Permission is granted\r\n",
		"node_modules/outer/node_modules/@scope/inner/LICENSE.md":  "Permission is granted  \n",
		"node_modules/outer/node_modules/@scope/inner/NOTICE":      "Made by Inner",
		"node_modules/outer/node_modules/@scope/inner/licenses.js": "",
	}
	for name, text := range files {
		write(t, filepath.Join(root, name), text)
	}
	run(t, root, "git", "init", "-q")
	run(t, root, "git", "add", ".gitignore", "package.json", "package-lock.json", "src", "CHANGELOG.md", "go.mod", "pkg", "pkg-more")
	run(t, root, "git", "-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-q", "-m", "all")
	run(t, root, "go", "build", "-trimpath", "-buildvcs=false", "-o", filepath.Join("dist", (&pack.Release{Executable: "gpx_small"}).ExecutableName(here)), "./pkg")
	r, err := pack.Describe(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	r.Platforms = []pack.Platform{here}
	return r
}

// packed finishes and writes the package of a checkout.
func packed(t *testing.T, r *pack.Release) pack.Files {
	t.Helper()
	dist := filepath.Join(r.Root, "dist")
	if err := r.Finish(t.Context(), dist); err != nil {
		t.Fatal(err)
	}
	files, err := r.Write(dist, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestDescribe(t *testing.T) {
	r := checkout(t)
	got := []any{r.ID, r.Executable, r.Version, r.Time, r.GoFiles, r.Changed}
	want := []any{"acme-small-datasource", "gpx_small", "1.2.3", committed, []string{"pkg-more/more.go", "pkg/main.go"}, []string{"node_modules/"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("release (-want +got):\n%s", diff)
	}
	if len(r.Commit) != 40 {
		t.Errorf("commit is %q", r.Commit)
	}
}

func TestTags(t *testing.T) {
	r := checkout(t)
	if err := r.CheckTag("v1.2.3"); err != nil {
		t.Error(err)
	}
	wants(t, r.CheckTag("v1.3.0"), "the tag is v1.3.0, and the version in package.json makes it v1.2.3")
	write(t, filepath.Join(r.Root, "CHANGELOG.md"), "## Unreleased\n\n## 1.2.30\n")
	wants(t, r.CheckTag("v1.2.3"), "CHANGELOG.md has no heading ## 1.2.3")
}

func TestPackageOfACommit(t *testing.T) {
	r := checkout(t)
	files := packed(t, r)
	if err := r.Check(files.Zip); err != nil {
		t.Fatal(err)
	}

	read, err := pack.Read(files.Zip)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	contents := map[string]string{}
	for _, f := range read {
		name := strings.TrimPrefix(f.Name, "acme-small-datasource/")
		got = append(got, fmt.Sprint(f.Mode(), " ", name))
		contents[name] = string(f.Content)
	}
	executable := r.ExecutableName(here)
	want := []string{
		"-rw-r--r-- 281.js", "-rw-r--r-- 281.js.map", "-rw-r--r-- CHANGELOG.md", "-rw-r--r-- LICENSE", "-rw-r--r-- README.md",
		"-rw-r--r-- THIRD_PARTY_NOTICES.txt", "-rw-r--r-- dashboards/d.json", "-rw-r--r-- go_plugin_build_manifest", "-rwxr-xr-x " + executable,
		"-rw-r--r-- img/a.png", "-rw-r--r-- img/logo.svg", "-rw-r--r-- module.js", "-rw-r--r-- module.js.map", "-rw-r--r-- plugin.json",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	if got := contents["README.md"]; got != "Small 1.2.3\n" {
		t.Errorf("README.md is %q", got)
	}
	if got := contents["plugin.json"]; !strings.Contains(got, `"version":"1.2.3","updated":"2026-03-01"`) {
		t.Errorf("plugin.json is %s", got)
	}
	// sha256sum pkg-more/more.go pkg/main.go
	const list = "3135374a49a29073b10ca4adefe1205bc49d88065981991713b933541cbc7c5f:pkg-more/more.go\n" +
		"55a60bb97151b2b4b680462447ce60ec34511b14fa10d77440c97b9777101566:pkg/main.go\n"
	if diff := cmp.Diff(list, contents["go_plugin_build_manifest"]); diff != "" {
		t.Errorf("manifest (-want +got):\n%s", diff)
	}
	for path, tool := range map[string]string{files.SHA1: "sha1sum", files.SHA256: "sha256sum"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Logf("no %s on this machine to compare with", tool)
			continue
		}
		run(t, filepath.Dir(files.Zip), tool, "--check", "--strict", filepath.Base(path))
	}
}

func TestTheSameCommitGivesTheSameBytes(t *testing.T) {
	r := checkout(t)
	first := packed(t, r)
	// Another time and other modes on the disk, and another place.
	err := filepath.WalkDir(filepath.Join(r.Root, "dist"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if err := os.Chmod(path, 0o700); err != nil {
			return err
		}
		return os.Chtimes(path, time.Unix(0, 0), time.Unix(1e9, 0))
	})
	if err != nil {
		t.Fatal(err)
	}
	second := packed(t, r)
	for _, pair := range [][2]string{{first.Zip, second.Zip}, {first.SBOM, second.SBOM}, {first.SHA1, second.SHA1}, {first.SHA256, second.SHA256}} {
		if !bytes.Equal(read(t, pair[0]), read(t, pair[1])) {
			t.Errorf("%s is not the same the second time", filepath.Base(pair[0]))
		}
	}
}

func TestWhatDoesNotBelongIsNotPacked(t *testing.T) {
	tests := map[string]struct {
		change func(dist string) error
		want   string
	}{
		"a file of somebody":       {func(dist string) error { return os.WriteFile(filepath.Join(dist, ".env"), nil, 0o600) }, ".env does not belong into the package"},
		"another executable":       {func(dist string) error { return os.WriteFile(filepath.Join(dist, "gpx_small_plan9_386"), nil, 0o700) }, "gpx_small_plan9_386 does not belong"},
		"a picture nobody shows":   {func(dist string) error { return os.WriteFile(filepath.Join(dist, "img/b.png"), nil, 0o600) }, "img/b.png does not belong"},
		"a script without its map": {func(dist string) error { return os.Remove(filepath.Join(dist, "281.js.map")) }, "281.js is not with its source map"},
		"no source map of module":  {func(dist string) error { return os.Remove(filepath.Join(dist, "module.js.map")) }, "module.js.map is missing"},
		"no licenses of others":    {func(dist string) error { return os.Remove(filepath.Join(dist, "THIRD_PARTY_NOTICES.txt")) }, "THIRD_PARTY_NOTICES.txt is missing"},
		"no license":               {func(dist string) error { return os.Remove(filepath.Join(dist, "LICENSE")) }, "LICENSE is missing"},
		"no screenshot":            {func(dist string) error { return os.Remove(filepath.Join(dist, "img/a.png")) }, "img/a.png is missing"},
		"no dashboard":             {func(dist string) error { return os.Remove(filepath.Join(dist, "dashboards/d.json")) }, "dashboards/d.json is missing"},
		"a link out of the folder": {func(dist string) error { return os.Symlink("/etc/passwd", filepath.Join(dist, "282.js")) }, "282.js is not a file"},
		"code nobody has installed": {func(dist string) error {
			return os.WriteFile(filepath.Join(dist, "281.js.map"), []byte(`{"sources":["../node_modules/strange/i.js"]}`), 0o600)
		}, "281.js.map has code of node_modules/strange, which package-lock.json does not know"},
	}
	r := checkout(t)
	finished := filepath.Join(r.Root, "dist")
	if err := r.Finish(t.Context(), finished); err != nil {
		t.Fatal(err)
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			dist := t.TempDir()
			if err := os.CopyFS(dist, os.DirFS(finished)); err != nil {
				t.Fatal(err)
			}
			if err := test.change(dist); err != nil {
				t.Fatal(err)
			}
			_, err := r.Write(dist, t.TempDir())
			wants(t, err, test.want)
		})
	}
}

// Each of these has been packed by other means than ours.
func TestCheckFindsWhatIsWrong(t *testing.T) {
	r := checkout(t)
	files := packed(t, r)
	good, err := pack.Read(files.Zip)
	if err != nil {
		t.Fatal(err)
	}
	const id = "acme-small-datasource/"
	executable := id + r.ExecutableName(here)
	tests := map[string]struct {
		change func(name string, h *zip.FileHeader, content []byte) []byte // nil leaves the file out
		want   string
	}{
		"an executable that is none": {func(name string, h *zip.FileHeader, content []byte) []byte {
			if name == executable {
				h.SetMode(0o644)
			}
			return content
		}, "has mode -rw-r--r--, not -rwxr-xr-x"},
		"an executable of something else": {func(name string, _ *zip.FileHeader, content []byte) []byte {
			if name == executable {
				return []byte("#!/bin/sh\n")
			}
			return content
		}, "unrecognized file format"},
		"the time of the build": {func(_ string, h *zip.FileHeader, content []byte) []byte {
			h.Modified = committed.Add(time.Hour)
			return content
		}, "is of 2026-03-01 13:34:56 +0000 UTC, and the commit of 2026-03-01 12:34:56"},
		"another folder": {func(name string, h *zip.FileHeader, content []byte) []byte {
			if name == id+"LICENSE" {
				h.Name = "dist/LICENSE"
			}
			return content
		}, "dist/LICENSE is not in the folder acme-small-datasource"},
		"a way out of the folder": {func(name string, h *zip.FileHeader, content []byte) []byte {
			if name == id+"LICENSE" {
				h.Name = id + "../../LICENSE"
			}
			return content
		}, "is no file in a folder"},
		"other sources": {func(name string, _ *zip.FileHeader, content []byte) []byte {
			if name == id+"go_plugin_build_manifest" {
				return bytes.Replace(content, []byte("pkg/main.go"), []byte("pkg/fake.go"), 1)
			}
			return content
		}, "go_plugin_build_manifest is not that of the checkout"},
		"a path of the machine": {func(name string, _ *zip.FileHeader, content []byte) []byte {
			if name == id+"module.js" {
				return []byte(filepath.Join(r.Root, "src"))
			}
			return content
		}, "module.js holds the path of the folder that it was built in"},
		"no version": {func(name string, _ *zip.FileHeader, content []byte) []byte {
			if name == id+"plugin.json" {
				return bytes.Replace(content, []byte("1.2.3"), []byte("%VERSION%"), 1)
			}
			return content
		}, "plugin.json has placeholders that nobody filled in"},
		"another version": {func(name string, _ *zip.FileHeader, content []byte) []byte {
			if name == id+"plugin.json" {
				return bytes.Replace(content, []byte("1.2.3"), []byte("1.2.4"), 1)
			}
			return content
		}, "plugin.json has version 1.2.4, package.json 1.2.3"},
		"a file less": {func(name string, _ *zip.FileHeader, content []byte) []byte {
			if name == id+"README.md" {
				return nil
			}
			return content
		}, "README.md is missing"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), filepath.Base(files.Zip))
			write(t, path+".sha1", "")
			write(t, path+".sha256", "")
			out, err := os.Create(path)
			if err != nil {
				t.Fatal(err)
			}
			w := zip.NewWriter(out)
			for _, f := range good {
				h := &zip.FileHeader{Name: f.Name, Method: zip.Deflate, Modified: f.Modified}
				h.SetMode(f.Mode())
				content := test.change(f.Name, h, f.Content)
				if content == nil {
					continue
				}
				into, err := w.CreateHeader(h)
				if err == nil {
					_, err = into.Write(content)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			if err := out.Close(); err != nil {
				t.Fatal(err)
			}
			wants(t, r.Check(path), test.want)
		})
	}
	t.Run("checksums of another file", func(t *testing.T) {
		write(t, files.SHA256, strings.Repeat("0", 64)+"  "+filepath.Base(files.Zip)+"\n")
		wants(t, r.Check(files.Zip), filepath.Base(files.SHA256)+" is of another file")
	})
}

func TestTheList(t *testing.T) {
	r := checkout(t)
	files := packed(t, r)
	text := read(t, files.SBOM)
	validate(t, text)
	var bom cdx.BOM
	if err := json.Unmarshal(text, &bom); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range *bom.Components {
		line := c.PackageURL
		if c.Licenses != nil {
			line += " " + (*c.Licenses)[0].Expression
		}
		if c.Hashes != nil {
			line += " " + (*c.Hashes)[0].Value
		}
		got = append(got, line)
	}
	want := []string{
		"pkg:golang/std@" + strings.TrimPrefix(runtime.Version(), "go"),
		"pkg:npm/%40scope/inner@3.0.0-rc.1 (MIT OR Apache-2.0) " + strings.Repeat("64", 64),
		"pkg:npm/outer@2.0.0 MIT " + strings.Repeat("61", 64),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("components (-want +got):\n%s", diff)
	}
	about := bom.Metadata.Component
	if sum, _, _ := strings.Cut(string(read(t, files.SHA256)), " "); about.Version != "1.2.3" || (*about.Hashes)[0].Value != sum || bom.Metadata.Timestamp != "2026-03-01T12:34:56Z" {
		t.Errorf("metadata is %+v of %s, the zip's hash %s", *about, bom.Metadata.Timestamp, sum)
	}
}

// validate holds an SBOM against the schema of CycloneDX 1.6, which comes with
// the library that writes it.
func validate(t *testing.T, text []byte) {
	t.Helper()
	dir, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/CycloneDX/cyclonedx-go").Output()
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	for name, file := range map[string]string{
		"bom-1.6.schema.json": "bom-1.6.schema.json", "spdx.schema.json": "spdx.schema.json", "jsf-0.82.schema.json": "jsf-0.82.schemax.json",
	} {
		schema, err := jsonschema.UnmarshalJSON(bytes.NewReader(read(t, filepath.Join(strings.TrimSpace(string(dir)), "schema", file))))
		if err != nil {
			t.Fatal(err)
		}
		if err := compiler.AddResource("http://cyclonedx.org/schema/"+name, schema); err != nil {
			t.Fatal(err)
		}
	}
	schema, err := compiler.Compile("http://cyclonedx.org/schema/bom-1.6.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(instance); err != nil {
		t.Error(err)
	}
}

func wants(t *testing.T, err error, text string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), text) {
		t.Errorf("error is %v, want one with %q", err, text)
	}
}

func run(t *testing.T, dir, name string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	date := committed.Format(time.RFC3339)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GIT_AUTHOR_DATE="+date, "GIT_COMMITTER_DATE="+date, "GIT_CONFIG_GLOBAL="+os.DevNull)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %v: %v: %s", name, args, err, out)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	content, err := io.ReadAll(file)
	if err != nil {
		t.Fatal(err)
	}
	return content
}
