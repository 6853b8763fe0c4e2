// Package landing knows what has been delivered and how much of it the lake
// already holds.
//
// Databricks may overwrite a delivered file at any time: what was there remains,
// lines may be added anywhere. So the landing state keeps, for every delivered
// file, which version was read last and what bronze holds of it:
//
//	bronze metaData.configuration["auditlake.landing"]
//	   = _auditlake/landing/<uuid>.json        Manifest: one line per delivery date
//	       -> _auditlake/landing/<date>/<uuid>.json   Shard: one Entry per file
//
// Manifests and shards are never changed. A batch writes new shards for the
// dates it touched and a new manifest, and the manifest's path is committed
// together with the rows: state and rows cannot disagree. A crash before that
// commit leaves objects that nothing points to, and the batch is planned anew.
//
// Discover lists a source, a Plan compares the listing with the state as it comes
// and keeps the first differences, Batches cuts those into pieces of bounded size.
// Memory grows with none of these: shards are read as streams, and of a known file
// no more than a hash is kept.
package landing

import (
	"strconv"
	"strings"
	"time"
)

// File is one delivered object that the layout recognises.
type File struct {
	Source      int // index into the run's sources
	Key         string
	ETag        string
	Size        int64
	Modified    time.Time
	Date        string // of the delivery folder, yyyy-mm-dd
	WorkspaceID int64  // of the delivery folder; -1 if it names none
}

const (
	workspacePrefix = "workspaceId="
	datePrefix      = "date="
)

// ParseKey reads the delivery layout out of a key relative to the source, that of
// Databricks or that of Azure's diagnostic logs:
//
//	[folders/][workspaceId=<id>/]date=<yyyy-mm-dd>/<name>.json[.gz]
//	[folders/]resourceId=/<resource>/y=<yyyy>/m=<mm>/d=<dd>/h=<hh>/m=<mm>/<name>.json[.gz]
//
// parent is what stands before date=, or everything up to y=. ignored is true for
// names that a writer hides with a leading _ or dot, which those within a resource
// may have: they are no delivery and no surprise.
func ParseKey(key string) (parent string, workspace int64, date string, ignored, ok bool) {
	if parent, date, ok := parseAzureKey(key); ok {
		return parent, -1, date, false, true
	}
	segments := strings.Split(key, "/")
	for _, s := range segments {
		if hidden(s) {
			return "", 0, "", true, false
		}
	}
	n := len(segments)
	if n < 2 || !isJSON(segments[n-1]) {
		return "", 0, "", false, false
	}
	name, folder := segments[n-1], segments[n-2]
	date, found := strings.CutPrefix(folder, datePrefix)
	if !found || !validDate(date) {
		return "", 0, "", false, false
	}
	workspace = -1
	if n >= 3 {
		if id, found := strings.CutPrefix(segments[n-3], workspacePrefix); found {
			w, err := strconv.ParseInt(id, 10, 64)
			if err != nil || w < 0 {
				return "", 0, "", false, false
			}
			workspace = w
		}
	}
	return key[:len(key)-len(name)-len(folder)-1], workspace, date, false, true
}

func hidden(segment string) bool {
	return strings.HasPrefix(segment, "_") || strings.HasPrefix(segment, ".")
}

func isJSON(name string) bool {
	return strings.HasSuffix(name, ".json") || strings.HasSuffix(name, ".json.gz")
}

func validDate(s string) bool {
	t, err := time.Parse(time.DateOnly, s)
	return err == nil && t.Format(time.DateOnly) == s
}

// daysBefore is the date n days before date.
func daysBefore(date string, n int) string {
	t, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return date
	}
	return t.AddDate(0, 0, -n).Format(time.DateOnly)
}
