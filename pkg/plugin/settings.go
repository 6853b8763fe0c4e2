package plugin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/auditlake/auditlake/pkg/store"
)

// Settings say where a data source reads. ParseSettings makes only valid ones.
type Settings struct {
	// Sources are where Databricks delivers; none if the data source only reads
	// a lake that is filled from elsewhere.
	Sources []Location
	Lake    Location
}

// Location is the root of a source or a lake.
type Location struct {
	// URL is the root in the form that store.Overlap takes, with its endpoint and
	// without anything secret.
	URL string

	s3 *store.S3Config // nil for a folder
}

// String is the location for messages.
func (l Location) String() string {
	if l.s3 == nil || l.s3.Endpoint == "" {
		return l.URL
	}
	url, _, _ := strings.Cut(l.URL, "?")
	return url + " at " + l.s3.Endpoint
}

// SettingsError is everything that is wrong with the settings of a data source,
// in words for who configures it.
type SettingsError struct{ Problems []string }

func (e *SettingsError) Error() string { return strings.Join(e.Problems, "; ") }

// localRefused is the whole remedy, word for word.
const localRefused = "local folders are not allowed: set allow_local_folders = true in the section " +
	"[plugin." + ID + "] of grafana.ini and restart Grafana, or use s3://bucket/prefix"

// jsonData and the secure keys are what src/types.ts calls AuditlakeOptions and
// AuditlakeSecureOptions.
type jsonData struct {
	Sources   []string `json:"sources"`
	Lake      string   `json:"lake"`
	AuthType  string   `json:"authType"`
	Region    string   `json:"region"`
	Endpoint  string   `json:"endpoint"`
	PathStyle bool     `json:"pathStyle"`

	accessKey, secretKey string
}

// ParseSettings checks what Grafana sends. The error is a *SettingsError and
// never repeats a URL that is not understood, which may hold a secret by mistake.
func ParseSettings(s backend.DataSourceInstanceSettings, admin Admin) (Settings, error) {
	var raw jsonData
	if len(s.JSONData) > 0 {
		if err := json.Unmarshal(s.JSONData, &raw); err != nil {
			return Settings{}, &SettingsError{[]string{"jsonData of the data source does not have the expected form: " + err.Error()}}
		}
	}
	raw.accessKey = strings.TrimSpace(s.DecryptedSecureJSONData["accessKey"])
	raw.secretKey = strings.TrimSpace(s.DecryptedSecureJSONData["secretKey"])

	problems := raw.checkConnection()
	if !validEndpoint(raw.Endpoint) {
		raw.Endpoint = "" // it may hold a secret, and messages below name endpoints
	}
	note := func(format string, args ...any) {
		if p := fmt.Sprintf(format, args...); !slices.Contains(problems, p) {
			problems = append(problems, p)
		}
	}
	var out Settings
	var err error
	if strings.TrimSpace(raw.Lake) == "" {
		note("the lake is not set: enter where the Delta tables are, such as s3://bucket/lake")
	} else if out.Lake, err = raw.location(raw.Lake, admin); err != nil {
		note("lake: %v", err)
	}
	for i, source := range raw.Sources {
		l, err := raw.location(source, admin)
		if err != nil {
			note("source %d: %v", i+1, err)
			continue
		}
		out.Sources = append(out.Sources, l)
	}
	for _, p := range out.overlaps() {
		note("%s", p)
	}
	if len(problems) > 0 {
		return Settings{}, &SettingsError{problems}
	}
	return out, nil
}

// A region becomes part of a host name.
var regionRE = regexp.MustCompile(`^[a-z0-9-]*$`)

