package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// Get implements [Store].
func (s *S3) Get(ctx context.Context, key, etag string, offset, length int64) (io.ReadCloser, Object, error) {
	offset = max(offset, 0)
	r := &s3Reader{ctx: ctx, store: s, object: Object{Key: key, ETag: etag}, start: offset, next: offset, end: -1}
	if length >= 0 && length <= math.MaxInt64-offset {
		r.end = offset + length
	}
	if err := r.begin(); err != nil { //nolint:contextcheck // r has it
		return nil, Object{}, s.fail(ctx, "get", key, "s3:GetObject", err)
	}
	return r, r.object, nil
}

// s3Reader reads one version of an object over as many requests as it takes.
type s3Reader struct {
	ctx    context.Context // of the Get that opened it
	store  *S3
	object Object // Key and ETag say what to ask for
	// Bytes from the start of the object: where the range begins, what is still
	// to come, where it ends; end is -1 until the first answer tells the size.
	start, next, end int64

	body    io.ReadCloser      // nil: nothing open
	cancel  context.CancelFunc // ends the request of body
	stalled *time.Timer        // calls cancel; runs during a Read only
	resumed int
	failed  error // sticky
}

// begin sends the first request and settles version, size and range.
func (r *s3Reader) begin() error {
	if err := CheckKey(r.object.Key); err != nil {
		return err
	}
	if r.end != r.next {
		err := r.request()
		if err == nil {
			r.end = min(r.end, r.object.Size)
			return nil
		}
		if !isStatus(err, 416) { // 416: the range begins at the end or later
			return err
		}
	}
	o, err := r.store.head(r.ctx, r.object.Key)
	if err != nil {
		return err
	}
	if r.object.ETag != "" && r.object.ETag != o.ETag {
		return ErrChanged
	}
	r.object, r.end = o, r.next
	return nil
}

// request opens the body at next. A first answer that was not asked for by ETag
// pins its own.
func (r *s3Reader) request() error {
	in := &s3.GetObjectInput{Bucket: &r.store.cfg.Bucket, Key: r.store.key(r.object.Key), RequestPayer: r.store.payer()}
	if r.object.ETag != "" {
		in.IfMatch = aws.String(quote(r.object.ETag))
	}
	switch {
	case r.end >= 0:
		in.Range = aws.String(fmt.Sprintf("bytes=%d-%d", r.next, r.end-1))
	case r.next > 0:
		in.Range = aws.String(fmt.Sprintf("bytes=%d-", r.next))
	}
	ctx, cancel := context.WithCancel(r.ctx)
	stalled := time.AfterFunc(callTimeout(0), cancel)
	out, err := r.store.client.GetObject(ctx, in)
	stalled.Stop()
	if err != nil {
		cancel()
		if isStatus(err, 412) {
			return ErrChanged
		}
		return err
	}
	if err := r.accept(out, in.Range != nil); err != nil {
		cancel()
		return errors.Join(err, out.Body.Close())
	}
	r.body, r.cancel, r.stalled = out.Body, cancel, stalled
	return nil
}

// accept checks an answer, since some stores ignore If-Match or Range.
func (r *s3Reader) accept(out *s3.GetObjectOutput, ranged bool) error {
	etag := unquote(out.ETag)
	if r.object.ETag != "" && r.object.ETag != etag {
		return ErrChanged
	}
	size := aws.ToInt64(out.ContentLength)
	if ranged {
		var err error
		if size, err = totalSize(aws.ToString(out.ContentRange), r.next); err != nil {
			return err
		}
	}
	r.object.ETag, r.object.Size, r.object.LastModified = etag, size, aws.ToTime(out.LastModified).UTC()
	if r.end < 0 {
		r.end = size
	}
	return nil
}

// totalSize reads "bytes 5-9/100".
func totalSize(contentRange string, from int64) (int64, error) {
	rest, ok := strings.CutPrefix(contentRange, fmt.Sprintf("bytes %d-", from))
	_, total, slash := strings.Cut(rest, "/")
	size, err := strconv.ParseInt(total, 10, 64)
	if !ok || !slash || err != nil {
		return 0, fmt.Errorf("%w: the store ignores Range: it answered with %q", ErrMisconfigured, contentRange)
	}
	return size, nil
}

func (r *s3Reader) Read(p []byte) (int, error) {
	if r.failed == nil && len(p) == 0 {
		return 0, nil
	}
	for r.failed == nil {
		if err := r.ctx.Err(); err != nil {
			r.fail(err)
			break
		}
		if r.next >= r.end {
			return 0, io.EOF
		}
		if r.body == nil {
			if err := r.resume(); err != nil {
				r.fail(err)
				break
			}
		}
		r.stalled.Reset(idleTimeout)
		n, err := r.body.Read(p[:min(int64(len(p)), r.end-r.next)])
		r.stalled.Stop()
		r.next += int64(n)
		if err != nil {
			r.drop() // broken off, or at its end
		}
		if n > 0 {
			return n, nil
		}
	}
	return 0, r.failed
}

// resume opens the body again where it broke off. A body may break five times
// and once more for each MiB: a link that makes no progress ends the read.
func (r *s3Reader) resume() error {
	r.resumed++
	if int64(r.resumed) > 5+(r.next-r.start)>>20 {
		return fmt.Errorf("%w: the body broke off %d times", ErrUnavailable, r.resumed)
	}
	if err := sleep(r.ctx, backoff(min(r.resumed, 3)-1)); err != nil {
		return err
	}
	return r.request()
}

func (r *s3Reader) fail(err error) {
	r.failed = r.store.fail(r.ctx, "read", r.object.Key, "s3:GetObject", err)
}

func (r *s3Reader) drop() {
	r.cancel()
	_ = r.body.Close() // what it says about a body that is given up changes nothing
	r.body = nil
}

func (r *s3Reader) Close() error {
	if r.body != nil {
		r.drop()
	}
	if r.failed == nil {
		r.failed = fmt.Errorf("read %s: already closed", r.store.url(r.object.Key))
	}
	return nil
}
