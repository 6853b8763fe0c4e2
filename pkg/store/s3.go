package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/auditlake/auditlake/pkg/outbound"
)

const (
	// maxAttempts is how often one request is sent. With the delays below a
	// store that refuses connections or answers 5xx fails within 2 s.
	maxAttempts = 4
	maxDelay    = time.Second
	// A dial that times out is not tried again: within this time the kernel
	// has sent the first packet three times.
	dialTimeout = 4 * time.Second
	// headerTimeout begins when the request is sent, body included.
	headerTimeout = 30 * time.Second
	// idleTimeout is how long a body may stand still before it is resumed.
	idleTimeout = 30 * time.Second
)

// S3 is a [Store] in a bucket of S3, or of a store that speaks its protocol
// with conditional writes; [Probe] finds out whether it does.
type S3 struct {
	cfg    S3Config
	client *s3.Client
	root   string // prefix of all keys: "" or with a trailing slash
}

// OpenS3 returns the store that cfg describes. It reads the AWS configuration
// of this machine but sends no request: wrong credentials show at the first use.
func OpenS3(ctx context.Context, cfg S3Config) (*S3, error) {
	cfg.Prefix = strings.Trim(cfg.Prefix, "/")
	cfg.Endpoint = strings.TrimSuffix(cfg.Endpoint, "/")
	if err := cfg.check(); err != nil {
		return nil, err
	}
	awsConfig, err := cfg.load(ctx)
	if err != nil {
		return nil, err
	}
	client, err := cfg.client(awsConfig.HTTPClient)
	if err != nil {
		return nil, err
	}
	s := &S3{cfg: cfg, client: s3.NewFromConfig(awsConfig, func(o *s3.Options) {
		o.HTTPClient = client
		o.UsePathStyle = cfg.PathStyle
		if cfg.Endpoint != "" {
			o.BaseEndpoint = aws.String(cfg.Endpoint)
		}
	})}
	if cfg.Prefix != "" {
		s.root = cfg.Prefix + "/"
	}
	return s, nil
}

func httpClient() *awshttp.BuildableClient {
	return awshttp.NewBuildableClient().
		WithDialerOptions(func(d *net.Dialer) { d.Timeout = dialTimeout }).
		WithTransportOptions(func(t *http.Transport) {
			t.ResponseHeaderTimeout = headerTimeout
			t.MaxIdleConnsPerHost = 64
			// Else an object with Content-Encoding: gzip is not what was stored.
			t.DisableCompression = true
		})
}

func newRetryer() aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = maxAttempts
		o.RateLimiter = ratelimit.None // attempts are bounded already, whatever other calls did
		o.Backoff = retry.BackoffDelayerFunc(func(attempt int, _ error) (time.Duration, error) {
			return backoff(attempt), nil
		})
		o.Retryables = append([]retry.IsErrorRetryable{retry.IsErrorRetryableFunc(func(err error) aws.Ternary {
			if isDialTimeout(err) || errors.Is(err, ErrNoCredentials) || errors.Is(err, outbound.ErrMetadata) || isRoleError(err) {
				return aws.FalseTernary
			}
			if errors.Is(err, io.ErrUnexpectedEOF) { // the answer broke off
				return aws.TrueTernary
			}
			return aws.UnknownTernary
		})}, o.Retryables...)
	})
}

// backoff is 50 to 100 ms before the second attempt and doubles up to maxDelay.
func backoff(attempt int) time.Duration {
	d := min(maxDelay, 100*time.Millisecond<<min(attempt, 10))
	return d/2 + rand.N(d/2) // #nosec G404 -- so that clients do not come back together; nobody gains by guessing it
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

func (s *S3) String() string { return s.cfg.URL() }

// List implements [Store]. Keys that end with a slash, which consoles make to
// show folders, are left out.
func (s *S3) List(ctx context.Context, prefix, startAfter string) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		last := startAfter
		for page, err := range s.pages(ctx, "list", prefix, startAfter, "") {
			if err != nil {
				yield(Object{}, err)
				return
			}
			for _, o := range page.Contents {
				key := strings.TrimPrefix(aws.ToString(o.Key), s.root)
				if key == "" || strings.HasSuffix(key, "/") {
					continue
				}
				if key <= last {
					yield(Object{}, &Error{
						Op: "list", URL: s.url(prefix), Kind: ErrMisconfigured,
						Hint: fmt.Sprintf("the store lists %q after %q; general-purpose S3 buckets list in byte order", key, last),
					})
					return
				}
				last = key
				if !yield(Object{
					Key: key, Size: aws.ToInt64(o.Size), ETag: unquote(o.ETag), LastModified: aws.ToTime(o.LastModified).UTC(),
				}, nil) {
					return
				}
			}
		}
	}
}

