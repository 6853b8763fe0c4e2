package pack

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

const (
	goManifestName = "go_plugin_build_manifest"
	// signature is the file in which grafana.com signs the others.
	signature = "MANIFEST.txt"
)

// plugin is what packing has to know of plugin.json.
type plugin struct {
	ID         string
	Executable string
	Info       struct {
		Version, Updated string
		Logos            struct{ Small, Large string }
		Screenshots      []struct{ Path string }
	}
	Includes []struct{ Path string }
}

// names are the files that plugin.json refers to.
func (p *plugin) names() []string {
	names := []string{p.Info.Logos.Small, p.Info.Logos.Large}
	for _, shot := range p.Info.Screenshots {
		names = append(names, shot.Path)
	}
	for _, include := range p.Includes {
		names = append(names, include.Path)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// chunk is a part of the front end that module.js loads when it needs it.
var chunk = regexp.MustCompile(`^[0-9a-z_-]+\.js(\.map)?$`)

// required are the files that a package has to hold, sorted.
func (r *Release) required(p *plugin) []string {
	names := append(p.names(), "plugin.json", "module.js", "module.js.map", "README.md", "CHANGELOG.md", "LICENSE", noticesName, goManifestName)
	for _, platform := range r.Platforms {
		names = append(names, r.ExecutableName(platform))
	}
	slices.Sort(names)
	return names
}

// ExecutableName is what Grafana calls the plugin's executable on a platform.
func (r *Release) ExecutableName(p Platform) string {
	name := r.Executable + "_" + p.OS + "_" + p.Arch
	if p.OS == "windows" {
		name += ".exe"
	}
	return name
}

// judge compares the names of files, with slashes, with what a package of this
// plugin.json holds.
func (r *Release) judge(p *plugin, names []string) error {
	var wrong []error
	required := r.required(p)
	for _, name := range required {
		if !slices.Contains(names, name) {
			wrong = append(wrong, fmt.Errorf("%s is missing", name))
		}
	}
	for _, name := range names {
		_, found := slices.BinarySearch(required, name)
		switch {
		case found, name == signature:
		case chunk.MatchString(name):
			code := strings.TrimSuffix(name, ".map")
			if !slices.Contains(names, code) || !slices.Contains(names, code+".map") {
				wrong = append(wrong, fmt.Errorf("%s is not with its source map", code))
			}
		default:
			wrong = append(wrong, fmt.Errorf("%s does not belong into the package", name))
		}
	}
	return errors.Join(wrong...)
}

// entry is one file of the package.
type entry struct {
	name string // below the top folder, with slashes
	path string // where its content is
}

// mode is what a file is to be unpacked with. Grafana's catalog wants exactly this.
func (r *Release) mode(name string) fs.FileMode {
	if strings.HasPrefix(name, r.Executable+"_") {
		return 0o755
	}
	return 0o644
}

// collect lists the files of a finished plugin, sorted by name.
func (r *Release) collect(dist string) ([]entry, error) {
	var p plugin
	if err := readJSON(filepath.Join(dist, "plugin.json"), &p); err != nil {
		return nil, err
	}
	var entries []entry
	var names []string
	err := filepath.WalkDir(dist, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if !d.Type().IsRegular() {
			return fmt.Errorf("%s is not a file: a package holds nothing else", path)
		}
		name, err := filepath.Rel(dist, path)
		if err != nil {
			return err
		}
		names = append(names, filepath.ToSlash(name))
		entries = append(entries, entry{filepath.ToSlash(name), path})
		return nil
	})
	if err != nil {
		return nil, err
	}
	if err := r.judge(&p, names); err != nil {
		return nil, fmt.Errorf("the plugin in %s cannot be packed: %w", dist, err)
	}
	slices.SortFunc(entries, func(a, b entry) int { return strings.Compare(a.name, b.name) })
	return entries, nil
}

// zip writes the entries, all of the time of the commit.
func (r *Release) zip(path string, entries []entry) (err error) {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	w := zip.NewWriter(file)
	w.RegisterCompressor(zip.Deflate, func(out io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(out, flate.BestCompression)
	})
	for _, e := range entries {
		content, err := os.ReadFile(e.path)
		if err != nil {
			return err
		}
		header := &zip.FileHeader{Name: r.ID + "/" + e.name, Method: zip.Deflate, Modified: r.Time}
		header.SetMode(r.mode(e.name))
		into, err := w.CreateHeader(header)
		if err != nil {
			return err
		}
		if _, err := into.Write(content); err != nil {
			return err
		}
	}
	return w.Close()
}

// goManifest has a line for every Go file of the commit, as the build of
// Grafana's SDK writes it. That one takes whatever lies in the folder, such as
// Go files of npm packages, and the catalog compares with the repository.
func (r *Release) goManifest() ([]byte, error) {
	var list bytes.Buffer
	for _, name := range r.GoFiles {
		content, err := os.ReadFile(filepath.Join(r.Root, filepath.FromSlash(name)))
		if err != nil {
			return nil, fmt.Errorf("%s is in the commit: %w", name, err)
		}
		sum := sha256.Sum256(content)
		list.WriteString(hex.EncodeToString(sum[:]) + ":" + name + "\n")
	}
	return list.Bytes(), nil
}
