// Package store is BYTES: it keeps named, immutable-by-convention objects and
// knows nothing of what is in them.
//
// One interface, [Store], has three implementations:
//
//	s3://bucket/prefix     S3 and everything that speaks it     OpenS3, Open
//	/path, file:///path    a folder of the local file system    OpenLocal, Open
//	(no URL)               memory, for tests                    NewMemory
//
// and decorators that add one concern each: [Observe], [Metered] and [AsReadOnly]
// here, storetest.Faulty in the sub-package storetest. storetest.Conformance is the one suite that
// every implementation passes, so callers may rely on the following:
//
//   - Keys are relative, slash-separated and sort in byte order; see [CheckKey].
//   - An object becomes visible whole or not at all, whoever looks and
//     whenever the writer dies.
//   - PutIfAbsent has exactly one winner, and nil means "my bytes are there",
//     whatever the network did to the answer.
//   - A read that is pinned to an ETag gives bytes of that version or an error,
//     never a mixture.
//   - Errors wrap one of the sentinels below where one fits, and name the store and
//     the key.
//
// The package is the only importer of the S3 client.
package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"
)

// Object describes one stored object.
type Object struct {
	Key string
	// Size is in bytes.
	Size int64
	// ETag names this version of the content. It is opaque: compare it, never
	// parse it. It is without the quotes of the HTTP header.
	ETag string
	// LastModified is in UTC, by the clock of the store, not of this host.
	LastModified time.Time
}

// Store is an object store rooted at a bucket prefix or a folder. All methods
// are safe for concurrent use. A cancelled context ends every method, also
// in the middle of a listing or a body, with the context's error.
type Store interface {
	// List yields the objects whose key starts with prefix and sorts after
	// startAfter, in byte order, page by page as they are consumed. The prefix is
	// plain text: it may end in the middle of a name. After an error, which is
	// yielded with a zero Object, the listing ends.
	List(ctx context.Context, prefix, startAfter string) iter.Seq2[Object, error]

	// Folders yields the distinct keys that begin with prefix and continue to
	// the next "/", cut behind that slash (S3's common prefixes): full keys, in
	// byte order. Folders(ctx, "") gives the folders at the root; a prefix that
	// ends with "/" gives the folders directly in it.
	Folders(ctx context.Context, prefix string) iter.Seq2[string, error]

	// Head describes an object without reading it.
	Head(ctx context.Context, key string) (Object, error)

	// Get opens the object for reading from offset for length bytes (length < 0:
	// to the end; a range that reaches past the end is cut there; one that begins
	// there or later is empty). A non-empty etag pins the version: [ErrChanged],
	// from Get or from a later Read, if the object is another by now. Without an
	// etag the version of the first answer is pinned in the same way, so what is
	// read is one version. Bodies that break off are resumed under that version.
	// The caller closes the reader; the returned Object describes the whole
	// object, also for a range.
	Get(ctx context.Context, key, etag string, offset, length int64) (io.ReadCloser, Object, error)

	// Put writes the object and overwrites what is there. The caller may not
	// change body until Put returns; the same holds for PutIfAbsent. It is one
	// request, never multipart, so bodies stay in the tens of megabytes.
	Put(ctx context.Context, key string, body []byte) (Object, error)

	// PutIfAbsent writes the object if no object has the key: of any number of
	// concurrent callers with different bodies exactly one gets nil. nil means
	// that the object is there with exactly these bytes, [ErrExists] that it has
	// other bytes. An unclear answer (lost, 5xx, 412) is decided by reading the
	// object back, which is why bodies of different writers must differ: put a
	// unique id in each. Any other error means that the outcome is unknown.
	PutIfAbsent(ctx context.Context, key string, body []byte) error

	// Delete removes the objects, in as few requests as the store allows. Keys
	// that are missing are no error. It tries all keys and joins the errors.
	Delete(ctx context.Context, keys ...string) error

	// String is the URL of the root without secrets, for messages.
	String() string
}

// The classes of failure a caller can act on. Implementations wrap them with
// the operation, the store, the key and, where one is known, a hint; decide by
// errors.Is, never by the text.
var (
	// ErrNotFound: no object has this key; or the bucket, or the folder of a
	// store opened with ReadOnly, does not exist.
	ErrNotFound = errors.New("not found")
	// ErrExists: PutIfAbsent found the key taken by other content.
	ErrExists = errors.New("already exists with other content")
	// ErrChanged: the object is no longer the version that was asked for or
	// that the read began with.
	ErrChanged = errors.New("changed since it was listed or first read")
	// ErrDenied: the store knows the caller and says no, or does not know the
	// credentials. Retrying does not help.
	ErrDenied = errors.New("access denied")
	// ErrNoCredentials: none of the places that may give AWS credentials gave any.
	// Such an error is ErrDenied too.
	ErrNoCredentials = errors.New("no usable AWS credentials")
	// ErrUnavailable: the store could not be reached or kept failing after the
	// retries: network, time-outs, throttling, 5xx. Retrying later may help.
	ErrUnavailable = errors.New("store unavailable")
	// ErrMisconfigured: the settings do not fit the store: region, endpoint,
	// certificate, or a protocol it does not speak. The hint says which.
	ErrMisconfigured = errors.New("wrong store settings")
	// ErrInvalidKey: the key breaks the rules of [CheckKey]; nothing was sent.
	ErrInvalidKey = errors.New("invalid key")
	// ErrTooLarge: an object that is read whole has more than 1 GiB.
	ErrTooLarge = errors.New("object too large")
	// ErrUnsafe: the store ignores conditional writes, as [Probe] finds out, or
	// refuses them, so nothing that needs PutIfAbsent may write there.
	ErrUnsafe = errors.New("store does not support conditional writes")
)

// maxWhole is how large an object may be, in bytes, to be read into memory. A log
// entry that adds a million files has some hundred MB.
const maxWhole = 1 << 30

// ReadAll reads a whole object, one version of it. It is for objects whose
// size is known to be moderate: log entries, manifests. One of more than 1 GiB is
// ErrTooLarge: what says so may be anything, a sparse file or a server that is none.
func ReadAll(ctx context.Context, s Store, key string) (body []byte, obj Object, err error) {
	r, obj, err := s.Get(ctx, key, "", 0, -1)
	if err != nil {
		return nil, Object{}, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	if obj.Size < 0 || obj.Size > maxWhole {
		return nil, Object{}, &Error{Op: "read", URL: s.String() + " " + key, Kind: ErrTooLarge, Hint: fmt.Sprintf("it has %d bytes, and at most %d are read at once", obj.Size, maxWhole)}
	}
	body = make([]byte, obj.Size)
	if _, err = io.ReadFull(r, body); err != nil {
		return nil, Object{}, err
	}
	return body, obj, nil
}
