package pack

import (
	"bytes"
	"context"
	"debug/buildinfo"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
)

// noticesName is the file with the licenses of what others wrote.
const noticesName = "THIRD_PARTY_NOTICES.txt"

// licenseFile is what a license, or a notice that goes with it, is called.
var licenseFile = regexp.MustCompile(`(?i)^(.*[-_.]|un)?(licen[cs]es?|copying|notices?|patents)([-_.].*)?$`)

// code is what may be called like one and is none.
var code = regexp.MustCompile(`\.(go|[cm]?[jt]sx?|map|json)$`)

// notices are the license texts of what the package holds of others: Go and its
// modules in the executables, npm packages in the scripts. Each text stands once,
// under the names of all that come with it. Without a license there is no package.
func (r *Release) notices(ctx context.Context, dist string) ([]byte, error) {
	folders, err := r.goFolders(ctx, dist)
	if err != nil {
		return nil, err
	}
	packages, err := r.npmPackages(dist)
	if err != nil {
		return nil, err
	}
	for _, p := range packages {
		folders[p.name+" "+p.version] = filepath.Join(r.Root, filepath.FromSlash(p.key))
	}

	of := map[string][]string{} // names, by text
	for name, folder := range folders {
		texts, err := licenses(folder)
		if err != nil {
			return nil, fmt.Errorf("license of %s: %w", name, err)
		}
		for _, text := range texts {
			of[text] = append(of[text], name)
		}
	}
	type notice struct{ names, text string }
	var all []notice
	for text, names := range of {
		slices.Sort(names)
		all = append(all, notice{strings.Join(slices.Compact(names), "\n"), text})
	}
	slices.SortFunc(all, func(a, b notice) int {
		return strings.Compare(a.names+"\x00"+a.text, b.names+"\x00"+b.text)
	})

	var out bytes.Buffer
	fmt.Fprintf(&out, "%s %s holds code of others, under the licenses below.\n", r.ID, r.Version)
	for _, n := range all {
		fmt.Fprintf(&out, "\n%s\n%s\n%s\n\n%s\n", strings.Repeat("=", 78), n.names, strings.Repeat("-", 78), n.text)
	}
	return out.Bytes(), nil
}

// goFolders gives the folders of Go and of the modules that are linked into the
// executables, by name and version.
func (r *Release) goFolders(ctx context.Context, dist string) (map[string]string, error) {
	goroot, err := r.goTool(ctx, "env", "GOROOT")
	if err != nil {
		return nil, err
	}
	folders := map[string]string{}
	var wanted []string
	for _, platform := range r.Platforms {
		info, err := buildinfo.ReadFile(filepath.Join(dist, r.ExecutableName(platform)))
		if err != nil {
			return nil, err
		}
		folders["Go "+strings.TrimPrefix(info.GoVersion, "go")] = strings.TrimSpace(string(goroot))
		for _, m := range linked(info) {
			if m.Version == "" {
				return nil, fmt.Errorf("%s is replaced by a folder, of which nobody can tell what it is", m.Path)
			}
			wanted = append(wanted, m.Path+"@"+m.Version)
		}
	}
	if len(wanted) == 0 {
		return folders, nil
	}
	slices.Sort(wanted)
	text, err := r.goTool(ctx, append([]string{"mod", "download", "-json"}, slices.Compact(wanted)...)...)
	if err != nil {
		return nil, err
	}
	for in := json.NewDecoder(bytes.NewReader(text)); in.More(); {
		var m struct{ Path, Version, Dir string }
		if err := in.Decode(&m); err != nil {
			return nil, fmt.Errorf("go mod download: %w", err)
		}
		folders[m.Path+" "+m.Version] = m.Dir
	}
	return folders, nil
}

// linked are the modules of one executable, as they were taken.
func linked(info *debug.BuildInfo) []*debug.Module {
	var out []*debug.Module
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		out = append(out, m)
	}
	return out
}

func (r *Release) goTool(ctx context.Context, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = r.Root
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	text, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go %s: %w: %s%s", strings.Join(args[:min(2, len(args))], " "), err, complaint.Bytes(), text)
	}
	return text, nil
}

// licenses are the texts of the licenses in a folder and in the folders of code
// below, of which there has to be one at the top.
func licenses(folder string) ([]string, error) {
	var texts []string
	top := false
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if path != folder && (slices.Contains([]string{"testdata", "test", "vendor", "node_modules"}, d.Name()) || exists(filepath.Join(path, "go.mod"))) {
				return fs.SkipDir // tests, and what has licenses of its own: so have the sources of Go
			}
			return nil
		}
		if !d.Type().IsRegular() || !licenseFile.MatchString(d.Name()) || code.MatchString(d.Name()) {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		// The same text with other ends of lines is the same.
		lines := strings.Split(strings.TrimSpace(strings.ReplaceAll(string(text), "\r\n", "\n")), "\n")
		for i, line := range lines {
			lines[i] = strings.TrimRight(line, " \t\f")
		}
		if joined := strings.Join(lines, "\n"); joined != "" {
			top = top || filepath.Dir(path) == folder
			texts = append(texts, joined)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if !top {
		return nil, errors.New("there is no file LICENSE, COPYING or the like in " + folder)
	}
	return texts, nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
