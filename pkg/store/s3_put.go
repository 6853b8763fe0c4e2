package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

const (
	// maxClaims is how often PutIfAbsent asks when the store says that another
	// request on the same key is under way (409); maxUnclear how often when
	// the outcome is unknown and the object is not there.
	maxClaims  = 20
	maxUnclear = 3
	// maxDelete is the most keys that one DeleteObjects request takes.
	maxDelete = 1000
)

// Put implements [Store]. LastModified is the time of the answer, by the
// store's clock.
func (s *S3) Put(ctx context.Context, key string, body []byte) (Object, error) {
	o, err := s.put(ctx, key, body, nil)
	if err != nil {
		return Object{}, s.fail(ctx, "put", key, s.putAction(), err)
	}
	return o, nil
}

func (s *S3) put(ctx context.Context, key string, body []byte, ifNoneMatch *string) (Object, error) {
	if err := CheckKey(key); err != nil {
		return Object{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout(len(body)))
	defer cancel()
	in := &s3.PutObjectInput{
		Bucket: &s.cfg.Bucket, Key: s.key(key), Body: bytes.NewReader(body), ContentLength: aws.Int64(int64(len(body))),
		IfNoneMatch: ifNoneMatch, RequestPayer: s.payer(),
	}
	if s.cfg.SSEKMSKeyID != "" {
		in.ServerSideEncryption, in.SSEKMSKeyId = types.ServerSideEncryptionAwsKms, &s.cfg.SSEKMSKeyID
	}
	out, err := s.client.PutObject(ctx, in)
	if err != nil {
		return Object{}, err
	}
	at, _ := awsmiddleware.GetServerTime(out.ResultMetadata)
	return Object{Key: key, Size: int64(len(body)), ETag: unquote(out.ETag), LastModified: at.UTC()}, nil
}

// PutIfAbsent implements [Store]. Only a 200 and the object itself are
// believed: a lost answer that the client repeats comes back as 412 although
// the object is ours.
func (s *S3) PutIfAbsent(ctx context.Context, key string, body []byte) error {
	if err := s.putIfAbsent(ctx, key, body); err != nil {
		return s.fail(ctx, "put if absent", key, s.putAction(), err)
	}
	return nil
}

func (s *S3) putIfAbsent(ctx context.Context, key string, body []byte) error {
	claims, unclear := 0, 0
	for {
		_, err := s.put(ctx, key, body, aws.String("*"))
		switch classifyPut(err) {
		case putDone:
			return nil
		case putRefused:
			if isStatus(err, 501) {
				return fmt.Errorf("%w: %w", ErrUnsafe, err)
			}
			return err
		case putConflict: // nothing landed
			if claims++; claims == maxClaims {
				return fmt.Errorf("%w after %d attempts: %w", ErrUnavailable, claims, err)
			}
			if err := sleep(ctx, backoff(claims)/4); err != nil {
				return err
			}
			continue
		}
		// 412 or unknown.
		if ctx.Err() != nil {
			return ctx.Err()
		}
		mine, readErr := s.holds(ctx, key, body)
		switch {
		case readErr == nil && mine:
			return nil
		case readErr == nil:
			return ErrExists
		case !errors.Is(readErr, ErrNotFound):
			return errors.Join(err, readErr)
		}
		if unclear++; unclear == maxUnclear {
			return err
		}
		if err := sleep(ctx, backoff(unclear)); err != nil {
			return err
		}
	}
}

type putOutcome int

const (
	putDone     putOutcome = iota
	putRefused             // for good; nothing landed
	putConflict            // another writer is at it; nothing landed
	putUnclear
)

func classifyPut(err error) putOutcome {
	switch {
	case err == nil:
		return putDone
	case errors.Is(err, ErrInvalidKey):
		return putRefused
	case isStatus(err, 409):
		return putConflict
	case isStatus(err, 412), isStatus(err, 408), isStatus(err, 429):
		return putUnclear
	case isStatus(err, 501), status(err) >= 300 && status(err) < 500:
		return putRefused
	}
	return putUnclear
}

// holds says whether the object has exactly these bytes.
func (s *S3) holds(ctx context.Context, key string, body []byte) (bool, error) {
	r, o, err := s.Get(ctx, key, "", 0, -1)
	if err != nil {
		return false, err
	}
	defer r.Close()
	if o.Size != int64(len(body)) {
		return false, nil
	}
	there, err := io.ReadAll(r)
	return bytes.Equal(there, body), err
}

// Delete implements [Store].
func (s *S3) Delete(ctx context.Context, keys ...string) error {
	var failed []error
	var ids []types.ObjectIdentifier
	for _, key := range keys {
		if err := CheckKey(key); err != nil {
			failed = append(failed, s.fail(ctx, "delete", key, "", err))
			continue
		}
		ids = append(ids, types.ObjectIdentifier{Key: s.key(key)})
	}
	for batch := range slices.Chunk(ids, maxDelete) {
		failed = append(failed, s.deleteBatch(ctx, batch))
	}
	return errors.Join(failed...)
}

func (s *S3) deleteBatch(ctx context.Context, batch []types.ObjectIdentifier) error {
	first := aws.ToString(batch[0].Key)[len(s.root):]
	callCtx, cancel := context.WithTimeout(ctx, callTimeout(0))
	defer cancel()
	if len(batch) == 1 { // some stores know only this form
		_, err := s.client.DeleteObject(callCtx, &s3.DeleteObjectInput{
			Bucket: &s.cfg.Bucket, Key: batch[0].Key, RequestPayer: s.payer(),
		})
		if err != nil && code(err) != "NoSuchKey" {
			return s.fail(ctx, "delete", first, "s3:DeleteObject", err)
		}
		return nil
	}
	out, err := s.client.DeleteObjects(callCtx, &s3.DeleteObjectsInput{
		Bucket: &s.cfg.Bucket, Delete: &types.Delete{Objects: batch, Quiet: aws.Bool(true)}, RequestPayer: s.payer(),
	})
	if err != nil {
		return s.fail(ctx, fmt.Sprintf("delete %d objects from", len(batch)), first, "s3:DeleteObject", err)
	}
	var failed []error
	for _, e := range out.Errors {
		if aws.ToString(e.Code) != "NoSuchKey" {
			key := aws.ToString(e.Key)[len(s.root):]
			failed = append(failed, s.fail(ctx, "delete", key, "s3:DeleteObject", codeError(aws.ToString(e.Code), aws.ToString(e.Message))))
		}
	}
	return errors.Join(failed...)
}

func (s *S3) putAction() string {
	if s.cfg.SSEKMSKeyID != "" {
		return "s3:PutObject and kms:GenerateDataKey"
	}
	return "s3:PutObject"
}
