package columnar_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/auditlake/auditlake/pkg/columnar"
)

func TestSchemaJSON(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := drawSchema(rt, 4)
		got, err := columnar.ParseDeltaSchema(s.DeltaJSON())
		if err != nil || !got.Equal(s) {
			rt.Fatalf("%s came back as %s: %v", columnar.StructOf(s...), columnar.StructOf(got...), err)
		}
	})
	foreign := columnar.Schema{{Name: "d", Type: columnar.DecimalOf(38, 0)}, {Name: "n", Type: columnar.Of(columnar.TimestampNTZ)}}
	if got, err := columnar.ParseDeltaSchema(foreign.DeltaJSON()); err != nil || !got.Equal(foreign) {
		t.Errorf("%v came back as %v: %v", foreign, got, err)
	}
	s := columnar.Schema{{Name: "m", Type: columnar.MapOf(columnar.Of(columnar.String), columnar.ListOf(columnar.Of(columnar.Long)))}}
	const want = `{"type":"struct","fields":[{"name":"m","type":{"type":"map","keyType":"string","valueType":{"type":"array","elementType":"long","containsNull":true},"valueContainsNull":true},"nullable":true,"metadata":{}}]}`
	if got := s.DeltaJSON(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestParseDeltaSchemaErrors(t *testing.T) {
	column := func(typ string) string {
		return `{"type":"struct","fields":[{"name":"a","type":` + typ + `,"nullable":true,"metadata":{}}]}`
	}
	for in, want := range map[string]string{
		column(`"decimal(39,2)"`):                           `column "a": type "decimal(39,2)" is not supported`,
		column(`"decimal(3,4)"`):                            `column "a": type "decimal(3,4)" is not supported`,
		column(`"decimal(10,2"`):                            `column "a": type "decimal(10,2" is not supported`,
		column(`"decimal"`):                                 `column "a": type "decimal" is not supported`,
		column(`"variant"`):                                 `column "a": type "variant" is not supported`,
		column(`{"type":"array","elementType":"interval"}`): `column "a": type "interval" is not supported`,
		column(`{"type":"udt"}`):                            `column "a": type "udt" is not supported`,
		column(`{"type":"map","keyType":"string"}`):         `column "a"`,
		column(`7`):                                         `column "a"`,
		`"long"`:                                            "not a struct",
		``:                                                  "parse schemaString",
		`{"type":"struct","fields":[{"name":"a","type":{}}]`: "parse schemaString",
		`{"type":"struct","fields":[{"name":"a"}]}`:          `column "a"`,
		`{"type":"struct","fields":[{"type":"long"}]}`:       "field 1 of a struct has no name",
		`{"type":"struct","fields":7}`:                       "the fields of a struct are no list",
		column(`"long"`) + "}":                               "more behind its end",
	} {
		if got, err := columnar.ParseDeltaSchema(in); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v %v, want %q", in, got, err, want)
		}
	}
}

func TestLookup(t *testing.T) {
	s := silver()
	if typ, ok := s.Lookup("response", "statusCode"); !ok || typ.Kind != columnar.Integer {
		t.Errorf("response.statusCode is %v %v", typ, ok)
	}
	for _, path := range [][]string{nil, {"nope"}, {"response", "nope"}, {"requestParams", "key"}, {"email", "x"}} {
		if typ, ok := s.Lookup(path...); ok {
			t.Errorf("%v is %v", path, typ)
		}
	}
	if s.IndexFold("ACTIONNAME") != s.Index("actionName") || s.Index("ACTIONNAME") != -1 || s.IndexFold("nope") != -1 {
		t.Error("names in another case")
	}
}
