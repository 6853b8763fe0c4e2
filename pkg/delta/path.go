package delta

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// encodePath is a path as the log spells it: a URI reference (PROTOCOL.md, "Add
// File"). Everything is escaped that some reader might take for syntax, "+"
// among it, for readers that decode a path like a query.
func encodePath(path string) string {
	if scheme, rest, ok := strings.Cut(path, "://"); ok {
		return scheme + "://" + encodePath(rest)
	}
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	b.Grow(len(path))
	for i := range len(path) {
		switch c := path[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9',
			c == '-', c == '.', c == '_', c == '~', c == '/', c == '=':
			b.WriteByte(c)
		default:
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		}
	}
	return b.String()
}

// decodePath is the path of a file relative to the table at base, from the
// spelling in the log. An absolute URI that is not below base stays absolute, in
// one spelling, so that it still matches its own removal; see insideTable.
func decodePath(base, spelled string) (string, error) {
	path, err := url.PathUnescape(spelled)
	if err != nil {
		return "", fmt.Errorf("path %q: %w", spelled, err)
	}
	if path == "" {
		return "", errors.New("path is missing")
	}
	if !isAbsolute(spelled) {
		return path, nil
	}
	path = canonicalURI(path)
	if rest, ok := strings.CutPrefix(path, canonicalURI(base)); ok && rest != "" {
		return rest, nil
	}
	return path, nil
}

// canonicalURI gives file:/x, file:///x and /x one spelling, and s3a, s3n and
// s3 too.
func canonicalURI(uri string) string {
	if rest, ok := strings.CutPrefix(uri, "file:"); ok {
		return "/" + strings.TrimLeft(rest, "/")
	}
	for _, scheme := range []string{"s3a://", "s3n://"} {
		if rest, ok := strings.CutPrefix(uri, scheme); ok {
			return "s3://" + rest
		}
	}
	return uri
}

func isAbsolute(path string) bool {
	return strings.HasPrefix(path, "/") || strings.HasPrefix(path, "file:") || strings.Contains(path, "://")
}

// insideTable reports whether a decoded path names an object below the root of
// the table and outside its log.
func insideTable(path string) bool {
	if path == "" || isAbsolute(path) || strings.HasPrefix(path, "_delta_log/") {
		return false
	}
	for segment := range strings.SplitSeq(path, "/") {
		if segment == "" || segment == "." || segment == ".." {
			return false
		}
	}
	return true
}
