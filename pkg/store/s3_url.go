package store

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// S3Config says where a bucket is and how to get in. Bucket is required; the rest
// may be empty.
type S3Config struct {
	Bucket string
	// Prefix is the root inside the bucket, without slashes at its ends.
	Prefix string
	// Region is taken from the AWS configuration when empty, and is us-east-1
	// for an Endpoint where none is configured.
	Region string
	// Endpoint is the URL of a store that is not AWS, http:// or https://.
	Endpoint string
	// PathStyle puts the bucket into the path and not into the host name; most
	// endpoints that are not AWS need it.
	PathStyle bool

	// Profile names a profile of the shared AWS configuration.
	Profile string
	// AccessKeyID and SecretAccessKey are static keys, which come before
	// Profile and the default chain. SessionToken goes with temporary ones.
	AccessKeyID, SecretAccessKey, SessionToken string
	// InstanceRole takes the credentials of the role of this EC2 instance and looks
	// nowhere else.
	InstanceRole bool
	// Anonymous sends unsigned requests.
	Anonymous bool
	// RoleARN is a role to assume with the credentials above, ExternalID what
	// its trust policy may ask for.
	RoleARN, ExternalID string
	// SessionDuration is how long credentials of RoleARN are valid before they are
	// renewed, from 15 minutes to 12 hours; 0 is 15 minutes.
	SessionDuration time.Duration
	// STSEndpoint is the URL of the service that gives the credentials of RoleARN;
	// empty is that of AWS in Region.
	STSEndpoint string

	// CACert is certificates in PEM that the store's own may be signed with, in
	// addition to those that this machine trusts.
	CACert string

	// RequestPayer accepts that the requester pays.
	RequestPayer bool
	// SSEKMSKeyID encrypts what is written with this KMS key.
	SSEKMSKeyID string
}

// s3Params are the query parameters of an S3 URL.
var s3Params = map[string]func(c *S3Config, value string) error{
	"region":         func(c *S3Config, v string) error { c.Region = v; return nil },
	"endpoint":       func(c *S3Config, v string) error { c.Endpoint = v; return nil },
	"path_style":     func(c *S3Config, v string) error { return parseBool(v, &c.PathStyle) },
	"profile":        func(c *S3Config, v string) error { c.Profile = v; return nil },
	"role_arn":       func(c *S3Config, v string) error { c.RoleARN = v; return nil },
	"sts_endpoint":   func(c *S3Config, v string) error { c.STSEndpoint = v; return nil },
	"external_id":    func(c *S3Config, v string) error { c.ExternalID = v; return nil },
	"request_payer":  func(c *S3Config, v string) error { return parseBool(v, &c.RequestPayer) },
	"sse_kms_key_id": func(c *S3Config, v string) error { c.SSEKMSKeyID = v; return nil },
	"anonymous":      func(c *S3Config, v string) error { return parseBool(v, &c.Anonymous) },
}

// ParseS3URL reads s3://bucket/prefix with the query parameters region,
// endpoint, path_style, profile, role_arn, external_id, sts_endpoint,
// request_payer, sse_kms_key_id and anonymous. path_style is true by default when
// there is an endpoint. Static keys are refused: a URL ends up in logs. The errors never
// repeat the URL, which may hold a secret by mistake.
func ParseS3URL(rawURL string) (S3Config, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return S3Config{}, errors.New("not a valid S3 URL: write s3://bucket/prefix, with %25 for a percent sign and no keys")
	}
	switch {
	case u.Scheme != "s3" || u.Opaque != "":
		return S3Config{}, errors.New("not an S3 URL: write s3://bucket/prefix")
	case u.User != nil || strings.Contains(u.Host, ":"):
		return S3Config{}, errors.New("keys do not belong in an S3 URL, which ends up in logs: " +
			"use the AWS environment variables, profile=…, or the fields for keys in the data source settings")
	case u.Fragment != "":
		return S3Config{}, errors.New(`an S3 URL has no fragment: write %23 for "#"`)
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return S3Config{}, errors.New("the parameters of the S3 URL are not well formed: write name=value&name=value")
	}
	cfg := S3Config{Bucket: u.Host, Prefix: strings.Trim(u.Path, "/"), PathStyle: query.Get("endpoint") != ""}
	for _, name := range sortedKeys(query) {
		set, known := s3Params[name]
		if !known {
			return S3Config{}, fmt.Errorf("unknown parameter %q in the S3 URL: understood are %s", name, strings.Join(sortedKeys(s3Params), ", "))
		}
		if values := query[name]; len(values) > 1 {
			return S3Config{}, fmt.Errorf("parameter %q is given %d times in the S3 URL", name, len(values))
		}
		if err := set(&cfg, query.Get(name)); err != nil {
			return S3Config{}, fmt.Errorf("parameter %q of the S3 URL: %w", name, err)
		}
	}
	return cfg, cfg.check()
}

// The limits of S3Config.SessionDuration, which are those of STS.
const (
	MinSession = 15 * time.Minute
	MaxSession = 12 * time.Hour
)

var bucketRE = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{1,254}$`)

func (c S3Config) check() error {
	if !bucketRE.MatchString(c.Bucket) {
		return fmt.Errorf("%q is not a bucket name: write s3://bucket/prefix", c.Bucket)
	}
	if c.Prefix != "" {
		if err := CheckKey(c.Prefix); err != nil {
			return fmt.Errorf("prefix of bucket %s: %w", c.Bucket, err)
		}
	}
	for name, endpoint := range map[string]string{"S3": c.Endpoint, "STS": c.STSEndpoint} {
		if endpoint == "" {
			continue
		}
		u, err := url.Parse(endpoint)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
			return fmt.Errorf("the %s endpoint must be a URL without keys, such as https://minio.example.com:9000", name)
		}
	}
	return c.checkCredentials()
}

func (c S3Config) checkCredentials() error {
	switch {
	case (c.AccessKeyID == "") != (c.SecretAccessKey == ""):
		return errors.New("an access key id and a secret access key go together")
	case c.Anonymous && (c.AccessKeyID != "" || c.Profile != "" || c.RoleARN != "" || c.InstanceRole):
		return errors.New("anonymous access excludes keys, profile and role")
	case c.InstanceRole && (c.AccessKeyID != "" || c.Profile != ""):
		return errors.New("the role of the instance excludes keys and profile")
	case c.ExternalID != "" && c.RoleARN == "":
		return errors.New("an external id needs a role to assume")
	case c.SessionDuration != 0 && (c.SessionDuration < MinSession || c.SessionDuration > MaxSession):
		return fmt.Errorf("a session of an assumed role lasts from %s to %s", MinSession, MaxSession)
	}
	return nil
}

// URL is s3://bucket/prefix with the parameters that say where the bucket is:
// enough for [Overlap] and for messages, without anything secret.
func (c S3Config) URL() string {
	u := url.URL{Scheme: "s3", Host: c.Bucket, Path: "/" + c.Prefix}
	if c.Prefix == "" {
		u.Path = ""
	}
	if c.Endpoint != "" {
		u.RawQuery = url.Values{"endpoint": {c.Endpoint}}.Encode()
	}
	return u.String()
}

func parseBool(value string, to *bool) error {
	b, err := strconv.ParseBool(value)
	if err != nil {
		return fmt.Errorf("%q is neither true nor false", value)
	}
	*to = b
	return nil
}
