// Package pack makes of a built plugin what others install: one zip, its
// checksums, and the list of what is in it.
//
//	r, err := pack.Describe(ctx, root)        // what is released: id, version, commit
//	err = r.Finish(ctx, "dist")               // plugin.json, notices, go_plugin_build_manifest
//	files, err := r.Write("dist", "bin/release")
//	err = r.Check(files.Zip)
//
// Building is not here; the targets of mage do it before Finish. Between Finish
// and Write the folder can be signed.
//
//	auditlake-databricks-datasource-0.1.0.zip
//	  auditlake-databricks-datasource/        the plugin's id, the only top folder
//	    plugin.json  module.js  module.js.map  README.md  CHANGELOG.md  LICENSE
//	    THIRD_PARTY_NOTICES.txt               licenses of the modules and packages in it
//	    go_plugin_build_manifest              sha256:path of every Go file
//	    gpx_auditlake_<os>_<arch>[.exe]       0755; all else is 0644
//	    img/…  dashboards/…                   what plugin.json names
//	    <chunk>.js[.map]                      what module.js loads when it needs it
//	    MANIFEST.txt                          if it was signed
//	auditlake-databricks-datasource-0.1.0.zip.sha1, .sha256
//	auditlake-databricks-datasource-0.1.0.cdx.json
//
// The same commit gives the same bytes, with the same Go, Node and npm
// packages: entries are sorted, and the only time in any of the files is the
// commit's. A signature has its own time, so a signed zip is like no other.
//
// A file that is not in the picture is an error, never packed and never left
// out in silence.
package pack

import (
	"context"
	"crypto/sha1" //nolint:gosec // The catalog's form asks for it; nothing trusts it.
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Release says what a package is of.
type Release struct {
	// Root is the checkout's folder.
	Root string
	// ID and Executable are those of src/plugin.json, Version that of package.json.
	ID, Executable, Version string
	// Commit is the checkout's, as 40 hexadecimal digits, and Time when it was made, in UTC.
	Commit string
	Time   time.Time
	// GoFiles are the Go files of the commit, sorted, with slashes.
	GoFiles []string
	// Changed are paths that are not as in the commit. A package of them is of
	// no commit.
	Changed []string
	// Platforms are those that the package has executables for.
	Platforms []Platform
}

// Platform is an operating system and an architecture, in Go's words.
type Platform struct{ OS, Arch string }

// Platforms are all that Grafana runs on.
func Platforms() []Platform {
	return []Platform{
		{"darwin", "amd64"},
		{"darwin", "arm64"},
		{"linux", "amd64"},
		{"linux", "arm"},
		{"linux", "arm64"},
		{"windows", "amd64"},
	}
}

// Files are the paths of what Write has made.
type Files struct{ Zip, SHA1, SHA256, SBOM string }

// Describe reads what there is to release from a checkout, for all platforms.
// It asks git.
func Describe(ctx context.Context, root string) (*Release, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	r := &Release{Root: root, Platforms: Platforms()}
	var manifest struct{ Version string }
	if err := readJSON(filepath.Join(root, "package.json"), &manifest); err != nil {
		return nil, err
	}
	var described plugin
	if err := readJSON(filepath.Join(root, "src", "plugin.json"), &described); err != nil {
		return nil, err
	}
	r.ID, r.Executable, r.Version = described.ID, described.Executable, manifest.Version
	if r.ID == "" || r.Executable == "" || r.Version == "" {
		return nil, errors.New("src/plugin.json has to name id and executable, package.json the version")
	}

	head, err := git(ctx, root, "log", "-1", "--format=%H %ct")
	if err != nil {
		return nil, err
	}
	commit, at, _ := strings.Cut(strings.TrimSpace(head), " ")
	seconds, err := strconv.ParseInt(at, 10, 64)
	if err != nil {
		return nil, fmt.Errorf("time of commit %s: %w", commit, err)
	}
	r.Commit, r.Time = commit, time.Unix(seconds, 0).UTC()

	files, err := git(ctx, root, "ls-files", "-z", "--", "*.go")
	if err != nil {
		return nil, err
	}
	r.GoFiles = strings.FieldsFunc(files, func(c rune) bool { return c == 0 })

	changed, err := git(ctx, root, "status", "--porcelain")
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(changed) {
		r.Changed = append(r.Changed, strings.TrimSpace(line[2:]))
	}
	return r, nil
}

// CheckTag says what keeps the release from being the one of a tag: another
// version, or a changelog that does not tell of it.
func (r *Release) CheckTag(tag string) error {
	if want := "v" + r.Version; tag != want {
		return fmt.Errorf("the tag is %s, and the version in package.json makes it %s", tag, want)
	}
	text, err := os.ReadFile(filepath.Join(r.Root, "CHANGELOG.md"))
	if err != nil {
		return err
	}
	heading := regexp.MustCompile(`(?m)^## ` + regexp.QuoteMeta(r.Version) + `\b`)
	if !heading.Match(text) {
		return fmt.Errorf("CHANGELOG.md has no heading ## %s: name the section that is Unreleased after the version", r.Version)
	}
	return nil
}

// BuildTime is what the SDK's build info calls the time: milliseconds since 1970.
func (r *Release) BuildTime() int64 { return r.Time.UnixMilli() }

// Finish completes a built plugin: plugin.json with version and date, the licenses
// of what others wrote, and the list of the Go files it is built from. It asks go
// for the modules.
func (r *Release) Finish(ctx context.Context, dist string) error {
	for _, name := range []string{"plugin.json", "README.md"} {
		text, err := os.ReadFile(filepath.Join(r.Root, "src", name))
		if err != nil {
			return err
		}
		filled := strings.NewReplacer(
			"%VERSION%", r.Version,
			"%TODAY%", r.Time.Format(time.DateOnly),
			"%PLUGIN_ID%", r.ID,
		).Replace(string(text))
		if err := os.WriteFile(filepath.Join(dist, name), []byte(filled), 0o644); err != nil {
			return err
		}
	}
	notices, err := r.notices(ctx, dist)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dist, noticesName), notices, 0o644); err != nil {
		return err
	}
	list, err := r.goManifest()
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dist, goManifestName), list, 0o644)
}

