package exec_test

import (
	"fmt"
	"net/netip"
	"testing"

	"pgregory.net/rapid"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/querytest"
)

// drawAddress is one of few addresses, so that networks of all lengths have some.
func drawAddress(t *rapid.T) netip.Addr {
	bits := rapid.SliceOfN(rapid.IntRange(0, 1), 4, 4).Draw(t, "bits")
	if rapid.Bool().Draw(t, "v6") {
		return netip.AddrFrom16([16]byte{0x20, 0x01, 7: byte(bits[0]), 8: byte(bits[1] << 7), 15: byte(bits[2] + 2*bits[3])})
	}
	return netip.AddrFrom4([4]byte{10, byte(bits[0]), byte(bits[1] << 7), byte(bits[2] + 2*bits[3])})
}

// TestJoinByNetworkAgreesWithTheBook: random addresses and networks, by which rows are
// joined alone and together with equal keys.
func TestJoinByNetworkAgreesWithTheBook(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text, long := columnar.Of(columnar.String), columnar.Of(columnar.Long)
		events := columnar.NewBatch(columnar.Schema{{Name: "ip", Type: text}, {Name: "w", Type: long}})
		networks := columnar.NewBatch(columnar.Schema{{Name: "cidr", Type: text}, {Name: "site", Type: long}, {Name: "w", Type: long}})
		add := func(b *columnar.Batch, what string) {
			switch rapid.IntRange(0, 9).Draw(t, "odd") {
			case 0:
				b.Columns[0].AppendNull()
			case 1:
				b.Columns[0].AppendString("neither")
			default:
				b.Columns[0].AppendString(what)
			}
			for _, v := range b.Columns[1:] {
				if n := rapid.Int64Range(-1, 2).Draw(t, "n"); n < 0 {
					v.AppendNull()
				} else {
					v.AppendInt(n)
				}
			}
			b.Len++
		}
		for range rapid.IntRange(0, 20).Draw(t, "events") {
			add(events, drawAddress(t).String())
		}
		for range rapid.IntRange(0, 12).Draw(t, "networks") {
			a := drawAddress(t)
			add(networks, netip.PrefixFrom(a, rapid.IntRange(0, a.BitLen()).Draw(t, "bits")).String())
		}
		lake := &querytest.Lake{}
		lake.Add("events", events)
		lake.Add("networks", networks)
		kind := query.JoinKind(rapid.IntRange(0, 2).Draw(t, "kind"))
		keys := rapid.SampledFrom([]string{"", "w = w2, "}).Draw(t, "keys")
		order := "ip, w, cidr, site, w2"
		if kind == query.Anti {
			order = "ip, w"
		}
		plan, err := querytest.ParsePlan(fmt.Sprintf(`
sort %s
  join %s on %sin_network(ip, cidr)
    project ip, w
      scan events
    project cidr, site, w as w2
      scan networks`, order, kind, keys))
		if err != nil {
			t.Fatal(err)
		}
		want := naiveAnswer(plan, map[string][]row{"events": naiveRows(events), "networks": naiveRows(networks)})
		everyWay(t, lake, plan, want, func(l *querytest.Lake) map[string]query.Catalog { return map[string]query.Catalog{"": l} })
	})
}
