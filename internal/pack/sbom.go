package pack

import (
	"bytes"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/google/uuid"
)

// sbom lists what is in the package as CycloneDX 1.6: the Go modules that are
// linked into its executables, by what the linker wrote there, and the npm
// packages whose code is in its scripts, by their source maps. Nothing of it is
// a guess from go.mod or package.json. It has no dependency graph.
func (r *Release) sbom(dist, zipPath string) ([]byte, error) {
	byRef := map[string]cdx.Component{}
	for _, platform := range r.Platforms {
		info, err := buildinfo.ReadFile(filepath.Join(dist, r.ExecutableName(platform)))
		if err != nil {
			return nil, err
		}
		for _, c := range goComponents(info) {
			byRef[c.BOMRef] = c
		}
	}
	packages, err := r.npmPackages(dist)
	if err != nil {
		return nil, err
	}
	for _, p := range packages {
		c, err := npmComponent(p)
		if err != nil {
			return nil, err
		}
		byRef[c.BOMRef] = c
	}
	components := make([]cdx.Component, 0, len(byRef))
	for _, c := range byRef {
		components = append(components, c)
	}
	slices.SortFunc(components, func(a, b cdx.Component) int { return strings.Compare(a.BOMRef, b.BOMRef) })

	content, err := os.ReadFile(zipPath)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(content)
	bom := cdx.NewBOM()
	// The same package has the same number.
	bom.SerialNumber = uuid.NewSHA1(uuid.NameSpaceURL, sum[:]).URN()
	bom.Metadata = &cdx.Metadata{
		Timestamp: r.Time.Format(time.RFC3339),
		Component: &cdx.Component{
			BOMRef:     r.ID,
			Type:       cdx.ComponentTypeApplication,
			Name:       r.ID,
			Version:    r.Version,
			Licenses:   licensed("Apache-2.0"),
			Hashes:     &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: hex.EncodeToString(sum[:])}},
			Properties: &[]cdx.Property{{Name: "git:commit", Value: r.Commit}},
		},
	}
	bom.Components = &components
	var text bytes.Buffer
	if err := cdx.NewBOMEncoder(&text, cdx.BOMFileFormatJSON).SetPretty(true).EncodeVersion(bom, cdx.SpecVersion1_6); err != nil {
		return nil, err
	}
	return text.Bytes(), nil
}

// goComponents are the modules of one executable, and Go's standard library.
func goComponents(info *debug.BuildInfo) []cdx.Component {
	std := component("golang", "std", strings.TrimPrefix(info.GoVersion, "go"))
	components := []cdx.Component{std}
	for _, dep := range linked(info) {
		c := component("golang", dep.Path, dep.Version)
		// h1 is a SHA-256 over the module's files, and what go.sum has.
		if sum, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(dep.Sum, "h1:")); err == nil && len(sum) == sha256.Size {
			c.Hashes = &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: hex.EncodeToString(sum)}}
		}
		components = append(components, c)
	}
	return components
}

// bundled is an npm package whose code is in the scripts, as package-lock.json has it.
type bundled struct {
	key, name                   string // node_modules/@b/c, @b/c
	version, integrity, license string
}

// npmPackages are the packages whose files are in the scripts of a built front end, sorted.
func (r *Release) npmPackages(dist string) ([]bundled, error) {
	var lock struct {
		Packages map[string]struct{ Version, Integrity, License string }
	}
	if err := readJSON(filepath.Join(r.Root, "package-lock.json"), &lock); err != nil {
		return nil, err
	}
	maps, err := filepath.Glob(filepath.Join(dist, "*.js.map"))
	if err != nil {
		return nil, err
	}
	var packages []bundled
	for _, path := range maps {
		var m struct{ Sources []string }
		if err := readJSON(path, &m); err != nil {
			return nil, err
		}
		for _, source := range m.Sources {
			key, name, found := npmPackage(source)
			if !found {
				continue
			}
			locked, found := lock.Packages[key]
			if !found {
				return nil, fmt.Errorf("%s has code of %s, which package-lock.json does not know", filepath.Base(path), key)
			}
			packages = append(packages, bundled{key, name, locked.Version, locked.Integrity, locked.License})
		}
	}
	slices.SortFunc(packages, func(a, b bundled) int { return strings.Compare(a.key, b.key) })
	return slices.Compact(packages), nil
}

func npmComponent(p bundled) (cdx.Component, error) {
	c := component("npm", p.name, p.version)
	if p.license != "" {
		c.Licenses = licensed(p.license)
	}
	sum, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(p.integrity, "sha512-"))
	if err != nil || len(sum) == 0 {
		return c, fmt.Errorf("package-lock.json has no SHA-512 of %s", p.key)
	}
	c.Hashes = &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA512, Value: hex.EncodeToString(sum)}}
	return c, nil
}

// npmPackage gives the key in package-lock.json and the name of the package
// that a file of a source map is of.
//
//	webpack://x/../node_modules/a/node_modules/@b/c/dist/d.js → node_modules/a/node_modules/@b/c, @b/c
func npmPackage(source string) (key, name string, found bool) {
	const folder = "node_modules/"
	first, last := strings.Index(source, folder), strings.LastIndex(source, folder)
	if first < 0 {
		return "", "", false
	}
	parts := strings.SplitN(source[last+len(folder):], "/", 3)
	switch {
	case strings.HasPrefix(parts[0], "@") && len(parts) > 1:
		name = parts[0] + "/" + parts[1]
	case len(parts) == 1: // a module that the build makes up is a file there
		return "", "", false
	default:
		name = parts[0]
	}
	return source[first : last+len(folder)+len(name)], name, true
}

// component has a package URL as its reference: https://github.com/package-url/purl-spec.
func component(kind, name, version string) cdx.Component {
	segments := strings.Split(name, "/")
	for i, s := range segments {
		segments[i] = strings.ReplaceAll(url.PathEscape(s), "@", "%40")
	}
	purl := "pkg:" + kind + "/" + strings.Join(segments, "/") + "@" + url.QueryEscape(version)
	return cdx.Component{
		BOMRef:     purl,
		Type:       cdx.ComponentTypeLibrary,
		Name:       name,
		Version:    version,
		PackageURL: purl,
	}
}

// licensed gives an SPDX expression, which a single license is too.
func licensed(expression string) *cdx.Licenses {
	return &cdx.Licenses{{Expression: expression}}
}
