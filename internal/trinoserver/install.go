package trinoserver

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/auditlake/auditlake/internal/engines"
)

const (
	archiveURL = "https://repo.maven.apache.org/maven2/io/trino/trino-server/" + Version + "/trino-server-" + Version + ".tar.gz"
	// archiveSHA256 is of the archive whose SHA-1 is the one Maven Central publishes.
	archiveSHA256 = "cfd5accde17e8ebd251eeeb78aed1f490e77bb3a164d95a0f454bf8a7c1cbd3f"
	// oldestJava is the Java that Version was built for.
	oldestJava = 24
)

// wanted are the folders of the archive that are kept, half of its 1.6 GB.
var wanted = []string{"lib/", "plugin/delta-lake/", "plugin/memory/"}

// findJava is the path of the first Java that is new enough.
func findJava() (string, error) {
	if runtime.GOOS == "windows" {
		return "", fmt.Errorf("no Trino on Windows, but on Linux and macOS: %w", engines.ErrLacking)
	}
	var homes, seen []string
	if home := os.Getenv("JAVA_HOME"); home != "" {
		homes = append(homes, home)
	}
	if found, err := exec.LookPath("java"); err == nil {
		if found, err = filepath.EvalSymlinks(found); err == nil {
			homes = append(homes, filepath.Dir(filepath.Dir(found)))
		}
	}
	for _, pattern := range []string{"/usr/lib/jvm/*", "/Library/Java/JavaVirtualMachines/*/Contents/Home"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			return "", err
		}
		homes = append(homes, found...)
	}
	for _, home := range homes {
		java := filepath.Join(home, "bin", "java")
		version := javaVersion(home)
		if _, err := os.Stat(java); err == nil && version >= oldestJava {
			return java, nil
		}
		if version > 0 && !slices.Contains(seen, strconv.Itoa(version)) {
			seen = append(seen, strconv.Itoa(version))
		}
	}
	if seen == nil {
		seen = []string{"none"}
	}
	return "", fmt.Errorf("no Java for Trino %s, which runs on version %d or newer; found: %s; JAVA_HOME can name one: %w",
		Version, oldestJava, strings.Join(seen, ", "), engines.ErrLacking)
}

// javaVersion is the first number of JAVA_VERSION in the file that every JDK has,
// or 0.
func javaVersion(home string) int {
	text, err := os.ReadFile(filepath.Join(home, "release"))
	if err != nil {
		return 0
	}
	_, after, _ := strings.Cut(string(text), `JAVA_VERSION="`)
	first, _, _ := strings.Cut(after, ".")
	first, _, _ = strings.Cut(first, `"`)
	version, err := strconv.Atoi(first)
	if err != nil {
		return 0
	}
	return version
}

// install gives the folder with Trino's lib and plugin. Processes may install at
// the same time: the first to be done wins.
func install(ctx context.Context, log func(format string, args ...any)) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	cache = filepath.Join(cache, "auditlake", "interop")
	home := filepath.Join(cache, "trino-"+Version)
	if _, err := os.Stat(home); err == nil {
		return home, nil
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return "", err
	}
	scratch, err := os.MkdirTemp(cache, "trino-")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(scratch) }()
	began := time.Now()
	archive := filepath.Join(scratch, "archive.tar.gz")
	if err := download(ctx, archive); err != nil {
		return "", fmt.Errorf("get Trino %s from Maven Central: %w: %w", Version, engines.ErrLacking, err)
	}
	log("Trino %s: download %s", Version, time.Since(began).Round(100*time.Millisecond))
	began = time.Now()
	unpacked := filepath.Join(scratch, "unpacked")
	if err := unpack(ctx, archive, unpacked); err != nil {
		return "", fmt.Errorf("unpack Trino %s: %w", Version, err)
	}
	log("Trino %s: unpack %s", Version, time.Since(began).Round(100*time.Millisecond))
	if err := os.Rename(unpacked, home); err != nil {
		if _, there := os.Stat(home); there == nil {
			return home, nil
		}
		return "", err
	}
	return home, nil
}

func download(ctx context.Context, to string) (err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, archiveURL, nil)
	if err != nil {
		return err
	}
	answer, err := client.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", archiveURL, answer.Status)
	}
	file, err := os.Create(to)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	sum := sha256.New()
	if _, err := io.Copy(io.MultiWriter(file, sum), answer.Body); err != nil {
		return err
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != archiveSHA256 {
		return fmt.Errorf("%s has SHA-256 %s, want %s", archiveURL, got, archiveSHA256)
	}
	return nil
}

// unpack takes the wanted folders out of the archive. A file that two plugins
// share is a hard link in one of them, often to a plugin that is not wanted, so
// the archive is read twice: for the links, and for what they lead to.
func unpack(ctx context.Context, archive, to string) error {
	links := map[string][]string{} // by the path of the file that has the content
	err := entries(ctx, archive, func(name string, h *tar.Header, _ io.Reader) error {
		if h.Typeflag == tar.TypeLink && isWanted(name) {
			target := inside(h.Linkname)
			links[target] = append(links[target], name)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return entries(ctx, archive, func(name string, h *tar.Header, content io.Reader) error {
		places := links[name]
		if isWanted(name) {
			places = append([]string{name}, places...)
		}
		if h.Typeflag != tar.TypeReg || len(places) == 0 {
			return nil
		}
		first := filepath.Join(to, filepath.FromSlash(places[0]))
		if err := writeFile(first, content); err != nil {
			return err
		}
		for _, other := range places[1:] {
			other = filepath.Join(to, filepath.FromSlash(other))
			if err := os.MkdirAll(filepath.Dir(other), 0o755); err != nil {
				return err
			}
			if err := os.Link(first, other); err != nil {
				return err
			}
		}
		return nil
	})
}

// isWanted says whether a path without its first folder is kept.
func isWanted(name string) bool {
	return filepath.IsLocal(filepath.FromSlash(name)) &&
		slices.ContainsFunc(wanted, func(dir string) bool { return strings.HasPrefix(name, dir) })
}

// inside is a path of the archive without its first folder.
func inside(name string) string {
	_, rest, _ := strings.Cut(path.Clean(name), "/")
	return rest
}

func entries(ctx context.Context, archive string, visit func(name string, h *tar.Header, content io.Reader) error) (err error) {
	file, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	plain, err := gzip.NewReader(bufio.NewReaderSize(file, 1<<20))
	if err != nil {
		return err
	}
	for all := tar.NewReader(plain); ctx.Err() == nil; {
		h, err := all.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := visit(inside(h.Name), h, all); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func writeFile(to string, content io.Reader) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	file, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, content)
	return errors.Join(err, file.Close())
}
