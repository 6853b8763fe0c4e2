package store

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// maxKeyBytes is S3's limit. The prefix of an S3 store counts too and is
// checked by the server.
const maxKeyBytes = 1024

// CheckKey reports, wrapped in [ErrInvalidKey], why a key cannot name an
// object in every store. A key is valid UTF-8 of 1 to 1024 bytes without control
// characters: segments separated by single slashes, none of them empty, "."
// or "..". Everything else, such as spaces, "%", "+" and "=", is plain text and
// is never decoded.
func CheckKey(key string) error {
	if key == "" {
		return fmt.Errorf("%w: it is empty", ErrInvalidKey)
	}
	if err := checkText(key); err != nil {
		return err
	}
	for segment := range strings.SplitSeq(key, "/") {
		switch segment {
		case "":
			return fmt.Errorf("%w %q: a slash at the start or end, or two in a row", ErrInvalidKey, key)
		case ".", "..":
			return fmt.Errorf("%w %q: segment %q", ErrInvalidKey, key, segment)
		}
	}
	return nil
}

// checkPrefix accepts what begins a valid key: also "", a trailing slash and a
// name that is not finished.
func checkPrefix(prefix string) error {
	if err := checkText(prefix); err != nil {
		return err
	}
	if i := strings.LastIndexByte(prefix, '/'); i >= 0 {
		return CheckKey(prefix[:i])
	}
	return nil
}

func checkText(s string) error {
	switch {
	case len(s) > maxKeyBytes:
		return fmt.Errorf("%w: %d bytes, at most %d", ErrInvalidKey, len(s), maxKeyBytes)
	case !utf8.ValidString(s):
		return fmt.Errorf("%w %q: not UTF-8", ErrInvalidKey, s)
	case strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return fmt.Errorf("%w %q: a control character", ErrInvalidKey, s)
	}
	return nil
}
