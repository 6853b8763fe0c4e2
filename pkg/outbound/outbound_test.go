package outbound_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/auditlake/auditlake/pkg/outbound"
)

func TestAddresses(t *testing.T) {
	for address, refused := range map[string]bool{
		"169.254.169.254:80":             true,
		"169.254.170.2:80":               true, // credentials of containers
		"[fe80::1%eth0]:80":              true,
		"[fd00:ec2::254]:80":             true,
		"[fd20:ce::254]:80":              true,
		"[::ffff:169.254.169.254]:80":    true,
		"[64:ff9b::169.254.169.254]:443": true,
		"[::169.254.169.254]:80":         true,
		"100.100.100.200:80":             true,
		"168.63.129.16:80":               true,
		"192.0.0.192:80":                 true,
		"127.0.0.1:9000":                 false,
		"[::1]:9000":                     false,
		"10.0.0.7:9000":                  false,
		"192.168.169.254:80":             false,
		"[fd00::7]:9000":                 false,
		"52.218.0.1:443":                 false,
	} {
		if err := outbound.Control("tcp", address, nil); errors.Is(err, outbound.ErrMetadata) != refused || !refused && err != nil {
			t.Errorf("%s: %v, refused should be %t", address, err, refused)
		}
	}
	if err := outbound.Control("tcp", "metadata.google.internal:80", nil); err == nil {
		t.Error("a name is taken for an address")
	}
}

func TestTheTransportKeepsToIt(t *testing.T) {
	for _, url := range []string{"http://169.254.169.254/latest/meta-data/", "http://0xA9FEA9FE/", "http://[::ffff:a9fe:a9fe]/"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		client := http.Client{Transport: outbound.Transport(), CheckRedirect: outbound.NoRedirect}
		client.Transport.(*http.Transport).Proxy = nil
		resp, err := client.Do(req)
		if err == nil {
			_ = resp.Body.Close()
			t.Errorf("%s answers", url)
		} else if url != "http://0xA9FEA9FE/" && !errors.Is(err, outbound.ErrMetadata) { // some resolvers know such numbers, some do not
			t.Errorf("%s: %v", url, err)
		}
	}
}
