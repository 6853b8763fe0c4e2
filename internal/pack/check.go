package pack

import (
	"archive/zip"
	"bytes"
	"debug/buildinfo"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// Check reads a package again, as one who has downloaded it would, and names
// everything in it that is not as it should be.
func (r *Release) Check(path string) error {
	files, err := Read(path)
	if err != nil {
		return err
	}
	var wrong []error
	var names []string
	contents := map[string][]byte{}
	for i, f := range files {
		name, below := strings.CutPrefix(f.Name, r.ID+"/")
		if !below {
			wrong = append(wrong, fmt.Errorf("%s is not in the folder %s", f.Name, r.ID))
			continue
		}
		if i > 0 && files[i-1].Name >= f.Name {
			wrong = append(wrong, fmt.Errorf("%s comes after %s", f.Name, files[i-1].Name))
		}
		if f.Mode() != r.mode(name) {
			wrong = append(wrong, fmt.Errorf("%s has mode %v, not %v", name, f.Mode(), r.mode(name)))
		}
		if !f.Modified.Equal(r.Time) {
			wrong = append(wrong, fmt.Errorf("%s is of %v, and the commit of %v", name, f.Modified.UTC(), r.Time))
		}
		if bytes.Contains(f.Content, []byte(r.Root+string(filepath.Separator))) {
			wrong = append(wrong, fmt.Errorf("%s holds the path of the folder that it was built in", name))
		}
		names, contents[name] = append(names, name), f.Content
	}
	var p plugin
	if err := json.Unmarshal(contents["plugin.json"], &p); err != nil {
		return errors.Join(append(wrong, fmt.Errorf("plugin.json: %w", err))...)
	}
	list, err := r.goManifest()
	if err != nil {
		return err
	}
	if !bytes.Equal(contents[goManifestName], list) {
		wrong = append(wrong, fmt.Errorf("%s is not that of the checkout", goManifestName))
	}
	wrong = append(wrong, r.judge(&p, names), r.checkMetadata(&p, contents["plugin.json"]))
	for _, platform := range r.Platforms {
		if content, found := contents[r.ExecutableName(platform)]; found {
			wrong = append(wrong, r.checkExecutable(platform, content))
		}
	}
	made := Files{SHA1: path + ".sha1", SHA256: path + ".sha256"}
	for sumPath, sum := range made.sums() {
		want, err := checksum(path, sum)
		if err != nil {
			return err
		}
		if got, err := os.ReadFile(sumPath); err != nil {
			wrong = append(wrong, err)
		} else if string(got) != want {
			wrong = append(wrong, fmt.Errorf("%s is of another file", filepath.Base(sumPath)))
		}
	}
	if err := errors.Join(wrong...); err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	return nil
}

// placeholder is what Finish and the build of the front end fill in.
var placeholder = regexp.MustCompile(`%[A-Z_]+%`)

func (r *Release) checkMetadata(p *plugin, text []byte) error {
	switch {
	case placeholder.Match(text):
		return errors.New("plugin.json has placeholders that nobody filled in")
	case p.ID != r.ID:
		return fmt.Errorf("plugin.json is of %s", p.ID)
	case p.Info.Version != r.Version:
		return fmt.Errorf("plugin.json has version %s, package.json %s", p.Info.Version, r.Version)
	case p.Info.Updated != r.Time.Format(time.DateOnly):
		return fmt.Errorf("plugin.json is of %s, and the commit of %s", p.Info.Updated, r.Time.Format(time.DateOnly))
	}
	return nil
}

// checkExecutable looks at what the Go linker has written into an executable.
func (r *Release) checkExecutable(platform Platform, content []byte) error {
	name := r.ExecutableName(platform)
	info, err := buildinfo.Read(bytes.NewReader(content))
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	for key, want := range map[string]string{"GOOS": platform.OS, "GOARCH": platform.Arch, "CGO_ENABLED": "0", "-trimpath": "true"} {
		if settings[key] != want {
			return fmt.Errorf("%s is built with %s=%s, not %s", name, key, settings[key], want)
		}
	}
	return nil
}

// File is one file of a package as it is read.
type File struct {
	*zip.FileHeader
	Content []byte
}

// Read reads a package whole. Names that would leave the folder it is unpacked
// in, and what is not a file, are errors.
func Read(path string) ([]File, error) {
	archive, err := zip.OpenReader(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	defer func() { _ = archive.Close() }()
	var files []File
	for _, f := range archive.File {
		if !filepath.IsLocal(f.Name) || strings.Contains(f.Name, `\`) || !f.Mode().IsRegular() {
			return nil, fmt.Errorf("%s: %q is no file in a folder", path, f.Name)
		}
		content, err := readFile(f)
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", path, f.Name, err)
		}
		files = append(files, File{&f.FileHeader, content})
	}
	return files, nil
}

func readFile(f *zip.File) (content []byte, err error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	return io.ReadAll(r)
}

// Unpack puts the files of a package into a folder, with their modes.
func Unpack(files []File, dir string) error {
	for _, f := range files {
		path := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, f.Content, f.Mode()); err != nil {
			return err
		}
	}
	return nil
}
