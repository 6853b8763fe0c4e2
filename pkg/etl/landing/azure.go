package landing

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/auditlake/auditlake/pkg/store"
)

// Azure's diagnostic settings write one folder per category of log, and in it one
// blob per resource and hour, which grows until the hour is over:
//
//	insights-logs-<category>/resourceId=/SUBSCRIPTIONS/<id>/RESOURCEGROUPS/<group>/
//	    PROVIDERS/MICROSOFT.DATABRICKS/WORKSPACES/<name>/y=2025/m=05/d=01/h=13/m=00/PT1H.json
const (
	categoryPrefix = "insights-logs-"
	resourceFolder = "resourceId="
	yearPrefix     = "y="
	workspacesName = "WORKSPACES"
)

// parseAzureKey reads the layout of Azure. Its parent ends in y=, by which it is
// told from one that holds date= folders.
func parseAzureKey(key string) (parent, date string, ok bool) {
	segments := strings.Split(key, "/")
	n := len(segments)
	const timed = 6 // segments from y= to the name
	if n <= timed || hidden(segments[n-1]) || !isJSON(segments[n-1]) {
		return "", "", false
	}
	resource := slices.Index(segments[:n-timed], resourceFolder)
	if resource < 0 || slices.ContainsFunc(segments[:resource], hidden) {
		return "", "", false
	}
	var parts [timed - 1]string
	for i, p := range []struct {
		prefix string
		digits int
		below  string // the least text that is too large
	}{{yearPrefix, 4, ":"}, {"m=", 2, "13"}, {"d=", 2, "32"}, {"h=", 2, "24"}, {"m=", 2, "60"}} {
		part, found := strings.CutPrefix(segments[n-timed+i], p.prefix)
		if !found || len(part) != p.digits || strings.Trim(part, "0123456789") != "" || part >= p.below {
			return "", "", false
		}
		parts[i] = part
	}
	date = parts[0] + "-" + parts[1] + "-" + parts[2]
	if !validDate(date) {
		return "", "", false
	}
	return strings.Join(segments[:n-timed], "/") + "/" + yearPrefix, date, true
}

// ofAzure says that a parent is one of Azure's layout.
func ofAzure(parent string) bool { return strings.HasSuffix(parent, "/"+yearPrefix) }

// azureSince is the key behind which the deliveries of a date and later are.
func azureSince(parent, date string) string {
	year, rest, _ := strings.Cut(date, "-")
	month, day, _ := strings.Cut(rest, "-")
	return parent + year + "/m=" + month + "/d=" + day
}

// currentAzure finds what appeared beside known parents of Azure's layout:
// workspaces beside their workspaces, which are parents too, and categories beside
// their categories, which are listed whole because nothing is known of them.
// Another resource group or subscription is found by a sweep.
func currentAzure(ctx context.Context, s store.Store, known []string, requests *int) (parents, categories []string, err error) {
	beside := map[string]bool{}   // prefixes of folders that parents come from
	category := map[string]bool{} // prefixes of categories
	seen := map[string]bool{}     // categories of known parents
	for _, p := range known {
		segments := strings.Split(p, "/")
		n := len(segments)
		if n >= 3 && strings.EqualFold(segments[n-3], workspacesName) {
			beside[strings.Join(segments[:n-2], "/")+"/"] = true
		}
		if i := slices.IndexFunc(segments, func(s string) bool { return strings.HasPrefix(s, categoryPrefix) }); i >= 0 {
			folder := strings.Join(segments[:i+1], "/") + "/"
			category[strings.TrimSuffix(folder, segments[i]+"/")+categoryPrefix] = true
			seen[folder] = true
		}
	}
	found := map[string]bool{}
	for _, p := range known {
		found[p] = true
	}
	for prefix := range beside {
		if err := folders(ctx, s, prefix, requests, func(f string) { found[f+yearPrefix] = true }); err != nil {
			return nil, nil, err
		}
	}
	for prefix := range category {
		if err := folders(ctx, s, prefix, requests, func(f string) {
			if !seen[f] {
				categories = append(categories, f)
			}
		}); err != nil {
			return nil, nil, err
		}
	}
	for p := range found {
		parents = append(parents, p)
	}
	slices.Sort(parents)
	slices.Sort(categories)
	return parents, categories, nil
}

// folders calls fn for the folders that begin with a prefix. None are no error.
func folders(ctx context.Context, s store.Store, prefix string, requests *int, fn func(string)) error {
	*requests++
	for folder, err := range s.Folders(ctx, prefix) {
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		fn(folder)
	}
	return nil
}
