package store

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/ec2rolecreds"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/auditlake/auditlake/pkg/outbound"
)

// load finds region and credentials: base credentials first, and on top of them
// the role to assume. Credentials that are wrong or missing show at the first use.
func (c S3Config) load(ctx context.Context) (aws.Config, error) {
	loaded, err := config.LoadDefaultConfig(ctx, c.options()...)
	var noProfile config.SharedConfigProfileNotExistError
	if errors.As(err, &noProfile) {
		c.Profile = ""
		loaded, err = config.LoadDefaultConfig(ctx, c.options()...)
		loaded.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{}, noProfile
		})
	}
	if err != nil {
		return aws.Config{}, fmt.Errorf("read the AWS configuration for %s: %w", c.URL(), err)
	}
	if loaded.Region == "" {
		if c.Endpoint == "" {
			return aws.Config{}, fmt.Errorf("open %s: no AWS region: set it in the settings, as region=… in the URL or as AWS_REGION", c.URL())
		}
		loaded.Region = "us-east-1"
	}
	if c.Anonymous {
		return loaded, nil
	}
	if c.InstanceRole {
		metadata := imds.NewFromConfig(loaded)
		loaded.Credentials = aws.NewCredentialsCache(ec2rolecreds.New(func(o *ec2rolecreds.Options) { o.Client = metadata }))
	}
	loaded.Credentials = namedCredentials{loaded.Credentials}
	if c.RoleARN != "" {
		loaded.Credentials = c.assumeRole(loaded)
	}
	return loaded, nil
}

// AWS is region, credentials and client for what else of AWS belongs to a lake. It sends
// nothing.
func (c S3Config) AWS(ctx context.Context) (aws.Config, error) {
	if err := c.check(); err != nil {
		return aws.Config{}, err
	}
	loaded, err := c.load(ctx)
	if err != nil {
		return aws.Config{}, err
	}
	loaded.HTTPClient, err = c.client(loaded.HTTPClient)
	return loaded, err
}

// options is c for the AWS client, without role and CA.
func (c S3Config) options() []func(*config.LoadOptions) error {
	set := []func(*config.LoadOptions) error{
		config.WithHTTPClient(httpClient()),
		config.WithRetryer(newRetryer),
		config.WithResponseChecksumValidation(aws.ResponseChecksumValidationWhenRequired),
	}
	if c.Region != "" {
		set = append(set, config.WithRegion(c.Region))
	}
	if c.Profile != "" {
		set = append(set, config.WithSharedConfigProfile(c.Profile))
	}
	if c.Endpoint != "" {
		// Many stores that are not AWS refuse the checksum trailers.
		set = append(set, config.WithRequestChecksumCalculation(aws.RequestChecksumCalculationWhenRequired))
	}
	switch {
	case c.Anonymous:
		set = append(set, config.WithCredentialsProvider(aws.AnonymousCredentials{}))
	case c.AccessKeyID != "":
		set = append(set, config.WithCredentialsProvider(
			credentials.NewStaticCredentialsProvider(c.AccessKeyID, c.SecretAccessKey, c.SessionToken)))
	}
	return set
}

// assumeRole gives the credentials of c.RoleARN, asked for with those of base, at
// the STS of base's region.
func (c S3Config) assumeRole(base aws.Config) aws.CredentialsProvider {
	client := sts.NewFromConfig(base, func(o *sts.Options) {
		o.HTTPClient = guarded(base.HTTPClient)
		if c.STSEndpoint != "" {
			o.BaseEndpoint = aws.String(c.STSEndpoint)
		}
	})
	provider := stscreds.NewAssumeRoleProvider(client, c.RoleARN, func(o *stscreds.AssumeRoleOptions) {
		o.RoleSessionName = "auditlake"
		o.Duration = c.SessionDuration // 0 is the client's default
		if c.ExternalID != "" {
			o.ExternalID = aws.String(c.ExternalID)
		}
	})
	return roleCredentials{aws.NewCredentialsCache(provider), c.RoleARN}
}