// Write packs a finished plugin into the folder out, which it makes.
func (r *Release) Write(dist, out string) (Files, error) {
	entries, err := r.collect(dist)
	if err != nil {
		return Files{}, err
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return Files{}, err
	}
	base := filepath.Join(out, r.ID+"-"+r.Version)
	made := Files{Zip: base + ".zip", SHA1: base + ".zip.sha1", SHA256: base + ".zip.sha256", SBOM: base + ".cdx.json"}
	if err := r.zip(made.Zip, entries); err != nil {
		return Files{}, fmt.Errorf("write %s: %w", made.Zip, err)
	}
	for path, sum := range made.sums() {
		line, err := checksum(made.Zip, sum)
		if err != nil {
			return Files{}, err
		}
		if err := os.WriteFile(path, []byte(line), 0o644); err != nil {
			return Files{}, err
		}
	}
	list, err := r.sbom(dist, made.Zip)
	if err != nil {
		return Files{}, fmt.Errorf("list what is in the package: %w", err)
	}
	return made, os.WriteFile(made.SBOM, list, 0o644)
}

// sums maps the files of checksums to what makes them.
func (f Files) sums() map[string]hash.Hash {
	return map[string]hash.Hash{f.SHA1: sha1.New(), f.SHA256: sha256.New()} //nolint:gosec // as above
}

// checksum is the line that sha1sum and sha256sum write and check.
func checksum(path string, sum hash.Hash) (string, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	sum.Write(content)
	return hex.EncodeToString(sum.Sum(nil)) + "  " + filepath.Base(path) + "\n", nil
}

func git(ctx context.Context, root string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir = root
	text, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			err = fmt.Errorf("%w: %s", err, strings.TrimSpace(string(exit.Stderr)))
		}
		return "", fmt.Errorf("git %s, which says what the package is of: %w", args[0], err)
	}
	return string(text), nil
}

func readJSON(path string, into any) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}