// Folders implements [Store].
func (s *S3) Folders(ctx context.Context, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for page, err := range s.pages(ctx, "list folders", prefix, "", "/") {
			if err != nil {
				yield("", err)
				return
			}
			for _, p := range page.CommonPrefixes {
				if !yield(strings.TrimPrefix(aws.ToString(p.Prefix), s.root), nil) {
					return
				}
			}
		}
	}
}

func (s *S3) pages(ctx context.Context, op, prefix, startAfter, delimiter string) iter.Seq2[*s3.ListObjectsV2Output, error] {
	return func(yield func(*s3.ListObjectsV2Output, error) bool) {
		if err := checkPrefix(prefix); err != nil {
			yield(nil, s.fail(ctx, op, prefix, "", err))
			return
		}
		in := &s3.ListObjectsV2Input{
			Bucket: &s.cfg.Bucket, Prefix: aws.String(s.root + prefix), RequestPayer: s.payer(),
		}
		if delimiter != "" {
			in.Delimiter = &delimiter
		}
		if startAfter != "" {
			in.StartAfter = aws.String(s.root + startAfter)
		}
		for {
			callCtx, cancel := context.WithTimeout(ctx, callTimeout(0))
			page, err := s.client.ListObjectsV2(callCtx, in)
			cancel()
			if err != nil {
				yield(nil, s.fail(ctx, op, prefix, "s3:ListBucket", err))
				return
			}
			if !yield(page, nil) || !aws.ToBool(page.IsTruncated) {
				return
			}
			in.ContinuationToken = page.NextContinuationToken
		}
	}
}

// Head implements [Store].
func (s *S3) Head(ctx context.Context, key string) (Object, error) {
	o, err := s.head(ctx, key)
	if err != nil {
		return Object{}, s.fail(ctx, "head", key, "s3:GetObject", err)
	}
	return o, nil
}

func (s *S3) head(ctx context.Context, key string) (Object, error) {
	if err := CheckKey(key); err != nil {
		return Object{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout(0))
	defer cancel()
	out, err := s.client.HeadObject(ctx, &s3.HeadObjectInput{
		Bucket: &s.cfg.Bucket, Key: s.key(key), RequestPayer: s.payer(),
	})
	if err != nil {
		return Object{}, err
	}
	return Object{
		Key: key, Size: aws.ToInt64(out.ContentLength), ETag: unquote(out.ETag), LastModified: aws.ToTime(out.LastModified).UTC(),
	}, nil
}

func (s *S3) key(key string) *string { return aws.String(s.root + key) }
func (s *S3) url(key string) string  { return "s3://" + s.cfg.Bucket + "/" + s.root + key }
func (s *S3) endpoint() string {
	return cmp.Or(s.cfg.Endpoint, "AWS S3 in region "+s.client.Options().Region)
}

func (s *S3) payer() types.RequestPayer {
	if s.cfg.RequestPayer {
		return types.RequestPayerRequester
	}
	return ""
}

// callTimeout bounds one call with all its attempts: a minute and the time for
// the body at 256 KiB a second.
func callTimeout(bodyBytes int) time.Duration {
	return time.Minute + time.Duration(bodyBytes>>18)*time.Second
}

// unquote turns the header's form of an ETag into ours, quote turns it back.
func unquote(etag *string) string {
	e := aws.ToString(etag)
	if strings.HasPrefix(e, "W/") { // weak: kept whole
		return e
	}
	return strings.Trim(e, `"`)
}

func quote(etag string) string {
	if strings.Contains(etag, `"`) {
		return etag
	}
	return `"` + etag + `"`
}