// guarded keeps a client to package outbound. The client as it was is for the metadata
// services alone, which give credentials.
func guarded(base aws.HTTPClient) aws.HTTPClient {
	buildable, ok := base.(*awshttp.BuildableClient)
	if !ok {
		return base
	}
	buildable = buildable.WithDialerOptions(func(d *net.Dialer) { d.Control = outbound.Control })
	return &http.Client{Transport: buildable.GetTransport(), CheckRedirect: outbound.NoRedirect}
}

// client adds CACert to what the client of the store trusts. STS trusts what it did.
func (c S3Config) client(base aws.HTTPClient) (aws.HTTPClient, error) {
	buildable, ok := base.(*awshttp.BuildableClient)
	if c.CACert == "" || !ok {
		return guarded(base), nil
	}
	if err := CheckCACert(c.CACert); err != nil {
		return nil, err
	}
	return guarded(buildable.WithTransportOptions(func(t *http.Transport) {
		if t.TLSClientConfig == nil {
			t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
		}
		roots := t.TLSClientConfig.RootCAs // AWS_CA_BUNDLE's, if there is one
		if roots != nil {
			roots = roots.Clone()
		} else if system, err := x509.SystemCertPool(); err == nil {
			roots = system
		} else {
			roots = x509.NewCertPool()
		}
		roots.AppendCertsFromPEM([]byte(c.CACert))
		t.TLSClientConfig.RootCAs = roots
	})), nil
}

// CheckCACert says whether S3Config.CACert can be used. The error does not repeat
// the text.
func CheckCACert(pem string) error {
	if !x509.NewCertPool().AppendCertsFromPEM([]byte(pem)) {
		return errors.New("the CA certificate is not in PEM form: it begins with -----BEGIN CERTIFICATE-----")
	}
	return nil
}

// noCredentials is what to do where there are none.
func (c S3Config) noCredentials() string {
	switch {
	case c.InstanceRole:
		return "this machine has no EC2 instance role, or its metadata service cannot be reached from here: attach a role, or choose another way to sign in"
	case c.Profile != "":
		return fmt.Sprintf("the AWS configuration of this machine has no usable credentials in profile %q: check its name and the shared files", c.Profile)
	}
	return "no AWS credentials: set keys, a profile or a role, or ask for anonymous access"
}

// namedCredentials makes a failure to find credentials known by its type.
type namedCredentials struct {
	aws.CredentialsProvider
}

func (c namedCredentials) Retrieve(ctx context.Context) (aws.Credentials, error) {
	v, err := c.CredentialsProvider.Retrieve(ctx)
	if err != nil {
		return v, fmt.Errorf("%w: %w", ErrNoCredentials, err)
	}
	return v, nil
}

// roleCredentials makes a failure to assume a role known by its type.
type roleCredentials struct {
	aws.CredentialsProvider
	role string
}

func (c roleCredentials) Retrieve(ctx context.Context) (aws.Credentials, error) {
	v, err := c.CredentialsProvider.Retrieve(ctx)
	if err != nil {
		return v, &roleError{c.role, err}
	}
	return v, nil
}

// roleError: STS gave no credentials for the role.
type roleError struct {
	role string
	err  error
}

func (e *roleError) Error() string { return "assume role " + e.role + ": " + e.err.Error() }
func (e *roleError) Unwrap() error { return e.err }

func isRoleError(err error) bool {
	var e *roleError
	return errors.As(err, &e)
}

func (e *roleError) explain() (kind error, hint string) {
	switch code(e.err) {
	case "AccessDenied":
		return ErrDenied, fmt.Sprintf("allow sts:AssumeRole on %s to the credentials that ask for it, "+
			"and let the role's trust policy name them, with the same external id if it asks for one", e.role)
	case "InvalidClientTokenId", "SignatureDoesNotMatch", "ExpiredToken", "ExpiredTokenException":
		return ErrDenied, "STS does not take the credentials that ask for the role: check keys and session token"
	case "ValidationError":
		return ErrMisconfigured, "STS does not take the ARN, the external id or the session duration: check them, and the role's own longest session"
	case "RegionDisabledException":
		return ErrMisconfigured, "STS is not active in this region: activate it in the account settings of AWS, or choose another region"
	}
	if status(e.err) == 0 {
		return ErrUnavailable, "cannot reach STS: check region, network and proxy"
	}
	return ErrDenied, "STS gives no credentials for " + e.role
}
