package cli

import (
	"fmt"
	"strings"
	"unicode"
)

// shown is a text as a terminal is to show it. Events say what others have written, file
// names too: a control character in them would move the cursor, retitle the window or
// write to the clipboard, and one that changes the direction would show another order. Those are
// written out, such as \u001b; ends of lines and tabs stay. JSON and CSV are for programs and
// have everything as it is.
func shown(text string) string {
	if !strings.ContainsFunc(text, unshown) && strings.ToValidUTF8(text, "") == text {
		return text
	}
	var b strings.Builder
	for _, r := range text { // what is no UTF-8 becomes U+FFFD
		if unshown(r) {
			_, _ = fmt.Fprintf(&b, `\u%04x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

func unshown(r rune) bool {
	return unicode.IsControl(r) && r != '\n' && r != '\t' || unicode.Is(unicode.Bidi_Control, r)
}
