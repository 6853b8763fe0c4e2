package store

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/auditlake/auditlake/pkg/outbound"
)

// errNoAnswer takes the place of the end of a context that is ours and not the
// caller's.
var errNoAnswer = errors.New("no answer in time")

// fail puts an error of the S3 client into a class, with a hint. action names
// the IAM permission that the operation needs.
func (s *S3) fail(ctx context.Context, op, key, action string, err error) error {
	if isContext(ctx, err) {
		return &Error{Op: op, URL: s.url(key), Err: ctx.Err()}
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		err = errNoAnswer
	}
	e := &Error{Op: op, URL: s.url(key), Err: err}
	if own := ownClass(err); own != nil {
		e.Kind = own
		var inner *Error
		if errors.As(err, &inner) {
			e.Hint = inner.Hint
		}
		return e
	}
	e.Kind, e.Hint = s.explain(action, err)
	return e
}

func (s *S3) explain(action string, err error) (kind error, hint string) {
	bucket := s.cfg.Bucket
	// These come before codes: a code in them is STS's and not the store's.
	var role *roleError
	switch {
	case errors.Is(err, ErrNoCredentials):
		return ErrDenied, s.cfg.noCredentials()
	case errors.As(err, &role):
		return role.explain()
	case errors.Is(err, io.ErrUnexpectedEOF): // whatever its status was
		return ErrUnavailable, "the answer of " + s.endpoint() + " broke off: check network and proxy"
	}
	switch code(err) {
	case "NoSuchKey", "NotFound":
		return ErrNotFound, ""
	case "NoSuchBucket":
		return ErrNotFound, fmt.Sprintf("bucket %s does not exist at %s", bucket, s.endpoint())
	case "InvalidAccessKeyId":
		return ErrDenied, "the store does not know this access key id"
	case "SignatureDoesNotMatch":
		return ErrDenied, "the secret access key is wrong, or something between changes the request"
	case "ExpiredToken", "ExpiredTokenException", "InvalidToken":
		return ErrDenied, "the temporary credentials have expired or are not valid here"
	case "RequestTimeTooSkewed":
		return ErrDenied, "the clock of this machine is wrong"
	case "PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException":
		return ErrMisconfigured, s.wrongRegion(err)
	case "NotImplemented":
		return ErrMisconfigured, "the store does not know this kind of request"
	case "PreconditionFailed":
		return ErrChanged, ""
	case "SlowDown", "TooManyRequests", "Throttling", "RequestLimitExceeded":
		return ErrUnavailable, "the store throttles; it recovers by itself"
	case "AccessDenied", "AllAccessDisabled", "Forbidden":
		return ErrDenied, s.missingPermission(action)
	}
	switch st := status(err); {
	case st == 301 || st == 302 || st == 307 || st == 308: // none is followed
		return ErrMisconfigured, s.wrongRegion(err)
	case st == 401 || st == 403:
		return ErrDenied, s.missingPermission(action)
	case st == 404:
		// Not S3's word for a missing object, which callers act on.
		return ErrMisconfigured, "the answer of " + s.endpoint() + " is not one of S3: check endpoint and keys"
	case st == 408 || st == 409 || st == 429 || st >= 500:
		return ErrUnavailable, "the store keeps failing; it may recover by itself"
	case st != 0:
		return nil, ""
	}
	return s.explainNetwork(err)
}

func (s *S3) explainNetwork(err error) (kind error, hint string) {
	var dns *net.DNSError
	var authority x509.UnknownAuthorityError
	var host x509.HostnameError
	var network net.Error
	var unanswered interface{ ConnectionError() bool }
	switch {
	case errors.Is(err, outbound.ErrMetadata):
		return ErrMisconfigured, s.endpoint() + " is no store: check the endpoint"
	case errors.As(err, &dns) && dns.IsNotFound:
		return ErrMisconfigured, fmt.Sprintf("no such host %s: check endpoint, region and path style", dns.Name)
	case errors.As(err, &authority), errors.As(err, &host):
		return ErrMisconfigured, "the certificate of " + s.endpoint() + " is not trusted here: give the certificate of its authority, or check the endpoint"
	case errors.As(err, &network), errors.As(err, &unanswered), errors.Is(err, errNoAnswer):
		return ErrUnavailable, "cannot reach " + s.endpoint() + ": check endpoint, network and proxy"
	}
	return nil, ""
}

func (s *S3) missingPermission(action string) string {
	on := fmt.Sprintf("arn:aws:s3:::%s/%s*", s.cfg.Bucket, s.root)
	switch action {
	case "s3:ListBucket":
		on = "arn:aws:s3:::" + s.cfg.Bucket
	case "s3:GetObject":
		return fmt.Sprintf("allow %s on %s, and s3:ListBucket on the bucket, without which S3 calls missing objects denied; "+
			"kms:Decrypt too if the bucket is encrypted with a KMS key", action, on)
	}
	return fmt.Sprintf("allow %s on %s", action, on)
}

func (s *S3) wrongRegion(err error) string {
	var answer *smithyhttp.ResponseError
	if errors.As(err, &answer) && answer.Response != nil {
		if region := answer.Response.Header.Get("X-Amz-Bucket-Region"); region != "" {
			return fmt.Sprintf("bucket %s is in region %s: set region to that", s.cfg.Bucket, region)
		}
	}
	return fmt.Sprintf("bucket %s is not in region %s, or the endpoint is not its own: check region and endpoint",
		s.cfg.Bucket, s.client.Options().Region)
}

// code is the error code of S3, or "".
func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

// codeError is an error that came inside a successful answer.
func codeError(code, message string) error {
	return &smithy.GenericAPIError{Code: code, Message: message}
}

// status is the HTTP status of an answer that was an error, or 0 without an answer.
func status(err error) int {
	var answer *smithyhttp.ResponseError
	if errors.As(err, &answer) && answer.Response != nil {
		return answer.HTTPStatusCode()
	}
	return 0
}

func isStatus(err error, want int) bool { return status(err) == want }

func isDialTimeout(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial" && op.Timeout()
}
