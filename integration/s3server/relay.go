package s3server

import (
	"io"
	"net"
	"sync"
)

// relay passes connections on to the gateway. The gateway waits 10 s for idle
// connections when it stops; the relay cuts them.
type relay struct {
	listener net.Listener
	target   string
	wg       sync.WaitGroup

	mu     sync.Mutex // guards conns and closed
	conns  map[net.Conn]bool
	closed bool
}

func newRelay(address, target string) (*relay, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	r := &relay{listener: l, target: target, conns: map[net.Conn]bool{}}
	r.wg.Go(r.accept)
	return r, nil
}

func (r *relay) accept() {
	for {
		client, err := r.listener.Accept()
		if err != nil {
			return // closed
		}
		r.wg.Go(func() { r.pass(client) })
	}
}

func (r *relay) pass(client net.Conn) {
	gateway, err := net.Dial("tcp", r.target)
	if err != nil {
		_ = client.Close()
		return
	}
	if !r.track(client, gateway) {
		return
	}
	cut := func() { _, _ = client.Close(), gateway.Close() }
	var wg sync.WaitGroup
	wg.Go(func() { defer cut(); _, _ = io.Copy(gateway, client) })
	wg.Go(func() { defer cut(); _, _ = io.Copy(client, gateway) })
	wg.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.conns, client)
	delete(r.conns, gateway)
}

func (r *relay) track(conns ...net.Conn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range conns {
		if r.closed {
			_ = c.Close()
		}
		r.conns[c] = true
	}
	return !r.closed
}

// close cuts every connection and waits for the end.
func (r *relay) close() error {
	err := r.listener.Close()
	r.mu.Lock()
	r.closed = true
	for c := range r.conns {
		_ = c.Close()
	}
	r.mu.Unlock()
	r.wg.Wait()
	return err
}
