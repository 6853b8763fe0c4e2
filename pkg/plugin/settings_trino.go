package plugin

import (
	"encoding/json"
	"net/url"
	"sort"
	"strings"
	"time"

	"github.com/auditlake/auditlake/pkg/query/routing"
	"github.com/auditlake/auditlake/pkg/query/trino"
	"github.com/auditlake/auditlake/pkg/store"
)

// Trino is the cluster that a data source may ask, and when it does.
type Trino struct {
	// Engine is who answers a query that says nothing of it; always routing.Embedded
	// where there is no cluster.
	Engine  routing.Engine
	Above   int64 // bytes from which on routing.Auto is the cluster
	Config  trino.Config
	Queries int           // that run on it at once
	Timeout time.Duration // of one of them
}

// Asks says whether anything may go to a cluster.
func (t Trino) Asks() bool { return t.Engine != routing.Embedded }

// What counts if the settings say nothing else; see docs/register.md.
const (
	defaultTrinoCatalog = "delta"
	defaultTrinoSchema  = "auditlake"
	defaultTrinoUser    = "auditlake"
)

func (f *fields) trino() Trino {
	out := Trino{
		Engine:  routing.Embedded,
		Above:   f.whole("trinoAboveMiB", routing.DefaultAbove/mebibyte, 0, 1<<30) * mebibyte,
		Queries: int(f.whole("maxTrinoQueries", 4, 1, 64)),
		Timeout: f.duration("trinoTimeout", 5*time.Minute, time.Second, 12*time.Hour),
	}
	engine, at := f.text("engine"), f.text("trinoUrl")
	if engine != "" {
		var err error
		if out.Engine, err = routing.ParseEngine(engine); err != nil {
			f.say("engine", "%v", err)
			out.Engine = routing.Embedded
		}
	} else if at != "" {
		out.Engine = routing.Auto
	}
	if at == "" {
		if out.Asks() {
			f.say("trinoUrl", "enter the URL of the coordinator, such as https://trino.example.com:8443, or set %s to %s", f.name("engine"), routing.Embedded)
		}
		return out
	}
	before := len(f.problems)
	out.Config = trino.Config{
		URL: at, Catalog: textOr(f.text("trinoCatalog"), defaultTrinoCatalog), Schema: textOr(f.text("trinoSchema"), defaultTrinoSchema),
		User: f.text("trinoUser"), Password: f.secret("trinoPassword"), Token: f.secret("trinoToken"), CA: f.secret("trinoCACert"),
		SessionProperties: f.properties("trinoSessionProperties"), Source: "auditlake",
	}
	out.Config.ClientTags = f.optionalList("trinoClientTags")
	if out.Config.Token == "" { // which names a user itself
		out.Config.User = textOr(out.Config.User, defaultTrinoUser)
	}
	u, err := trino.ParseURL(at)
	if err != nil {
		f.say("trinoUrl", "%v", err)
	} else {
		f.trinoSignIn(out.Config, u)
	}
	if out.Config.CA != "" {
		if err := store.CheckCACert(out.Config.CA); err != nil {
			f.say("trinoCACert", "%v", err)
		}
	}
	if len(f.problems) == before {
		if e, err := trino.Open(out.Config); err != nil {
			f.say("trinoUrl", "%v", err)
		} else {
			_ = e.Close() // nothing was opened yet
		}
	}
	return out
}

func (f *fields) trinoSignIn(c trino.Config, u *url.URL) {
	switch {
	case c.Password != "" && c.Token != "":
		f.say("trinoToken", "enter a token or a password, not both")
	case (c.Password != "" || c.Token != "") && trino.IsPlain(u):
		f.say("trinoUrl", "write a URL with https: a password or token is not sent over http, except to this machine")
	}
}

func textOr(text, fallback string) string {
	if text == "" {
		return fallback
	}
	return text
}

// optionalList is nil for a key that is not there or is empty.
func (f *fields) optionalList(key string) []string {
	if raw, given := f.given(key); !given || string(raw) == `""` {
		return nil
	}
	entries, _ := f.list(key)
	return entries
}

// properties are names with values: an object, or a text with a line k=v for each.
func (f *fields) properties(key string) map[string]string {
	raw, given := f.given(key)
	if !given {
		return nil
	}
	out := map[string]string{}
	var object map[string]json.RawMessage
	if json.Unmarshal(raw, &object) == nil {
		for name, raw := range object {
			text, ok := scalarText(raw)
			if !ok {
				var truth bool
				if ok = json.Unmarshal(raw, &truth) == nil; ok {
					text = string(raw)
				}
			}
			if !ok || text == "" {
				f.say(key, "the value of a property is a text, a number or a truth")
			}
			out[strings.TrimSpace(name)] = text
		}
	} else if text, ok := scalarText(raw); ok {
		for _, line := range strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' }) {
			name, value, found := strings.Cut(line, "=")
			if strings.TrimSpace(line) == "" {
				continue
			}
			if !found || strings.TrimSpace(value) == "" {
				f.say(key, "write a line for each property, such as query_max_run_time=10m")
				continue
			}
			out[strings.TrimSpace(name)] = strings.TrimSpace(value)
		}
	} else {
		f.say(key, "write an object, or a text with a line for each property, such as query_max_run_time=10m")
	}
	names := make([]string, 0, len(out))
	for name, value := range out {
		if name == "" || strings.ContainsFunc(name+value, func(r rune) bool { return r <= ' ' || r > '~' }) || strings.ContainsAny(name, "=,") {
			names = append(names, name)
		}
	}
	if len(names) > 0 {
		sort.Strings(names)
		f.say(key, "names and values of properties have printable characters without blanks, and names no comma")
	}
	return out
}