func (d jsonData) checkConnection() (problems []string) {
	switch d.AuthType {
	case "", "default":
	case "keys":
		if d.accessKey == "" || d.secretKey == "" {
			problems = append(problems, "access key ID and secret access key are both needed: enter them, or choose another authentication provider")
		}
	default:
		problems = append(problems, "the authentication provider is not known: choose default or keys")
	}
	if !regionRE.MatchString(d.Region) {
		problems = append(problems, "region: write the name of a region, such as eu-central-1")
	}
	if !validEndpoint(d.Endpoint) {
		problems = append(problems, "endpoint: write a URL without keys and parameters, such as https://minio.example.com:9000")
	}
	return problems
}

func validEndpoint(text string) bool {
	if text == "" {
		return true
	}
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" &&
		u.User == nil && u.RawQuery == "" && u.Fragment == ""
}

func (d jsonData) location(text string, admin Admin) (Location, error) {
	text = strings.TrimSpace(text)
	if store.IsLocal(text) {
		return localFolder(text, admin)
	}
	cfg, err := store.ParseS3URL(text)
	if err != nil {
		// Open also knows what is wrong with text that is no S3 URL.
		if _, openErr := store.Open(context.Background(), text); openErr != nil {
			err = openErr
		}
		return Location{}, err
	}
	if cfg.Profile != "" || cfg.RoleARN != "" {
		return Location{}, errors.New("profile and role_arn do not belong in the URL here: choose the authentication provider in the settings")
	}
	if cfg.Region == "" {
		cfg.Region = d.Region
	}
	if cfg.Endpoint == "" {
		cfg.Endpoint, cfg.PathStyle = d.Endpoint, cfg.PathStyle || d.PathStyle
	}
	if d.AuthType == "keys" && !cfg.Anonymous {
		cfg.AccessKeyID, cfg.SecretAccessKey = d.accessKey, d.secretKey
	}
	return Location{URL: cfg.URL(), s3: &cfg}, nil
}

func localFolder(text string, admin Admin) (Location, error) {
	if !admin.AllowLocalFolders {
		return Location{}, errors.New(localRefused)
	}
	if !strings.HasPrefix(text, "file:") && !filepath.IsAbs(text) {
		return Location{}, errors.New("write the whole path of the folder, from the root, or s3://bucket/prefix")
	}
	return Location{URL: text}, nil
}

// overlaps says which roots share keys: the ETL would read what it wrote, or
// every line twice.
func (s Settings) overlaps() (problems []string) {
	for i, a := range s.Sources {
		if overlap, err := store.Overlap(a.URL, s.Lake.URL); err == nil && overlap {
			problems = append(problems, fmt.Sprintf("source %s and lake %s overlap: the lake must lie beside the delivered files, not among them", a, s.Lake))
		}
		for _, b := range s.Sources[:i] {
			if overlap, err := store.Overlap(a.URL, b.URL); err == nil && overlap {
				problems = append(problems, fmt.Sprintf("sources %s and %s overlap: keep one of them", b, a))
			}
		}
	}
	return problems
}

// open opens all roots for reading. It sends nothing, so that what fails here is
// a matter of the settings too.
func (s Settings) open(ctx context.Context) (sources []store.Store, lake store.Store, err error) {
	var problems []string
	if lake, err = s.Lake.open(ctx); err != nil {
		problems = append(problems, fmt.Sprintf("lake: %v", err))
	}
	for i, l := range s.Sources {
		// A folder that Databricks delivers to exists; one for a lake may come later.
		source, err := l.open(ctx, store.ReadOnly())
		if err != nil {
			problems = append(problems, fmt.Sprintf("source %d: %v", i+1, err))
		}
		sources = append(sources, source)
	}
	if len(problems) > 0 {
		return nil, nil, &SettingsError{problems}
	}
	return sources, lake, nil
}

func (l Location) open(ctx context.Context, folder ...store.Option) (store.Store, error) {
	if l.s3 == nil {
		s, err := store.Open(ctx, l.URL, folder...)
		if err != nil {
			return nil, err
		}
		return store.AsReadOnly(s), nil
	}
	s, err := store.OpenS3(ctx, *l.s3)
	if err != nil {
		return nil, err
	}
	return store.AsReadOnly(s), nil
}
