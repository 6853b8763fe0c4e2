package generate

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// linesPerFile is what a file should have at least on average: a quiet
// workspace gets fewer files a day instead of tiny ones.
const linesPerFile = 20

// slotCounts are the numbers of files a workspace may have in a day; each
// divides the day into multiples of 15 minutes.
var slotCounts = []int{96, 48, 32, 24, 16, 12, 8, 6, 4, 3, 2, 1}

type fileFlags uint8

const (
	oldLayout fileFlags = 1 << iota // date=<d>/ without workspace
	packed                          // gzip
	crlf
)

// file is one object in all its versions.
type file struct {
	key    string
	events []event // in the order of the newest version
	at     []int64 // when each version is delivered, epoch ms
	flags  fileFlags
	// openEnds has a bit for each version whose last line has no newline.
	openEnds uint8
	stray    []byte // the whole body of an object that holds no events
}

// recognised tells whether the key is one of delivered logs.
func (f *file) recognised() bool { return f.stray == nil }

// filer cuts the events of a day into files.
type filer struct {
	w *world
	r rng
}

// files returns the files for the events of one day.
func (c *filer) files(day int, events, late []event) []*file {
	start := c.w.cfg.Start.AddDate(0, 0, day).UnixMilli()
	slices.SortFunc(events, byFile)
	var files []*file
	for ws := range chunks(events, func(e *event) int64 { return int64(e.ws) }) {
		slot := slotMillis(len(ws))
		for part := range chunks(ws, func(e *event) int64 { return (e.placed - start) / slot }) {
			end := start + ((part[0].placed-start)/slot+1)*slot
			files = append(files, c.file(part, start, end))
		}
	}

	slices.SortFunc(late, byFile)
	for ws := range chunks(late, func(e *event) int64 { return int64(e.ws) }) {
		for part := range chunks(ws, func(e *event) int64 { return e.placed / dayMillis }) {
			date := part[0].placed / dayMillis * dayMillis
			files = append(files, c.file(part, date, start+hourMillis+int64(c.r.below(int(22*hourMillis)))))
		}
	}
	return append(files, c.strays(day, start)...)
}

func byFile(a, b event) int {
	return cmp.Or(cmp.Compare(a.ws, b.ws), cmp.Compare(a.placed, b.placed), cmp.Compare(a.seed, b.seed))
}

// chunks yields the runs of events with equal keys.
func chunks(events []event, key func(*event) int64) func(yield func([]event) bool) {
	return func(yield func([]event) bool) {
		for from := 0; from < len(events); {
			to := from + 1
			for to < len(events) && key(&events[to]) == key(&events[from]) {
				to++
			}
			if !yield(events[from:to]) {
				return
			}
			from = to
		}
	}
}

// slotMillis is the length of a slot for a workspace with n lines a day.
func slotMillis(n int) int64 {
	for _, slots := range slotCounts {
		if n >= slots*linesPerFile {
			return dayMillis / int64(slots)
		}
	}
	return dayMillis
}

// file makes the file of part, first delivered some minutes after end.
func (c *filer) file(part []event, date, end int64) *file {
	r := &c.r
	f := &file{events: slices.Clone(part), at: []int64{end + 2*minuteMillis + int64(r.below(int(9*minuteMillis)))}}
	if r.chance(1000) {
		shuffle(r, f.events)
	}
	ext := "json"
	if r.chance(200) {
		f.flags |= packed
		ext = "json.gz"
	}
	if r.chance(100) {
		f.flags |= crlf
	}
	if r.chance(500) {
		f.openEnds = uint8(r.below(8))
	}
	folder := ""
	if f.events[0].ws != 0 && r.chance(100) {
		f.flags |= oldLayout
	} else {
		folder = "workspaceId=" + c.w.workspaces[f.events[0].ws].id + "/"
	}
	f.key = fmt.Sprintf("%sdate=%s/auditlogs_%s.%s", folder, dateOf(date), appendUUID(nil, r), ext)
	if r.chance(1000) && len(f.events) >= 4 {
		c.redeliver(f)
	}
	if r.chance(100) {
		f.events = slices.Insert(f.events, r.between(0, len(f.events)), event{damage: blankLine})
	}
	return f
}

// redeliver makes f have more than one version: either the last lines come
// later, or lines all over the file.
func (c *filer) redeliver(f *file) {
	r := &c.r
	wait := 15*minuteMillis + int64(r.skewed(int(20*hourMillis)))
	f.at = append(f.at, f.at[0]+wait)
	if r.chance(1500) {
		f.at = append(f.at, f.at[1]+15*minuteMillis+int64(r.below(int(3*hourMillis))))
	}
	newest := uint8(len(f.at) - 1)
	switch o := r.below(100); {
	case o < 2: // an empty first version
		for i := range f.events {
			f.events[i].since = 1
		}
	case o < 25: // appended
		f.openEnds |= uint8(r.below(2))
		for i := len(f.events) - 1 - r.below(len(f.events)/2); i < len(f.events); i++ {
			f.events[i].since = newest
		}
	default: // inserted
		for i := range f.events {
			if r.chance(2500) {
				f.events[i].since = 1 + uint8(r.below(int(newest)))
			}
		}
		// A line in the middle for sure, between lines that were there.
		middle := len(f.events) / 2
		f.events[middle].since = 1
		f.events[middle-1].since = 0
		f.events[middle+1].since = 0
	}
}

// strays are objects that are no logs.
func (c *filer) strays(day int, start int64) []*file {
	folder := fmt.Sprintf("workspaceId=%s/date=%s/", c.w.workspaces[1].id, dateOf(start))
	stray := func(key, body string) *file {
		return &file{key: key, at: []int64{start + int64(c.r.below(int(hourMillis)))}, stray: []byte(body)}
	}
	var files []*file
	if day == 0 {
		files = append(files,
			stray("_databricks_dev", "{}"),
			stray(".hidden/x.json", `{"timestamp":1577520000000,"serviceName":"hidden","actionName":"never seen"}`+"\n"),
			stray(folder+"readme.txt", "not a log\n"))
	}
	if day == 0 || c.r.chance(2000) {
		files = append(files, stray(folder+"_SUCCESS", ""))
	}
	return files
}

func dateOf(millis int64) string { return time.UnixMilli(millis).UTC().Format(time.DateOnly) }
