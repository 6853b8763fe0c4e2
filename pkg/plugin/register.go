package plugin

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend/log"

	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/plugin/supervisor"
	"github.com/auditlake/auditlake/pkg/query/trino"
	"github.com/auditlake/auditlake/pkg/register"
	"github.com/auditlake/auditlake/pkg/store"
)

// Register is where the ETL registers tables when there are new ones. The zero value
// is nowhere.
type Register struct {
	// GlueDatabase is the database of the Glue Data Catalog; "" for none. Glue is
	// reached with the credentials of the lake.
	GlueDatabase string
	// Trino is the schema that Settings.Trino names.
	Trino bool
}

// Values of register.
const (
	registerTrino = "trino"
	registerGlue  = "glue"
)

// Any says whether tables are registered anywhere.
func (r Register) Any() bool { return r.GlueDatabase != "" || r.Trino }

func (f *fields) register() (r Register) {
	entries, given := f.list("register")
	if !given {
		return Register{}
	}
	for _, entry := range entries {
		switch strings.ToLower(entry) {
		case registerGlue:
			if r.GlueDatabase = f.text("glueDatabase"); r.GlueDatabase == "" {
				r.GlueDatabase = register.DefaultSchema
			}
		case registerTrino:
			if r.Trino = true; f.text("trinoUrl") == "" {
				f.say("trinoUrl", "enter the coordinator that tables are registered at, or take %s out of %s", registerTrino, f.name("register"))
			}
		default:
			f.say("register", "write %s, %s or both; for other engines auditlake register prints SQL", registerTrino, registerGlue)
		}
	}
	return r
}

// destination is a catalog, and how the engines behind it call the lake.
type destination struct {
	name    string // for messages
	dialect string
	catalog register.Catalog
}

// destinations sends nothing. The caller calls done when it is through with them.
func (s Settings) destinations(ctx context.Context) (all []destination, done func(), err error) {
	done = func() {}
	if s.Register.Trino {
		engine, err := trino.Open(s.Trino.Config)
		if err != nil {
			return nil, done, err
		}
		done = func() { _ = engine.Close() } // of idle connections
		all = append(all, destination{"Trino", "trino", register.NewTrino(engine.Ask, s.Trino.Config.Catalog, s.Trino.Config.Schema)})
	}
	if database := s.Register.GlueDatabase; database != "" {
		if s.Lake.s3 == nil {
			return nil, done, errors.New("glue does not know folders of a machine")
		}
		config, err := s.Lake.s3.AWS(ctx)
		if err != nil {
			return nil, done, err
		}
		all = append(all, destination{"Glue", "athena", register.NewGlue(register.GlueConfig{AWS: config, Database: database})})
	}
	return all, done, nil
}

// registering is what became of registering after the last run that did.
type registering struct {
	At      time.Time `json:"at"`
	Added   int       `json:"added"`
	Updated int       `json:"updated"`
	Kept    int       `json:"kept"`
	Error   string    `json:"error,omitempty"` // without secrets
}

const (
	// registerTime bounds how long a run waits for the catalogs.
	registerTime = 5 * time.Minute
	// registerAgain is when catalogs are looked at although a run made nothing new:
	// others may have, in the lake or in the catalog.
	registerAgain = 24 * time.Hour
)

// register has the catalogs know what a run has made. What goes wrong is told with
// the status and by the health check, is tried again after the next run, and fails
// nothing: the ETL does not need catalogs.
func (p *pipeline) register(ctx context.Context, sum etl.Summary) {
	if !p.settings.Register.Any() {
		return
	}
	quality := sum.Quality
	if p.registeredAt.After(p.lake.Now().Add(-registerAgain)) && len(quality.NewTables) == 0 && quality.NewKeys == 0 {
		return
	}
	task := ctx
	ctx, cancel := context.WithTimeoutCause(task, registerTime, errRegister)
	defer cancel()
	out, err := p.registerAll(ctx)
	switch {
	case task.Err() != nil:
		return // the task was cut off
	case err != nil && ctx.Err() != nil:
		err = errRegister
	}
	out.At, p.registeredAt = p.lake.Now(), p.lake.Now()
	if err != nil {
		p.registeredAt = time.Time{}
		out.Error = p.notes.conceal(err.Error())
		log.DefaultLogger.Warn("Tables were not registered", "owner", p.notes.owner.String(), "fault", out.Error)
	}
	p.registered(out)
}

// registerAll goes on to the next catalog where one fails.
func (p *pipeline) registerAll(ctx context.Context) (sum registering, err error) {
	all, done, err := p.settings.destinations(ctx)
	defer done()
	if err != nil {
		return registering{}, err
	}
	root, err := register.RootOf(p.settings.Lake.URL)
	if err != nil {
		return registering{}, err
	}
	var failed []error
	for _, to := range all {
		out, err := p.registerAt(ctx, to, root)
		sum.Added, sum.Updated, sum.Kept = sum.Added+len(out.Added), sum.Updated+len(out.Updated), sum.Kept+len(out.Kept)
		if err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", to.name, err))
		}
	}
	return sum, errors.Join(failed...)
}

func (p *pipeline) registerAt(ctx context.Context, to destination, root string) (register.Outcome, error) {
	dialect, _ := register.DialectOf(to.dialect)
	at, err := dialect.Root(root)
	if err != nil {
		return register.Outcome{}, err
	}
	tables, err := register.Tables(ctx, p.lake, at)
	if err != nil {
		return register.Outcome{}, err
	}
	return register.Register(ctx, to.catalog, tables)
}

// errRegister: a catalog was slow.
var errRegister = errors.New("registering took too long: what is missing is registered after the next run")

// noteRegistered keeps the last outcome of an owner's registering.
func (s *Shell) noteRegistered(owner supervisor.Owner) func(registering) {
	return func(out registering) { s.registered.Store(owner, out) }
}

// registeredOf is the last outcome, or nil.
func (s *Shell) registeredOf(owner supervisor.Owner) *registering {
	if v, ok := s.registered.Load(owner); ok {
		out := v.(registering)
		return &out
	}
	return nil
}

// registerPart says how registering went. Nothing but other engines depends on it, so
// that what is wrong is a warning.
func (c checkup) registerPart() part {
	p := part{Name: "register", OK: true}
	last := c.shell.registeredOf(c.owner)
	switch {
	case last == nil:
		p.Message = "Registration: tables are registered after the next run."
	case last.Error != "":
		p.Message = sentence("Registration: other engines may lack tables")
		p.Warnings = []string{sentence(fmt.Sprintf("Registration: went wrong %s: %s", ago(time.Since(last.At)), last.Error))}
	default:
		p.Message = sentence(fmt.Sprintf("Registration: %d tables are known to other engines, as of a run %s", last.Added+last.Updated+last.Kept, ago(time.Since(last.At))))
	}
	return p
}

// registerProblems are what cannot be registered, whatever the catalogs say.
func (s Settings) registerProblems() []string {
	if s.Register.GlueDatabase != "" && s.Lake.URL != "" && store.IsLocal(s.Lake.URL) {
		return []string{"register: Glue does not know folders of a machine; a lake on S3 can be registered there"}
	}
	return nil
}
