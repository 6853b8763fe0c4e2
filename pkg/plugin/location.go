package plugin

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/auditlake/auditlake/pkg/store"
)

// Location is the root of a source or a lake.
type Location struct {
	// URL is the root in the form that store.Overlap takes, with its endpoint and
	// without anything secret.
	URL string

	s3   *store.S3Config // nil for a folder
	text string          // as the settings write it
}

// String is the location for messages.
func (l Location) String() string {
	if l.s3 == nil || l.s3.Endpoint == "" {
		return l.URL
	}
	url, _, _ := strings.Cut(l.URL, "?")
	return url + " at " + l.s3.Endpoint
}

// below is a folder within the location, as the settings would write it.
func (l Location) below(folder string) string {
	path, params, has := strings.Cut(l.text, "?")
	path = strings.TrimSuffix(path, "/") + "/" + strings.Trim(folder, "/")
	if has {
		path += "?" + params
	}
	return path
}

// id is "" for no location.
func (l Location) id() string {
	id, err := store.Canonical(l.URL)
	if err != nil {
		return ""
	}
	return id
}

func (l Location) open(ctx context.Context, folder ...store.Option) (store.Store, error) {
	if l.s3 == nil {
		return store.Open(ctx, l.URL, folder...)
	}
	s, err := store.OpenS3(ctx, *l.s3)
	if err != nil {
		return nil, err
	}
	return s, nil
}

// localRefused is the whole remedy, word for word.
const localRefused = "local folders are not allowed: set allow_local_folders = true in the section " +
	"[plugin." + ID + "] of grafana.ini and restart Grafana, or use s3://bucket/prefix"

// connection is how all buckets of a data source are reached, as far as their
// URLs do not say otherwise.
type connection struct {
	region, endpoint string
	pathStyle        bool
	caCert           string
	signIn           store.S3Config // only what says how to sign in
}

// A region becomes part of a host name.
var regionRE = regexp.MustCompile(`^[a-z0-9-]*$`)

func (f *fields) connection(rules awsRules) connection {
	to := connection{region: f.text("defaultRegion"), endpoint: f.text("endpoint"), signIn: f.signIn(rules)}
	if to.region == "default" { // Grafana's word for the SDK's own choice
		to.region = ""
	}
	if !regionRE.MatchString(to.region) {
		f.say("defaultRegion", "write the name of a region, such as eu-central-1")
		to.region = ""
	}
	if !validEndpoint(to.endpoint) {
		f.say("endpoint", "write a URL without keys and parameters, such as https://minio.example.com:9000")
		to.endpoint = "" // it may hold a secret, and messages name endpoints
	}
	var given bool
	if to.pathStyle, given = f.flag("pathStyle"); !given {
		to.pathStyle = to.endpoint != "" // as the command line has it
	}
	if use, _ := f.flag("tlsAuthWithCACert"); use {
		to.caCert = f.secret("tlsCACert")
		if to.caCert == "" {
			f.note("%s is not set: enter the certificate of the authority, or switch %s off", f.name("tlsCACert"), f.name("tlsAuthWithCACert"))
		} else if err := store.CheckCACert(to.caCert); err != nil {
			f.say("tlsCACert", "%v", err)
		}
	}
	return to
}

func validEndpoint(text string) bool {
	if text == "" {
		return true
	}
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" &&
		u.User == nil && u.RawQuery == "" && u.Fragment == ""
}

// location is the one that text names, which is in the form of store.Open.
func (to connection) location(text string, admin Admin) (Location, error) {
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
		cfg.Region = to.region
	}
	if cfg.Endpoint == "" {
		cfg.Endpoint, cfg.PathStyle = to.endpoint, cfg.PathStyle || to.pathStyle
	}
	cfg.Endpoint = strings.TrimSuffix(cfg.Endpoint, "/")
	cfg.CACert = to.caCert
	if !cfg.Anonymous {
		cfg.AccessKeyID, cfg.SecretAccessKey, cfg.SessionToken = to.signIn.AccessKeyID, to.signIn.SecretAccessKey, to.signIn.SessionToken
		cfg.Profile, cfg.InstanceRole = to.signIn.Profile, to.signIn.InstanceRole
		cfg.RoleARN, cfg.ExternalID, cfg.SessionDuration = to.signIn.RoleARN, to.signIn.ExternalID, to.signIn.SessionDuration
	}
	return Location{URL: cfg.URL(), s3: &cfg, text: text}, nil
}

func localFolder(text string, admin Admin) (Location, error) {
	if !admin.AllowLocalFolders {
		return Location{}, errors.New(localRefused)
	}
	if !strings.HasPrefix(text, "file:") && !filepath.IsAbs(text) {
		return Location{}, errors.New("write the whole path of the folder, from the root, or s3://bucket/prefix")
	}
	return Location{URL: text, text: text}, nil
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
