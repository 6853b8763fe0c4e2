package trino

import (
	"fmt"
	"strings"

	"github.com/auditlake/auditlake/pkg/query"
)

// joinNetwork finds the partner of each address once, which with the keys is what the
// partner depends on, and then joins by address and keys.
//
//	m: SELECT address, keys, columns of r, "nearest"
//	   FROM (SELECT DISTINCT address, keys FROM l) AS a JOIN r ON keys AND address in network
func (p *statement) joinNetwork(b *query.Bound, j query.Join, l, r relation) relation {
	if cutsAnywhere(b.Inputs[0]) { // it would be other rows the second time
		p.note(&UnsupportedError{"join by network of the first rows in no order"})
	}
	lcols, rcols := b.Inputs[0].Cols, b.Inputs[1].Cols
	find := func(r relation, cols []query.BoundCol, name string) string {
		return r.names[query.FindColumn(cols, []string{name})]
	}
	addresses := find(l, lcols, j.Network.Address)
	ip := address(side("l", addresses))
	distinct, distinctNames := []string{side("l", addresses), ip + " " + inIPv6, bitsOf(ip)}, []string{"address", "ip 4", "ip bits"}
	on := []string{`r."ip 4" = a."ip 4"`, `starts_with(a."ip bits", r."ip bits")`}
	again := []string{side("l", addresses) + " = m.address"}
	parts := []string{"a.address"}
	for i := range j.LKeys {
		k := lcols[query.FindColumn(lcols, j.LKeys[i:i+1])].Type.Kind
		left, name := key(side("l", find(l, lcols, j.LKeys[i])), k), "key "+j.LKeys[i]
		distinct, distinctNames = append(distinct, left), append(distinctNames, name)
		on = append(on, side("a", name)+" = "+key(side("r", find(r, rcols, j.RKeys[i])), k))
		again = append(again, left+" = "+side("m", name))
		parts = append(parts, side("a", name))
	}
	order := []string{`length(r."ip bits") DESC`}
	texts, names := sides(distinctNames, "a"), append([]string(nil), distinctNames...)
	given := sides(l.names, "l")
	for n, i := range b.Right {
		c := side("r", r.names[i])
		if t := rcols[i].Type; ordered(t) {
			order = append(order, orderTexts(c, t, "")...)
		} else {
			p.note(&UnsupportedError{"order by " + t.String()})
		}
		name := "column " + string(rune('a'+n%26)) + strings.Repeat("'", n/26)
		texts, names = append(texts, c), append(names, name)
		given = append(given, side("m", name))
	}
	nearest := "row_number() OVER (PARTITION BY " + strings.Join(parts, ", ") + " ORDER BY " + strings.Join(order, ", ") + ")"
	m := selected(append(texts, nearest), append(names, "nearest")) +
		"\nFROM (SELECT DISTINCT" + strings.TrimPrefix(selected(distinct, distinctNames), "SELECT") + of(l, "l") + ") AS a" +
		"\nJOIN (" + networks(r, find(r, rcols, j.Network.Network)) + ") AS r ON " + strings.Join(on, " AND ")
	all := unlike(b.Cols)
	text := selected(given, all) + of(l, "l")
	m = "(SELECT * FROM (" + m + ") WHERE nearest = 1) AS m"
	switch j.Kind {
	case query.Anti:
		text += "\nWHERE NOT EXISTS (SELECT 1 FROM " + m + " WHERE " + strings.Join(again, " AND ") + ")"
	default:
		text += "\n" + joinText[j.Kind] + " " + m + " ON " + strings.Join(again, " AND ")
	}
	return relation{text: text, names: all}
}

// sides are columns of one side of a join.
func sides(names []string, as string) []string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = side(as, name)
	}
	return out
}

// cutsAnywhere reports whether there is a limit to rows in no order.
func cutsAnywhere(b *query.Bound) bool {
	if _, ok := b.Node.(query.Limit); ok && !inOrder(b.Inputs[0]) {
		return true
	}
	for _, in := range b.Inputs {
		if cutsAnywhere(in) {
			return true
		}
	}
	return false
}

func inOrder(b *query.Bound) bool {
	switch b.Node.(type) {
	case query.Sort:
		return true
	case query.Filter, query.Project, query.Limit:
		return inOrder(b.Inputs[0])
	}
	return false
}

// networks are the rows whose column says a network, with its "ip bits" and whether it is
// one of IPv4, "ip 4"; see lookup.ParseNetwork. Addresses are of IPv6 in Trino, those of
// IPv4 in one network of it.
func networks(r relation, column string) string {
	part := func(group string) string {
		return "regexp_extract(" + side("r", column) + `, '\A([0-9A-Fa-f:.]+?)(?:/(0|[1-9][0-9]{0,2}))?\z', ` + group + ")"
	}
	parsed := "SELECT r.*, TRY_CAST(" + part("1") + ` AS ipaddress) AS "ip base", CAST(` + part("2") + ` AS bigint) AS "ip length"` +
		", strpos(" + side("r", column) + `, ':') = 0 AS "ip text 4"` + of(r, "r")
	return `SELECT r.*, r."ip base" ` + inIPv6 + ` AND (r."ip text 4" OR coalesce(r."ip length", 128) >= 96) AS "ip 4", ` +
		"substr(" + bitsOf(`r."ip base"`) + `, 1, if(r."ip text 4", 96 + coalesce(r."ip length", 32), coalesce(r."ip length", 128))) AS "ip bits"` +
		"\nFROM (" + parsed + `) AS r` + "\nWHERE " + `r."ip base" IS NOT NULL AND coalesce(r."ip length", 0) <= if(r."ip text 4", 32, 128)`
}

// bitsOf is an address as a text of 128 zeros and ones.
func bitsOf(ip string) string {
	const letters = "abcdefghijklmnop"
	text := "translate(to_hex(CAST(" + ip + " AS varbinary)), '0123456789ABCDEF', '" + letters + "')"
	for i, letter := range letters {
		text = fmt.Sprintf("replace(%s, '%c', '%04b')", text, letter, i)
	}
	return text
}
