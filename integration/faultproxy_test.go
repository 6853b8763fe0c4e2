package integration

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"
	"testing"
)

// faultProxy stands between the client and the server and spoils requests.
type faultProxy struct {
	url string

	mu     sync.Mutex // guards the rest
	choose func(*http.Request) fault
	seen   int // requests of the method since spoil
}

// fault handles one request; forward sends it to the server.
type fault func(w http.ResponseWriter, forward func() *httptest.ResponseRecorder)

func newFaultProxy(t *testing.T, endpoint string) *faultProxy {
	t.Helper()
	target, err := url.Parse(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	p := &faultProxy{}
	forward := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host // it is signed
	}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f := p.next(r)
		if f == nil {
			forward.ServeHTTP(w, r)
			return
		}
		f(w, func() *httptest.ResponseRecorder {
			recorded := httptest.NewRecorder()
			forward.ServeHTTP(recorded, r)
			return recorded
		})
	}))
	t.Cleanup(server.Close)
	p.url = server.URL
	return p
}

// spoilBy has choose decide about every request from now on, one after another;
// nil is no fault.
func (p *faultProxy) spoilBy(choose func(*http.Request) fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.choose = choose
}

// spoil makes the next requests of a method go wrong, one for each fault.
func (p *faultProxy) spoil(method string, faults ...fault) {
	p.spoilBy(func(r *http.Request) fault {
		if r.Method != method {
			return nil
		}
		p.seen++
		if len(faults) == 0 {
			return nil
		}
		f := faults[0]
		faults = faults[1:]
		return f
	})
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen = 0
}

func (p *faultProxy) requests() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.seen
}

func (p *faultProxy) next(r *http.Request) fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.choose == nil {
		return nil
	}
	return p.choose(r)
}

func times(n int, f fault) []fault {
	all := make([]fault, n)
	for i := range all {
		all[i] = f
	}
	return all
}

// dropAnswer lets the request take effect and cuts the connection.
func dropAnswer(_ http.ResponseWriter, forward func() *httptest.ResponseRecorder) {
	forward()
	panic(http.ErrAbortHandler)
}

// dropRequest cuts the connection before the effect.
func dropRequest(http.ResponseWriter, func() *httptest.ResponseRecorder) {
	panic(http.ErrAbortHandler)
}

// answer500After lets the request take effect and denies it.
func answer500After(w http.ResponseWriter, forward func() *httptest.ResponseRecorder) {
	forward()
	answerError(w, http.StatusInternalServerError, "InternalError")
}

// answerBefore refuses without effect.
func answerBefore(status int, code string) fault {
	return func(w http.ResponseWriter, _ func() *httptest.ResponseRecorder) { answerError(w, status, code) }
}

// truncate sends n bytes of the body and cuts the connection.
func truncate(n int) fault {
	return func(w http.ResponseWriter, forward func() *httptest.ResponseRecorder) {
		begin(w, forward(), n)
		panic(http.ErrAbortHandler)
	}
}

// begin sends the first n bytes of an answer.
func begin(w http.ResponseWriter, recorded *httptest.ResponseRecorder, n int) {
	for name, values := range recorded.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(recorded.Code)
	_, _ = io.CopyN(w, recorded.Body, int64(n))
	_ = http.NewResponseController(w).Flush()
}

// hang never answers the request, which is not passed on either.
func hang(r *http.Request) fault {
	return func(http.ResponseWriter, func() *httptest.ResponseRecorder) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done() // the client has given up
		panic(http.ErrAbortHandler)
	}
}

// stall sends n bytes of the body and then nothing more.
func stall(r *http.Request, n int) fault {
	return func(w http.ResponseWriter, forward func() *httptest.ResponseRecorder) {
		begin(w, forward(), n)
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	}
}

// then runs after the request was handled by f.
func then(f fault, after func()) fault {
	return func(w http.ResponseWriter, forward func() *httptest.ResponseRecorder) {
		defer after()
		f(w, forward)
	}
}

func answerError(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, "<Error><Code>"+code+"</Code><Message>by the fault proxy</Message></Error>")
}
