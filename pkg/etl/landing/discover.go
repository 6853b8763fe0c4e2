package landing

import (
	"context"
	"slices"
	"strings"

	"github.com/auditlake/auditlake/pkg/store"
)

// Window says how much of a source to list. The zero Window is a full sweep.
type Window struct {
	// Since is the first delivery date of interest, yyyy-mm-dd.
	Since string
	// Parents are the folders that hold date= folders, and in Azure's layout the
	// prefixes up to y=, as an earlier sweep found them. New workspaces and categories
	// beside them are found without being named.
	Parents []string
	// Keys, unless nil, are all that is of interest: deliveries that somebody says are
	// new. The folders they lie in are listed, from the first of them on.
	Keys []string
}

// Sweep reports whether the window covers everything.
func (w Window) Sweep() bool { return w.Keys == nil && (w.Since == "" || len(w.Parents) == 0) }

// Listing sums up what a source holds.
type Listing struct {
	Files        int64    // deliveries
	Newest       string   // latest delivery date, yyyy-mm-dd; "" if there is none
	Parents      []string // as in Window, in byte order
	Ignored      int      // keys with a name that starts with _ or a dot
	Unrecognised int      // keys that are neither a delivery nor ignored
	Examples     []string // some unrecognised keys
	Requests     int      // listings asked of the store, pages not counted
}

const maxExamples = 5

// Discover lists one source and hands every delivery to found, as they come: by
// folder, date and name. A full sweep lists every key; otherwise it costs one
// listing per workspace, from Window.Since on, whatever the source holds, or with
// Window.Keys one per folder of them. Errors are those of the store, and of found.
func Discover(ctx context.Context, s store.Store, source int, w Window, found func(File) error) (Listing, error) {
	var out Listing
	parents := map[string]bool{}
	collect := func(prefix, startAfter string) error {
		out.Requests++
		for o, err := range s.List(ctx, prefix, startAfter) {
			if err != nil {
				return err
			}
			parent, workspace, date, ignored, ok := ParseKey(o.Key)
			switch {
			case ignored:
				out.Ignored++
			case !ok:
				out.Unrecognised++
				if len(out.Examples) < maxExamples {
					out.Examples = append(out.Examples, o.Key)
				}
			default:
				parents[parent] = true
				out.Files++
				out.Newest = max(out.Newest, date)
				if err := found(File{
					Source: source, Key: o.Key, ETag: o.ETag, Size: o.Size, Modified: o.LastModified,
					Date: date, WorkspaceID: workspace,
				}); err != nil {
					return err
				}
			}
		}
		return nil
	}
	switch {
	case w.Keys != nil:
		for _, p := range w.Parents {
			parents[p] = true
		}
		for _, first := range firsts(w.Keys) {
			if err := collect(folderOf(first), justBefore(first)); err != nil {
				return Listing{}, err
			}
		}
	case w.Sweep():
		if err := collect("", ""); err != nil {
			return Listing{}, err
		}
	default:
		azure, native := split(w.Parents)
		native, err := current(ctx, s, native, &out.Requests)
		if err != nil {
			return Listing{}, err
		}
		for _, p := range native {
			parents[p] = true
			if err := collect(p+datePrefix, p+datePrefix+w.Since); err != nil {
				return Listing{}, err
			}
		}
		azure, categories, err := currentAzure(ctx, s, azure, &out.Requests)
		if err != nil {
			return Listing{}, err
		}
		for _, p := range azure {
			parents[p] = true
			if err := collect(p, azureSince(p, w.Since)); err != nil {
				return Listing{}, err
			}
		}
		for _, c := range categories {
			if err := collect(c, ""); err != nil {
				return Listing{}, err
			}
		}
	}
	for p := range parents {
		out.Parents = append(out.Parents, p)
	}
	slices.Sort(out.Parents)
	return out, nil
}

// firsts are the first keys of each folder, in byte order, of those that are
// deliveries.
func firsts(keys []string) (first []string) {
	listed := map[string]bool{}
	for _, key := range slices.Sorted(slices.Values(keys)) {
		if _, _, _, _, ok := ParseKey(key); !ok || listed[folderOf(key)] {
			continue
		}
		listed[folderOf(key)] = true
		first = append(first, key)
	}
	return first
}

func folderOf(key string) string { return key[:strings.LastIndexByte(key, '/')+1] }

// justBefore is a text that a key comes behind, and its folder's keys before it do not:
// listings start behind a text.
func justBefore(key string) string { return key[:len(key)-1] }

// split tells the parents of Azure's layout from the others.
func split(parents []string) (azure, native []string) {
	for _, p := range parents {
		if ofAzure(p) {
			azure = append(azure, p)
		} else {
			native = append(native, p)
		}
	}
	return azure, native
}

// current is the known parents and the workspace folders that appeared beside
// them since.
func current(ctx context.Context, s store.Store, known []string, requests *int) ([]string, error) {
	found := map[string]bool{}
	above := map[string]bool{}
	for _, p := range known {
		found[p] = true
		trimmed := strings.TrimSuffix(p, "/")
		if slash := strings.LastIndexByte(trimmed, '/'); strings.HasPrefix(trimmed[slash+1:], workspacePrefix) {
			above[trimmed[:slash+1]] = true
		} else {
			above[p] = true
		}
	}
	for a := range above {
		if err := folders(ctx, s, a+workspacePrefix, requests, func(f string) { found[f] = true }); err != nil {
			return nil, err
		}
	}
	out := make([]string, 0, len(found))
	for p := range found {
		out = append(out, p)
	}
	slices.Sort(out)
	return out, nil
}
