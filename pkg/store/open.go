package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
)

// Option changes how [Open] opens a store.
type Option func(*options)

type options struct {
	readOnly bool
}

// ReadOnly is for sources: every write is refused with [ErrDenied], and a
// local folder must exist, so that a mistyped path is [ErrNotFound] and not an
// empty source.
func ReadOnly() Option { return func(o *options) { o.readOnly = true } }

// Open opens the store at a URL or a path:
//
//	/path/to/folder, relative/path, file:///path/to/folder
//	s3://bucket/prefix?region=…&endpoint=…
//
// [ParseS3URL] describes the query parameters of S3; credentials come from the
// usual AWS chain (environment, shared config and profile, web identity,
// container, EC2 role). For static keys fill an [S3Config] and call [OpenS3].
// Open sends no request to the store.
func Open(ctx context.Context, rawURL string, opts ...Option) (Store, error) {
	var o options
	for _, set := range opts {
		set(&o)
	}
	if dir, ok, err := localPath(rawURL); err != nil {
		return nil, err
	} else if ok {
		l, err := OpenLocal(dir)
		if err != nil {
			return nil, err
		}
		l.mustExist = o.readOnly
		return o.wrap(l), nil
	}
	cfg, err := ParseS3URL(rawURL)
	if err != nil {
		return nil, err
	}
	s, err := OpenS3(ctx, cfg)
	if err != nil {
		return nil, err
	}
	return o.wrap(s), nil
}

func (o options) wrap(s Store) Store {
	if o.readOnly {
		return AsReadOnly(s)
	}
	return s
}

// IsLocal says whether Open would open a folder of this machine. It is false
// for text that Open refuses.
func IsLocal(rawURL string) bool {
	_, ok, err := localPath(rawURL)
	return ok && err == nil
}

// Overlap says whether two roots, in the form that Open takes, share keys: they
// are equal or one lies in the other. It compares text: paths are made absolute
// but symbolic links are not resolved, and an S3 endpoint is known by its host
// and port.
func Overlap(a, b string) (bool, error) {
	ca, err := Canonical(a)
	if err != nil {
		return false, err
	}
	cb, err := Canonical(b)
	if err != nil {
		return false, err
	}
	return strings.HasPrefix(ca, cb) || strings.HasPrefix(cb, ca), nil
}

// Canonical is the same text for every way to write one root, as Overlap compares
// it: without region, credentials and options, and the same for all endpoints of
// AWS. It ends with a slash, so that lying inside a root is having it as a prefix.
// It is for comparing and cannot be opened.
func Canonical(rawURL string) (string, error) {
	dir, ok, err := localPath(rawURL)
	if err != nil {
		return "", err
	}
	if ok {
		abs, err := filepath.Abs(dir)
		if err != nil {
			return "", fmt.Errorf("find the folder %q: %w", dir, err)
		}
		abs = filepath.ToSlash(abs)
		if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
			abs = strings.ToLower(abs)
		}
		return "file://" + strings.TrimSuffix(abs, "/") + "/", nil
	}
	cfg, err := ParseS3URL(rawURL)
	if err != nil {
		return "", err
	}
	root := "s3://" + canonicalHost(cfg.Endpoint) + "/" + cfg.Bucket + "/"
	if cfg.Prefix != "" {
		root += cfg.Prefix + "/"
	}
	return root, nil
}

// canonicalHost is "" for every endpoint of AWS, where bucket names are unique.
func canonicalHost(endpoint string) string {
	u, err := url.Parse(endpoint)
	if endpoint == "" || err != nil {
		return ""
	}
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	if strings.HasSuffix(host, ".amazonaws.com") || strings.HasSuffix(host, ".amazonaws.com.cn") {
		return ""
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsLoopback() {
		host = "localhost"
	}
	return net.JoinHostPort(host, cmp.Or(u.Port(), map[string]string{"http": "80", "https": "443"}[u.Scheme]))
}

// A drive letter of Windows is one letter long and no scheme.
var schemeRE = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9+.-]+):`)

const understood = "understood are a path, file:///path and s3://bucket/prefix"

// localPath returns the folder that rawURL names, or false if it is an S3 URL.
// Its errors do not repeat the text, which may hold a secret by mistake.
func localPath(rawURL string) (dir string, ok bool, err error) {
	if rawURL == "" {
		return "", false, errors.New("the location is empty: " + understood)
	}
	if strings.HasPrefix(rawURL, "~") {
		return "", false, errors.New(`"~" is not expanded: write the path out`)
	}
	m := schemeRE.FindStringSubmatch(rawURL)
	if m == nil {
		return rawURL, true, nil
	}
	switch strings.ToLower(m[1]) {
	case "s3":
		return "", false, nil
	case "s3a", "s3n":
		return "", false, fmt.Errorf("unknown scheme %q: write s3:// instead; %s", m[1], understood)
	case "file":
	default:
		return "", false, fmt.Errorf("unknown scheme %q: %s", m[1], understood)
	}
	u, err := url.Parse(rawURL)
	switch {
	case err != nil:
		return "", false, errors.New("not a valid file URL: write file:///path, with %25 for a percent sign")
	case u.Host != "" && u.Host != "localhost" || !strings.HasPrefix(u.Path, "/"):
		return "", false, errors.New("a file URL has no host and an absolute path: write file:///path")
	case u.RawQuery != "" || u.Fragment != "":
		return "", false, errors.New("a file URL takes no parameters and no fragment")
	}
	dir = u.Path
	if runtime.GOOS == "windows" {
		dir = strings.TrimPrefix(dir, "/") // file:///C:/lake
	}
	return filepath.FromSlash(dir), true, nil
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
