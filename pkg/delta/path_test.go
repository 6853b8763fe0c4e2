package delta

import (
	"testing"

	"pgregory.net/rapid"
)

func TestPathRoundTrip(t *testing.T) {
	t.Parallel()
	for path, spelled := range map[string]string{
		"date=2024-01-01/part-0.parquet": "date=2024-01-01/part-0.parquet",
		"a%2Fb c%3A%25d":                 "a%252Fb%20c%253A%2525d",
		"p@#h":                           "p%40%23h",
		"1+1=2?.parquet":                 "1%2B1=2%3F.parquet",
		"grüße/日本.parquet":               "gr%C3%BC%C3%9Fe/%E6%97%A5%E6%9C%AC.parquet",
		"a:b":                            "a%3Ab",
	} {
		if got := encodePath(path); got != spelled {
			t.Errorf("encodePath(%q) = %q, want %q", path, got, spelled)
		}
		if got, err := decodePath("s3://b/t/", spelled); err != nil || got != path {
			t.Errorf("decodePath(%q) = %q, %v, want %q", spelled, got, err, path)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		path := rapid.StringMatching(`[^/][^\x00]{0,30}`).Draw(t, "path")
		if got, err := decodePath("s3://b/t/", encodePath(path)); err != nil || got != path {
			if isAbsolute(path) {
				return // never written: see insideTable
			}
			t.Fatalf("decodePath(%q) = %q, %v, want %q", encodePath(path), got, err, path)
		}
	})
}

func TestPathsOfOtherWriters(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		base, spelled, want string
		inside              bool
	}{
		{"s3://b/t/", "part+1.parquet", "part+1.parquet", true},
		{"s3://b/t/", "s3://b/t/x/part.parquet", "x/part.parquet", true},
		{"s3://b/t/", "s3a://b/t/x%20y.parquet", "x y.parquet", true},
		{"s3://b/t/", "s3://b/other/x.parquet", "s3://b/other/x.parquet", false},
		{"file:///data/t/", "/data/t/x.parquet", "x.parquet", true},
		{"/data/t/", "file:/data/t/x.parquet", "x.parquet", true},
		{"/data/t/", "file:///data/u/x.parquet", "/data/u/x.parquet", false},
		{"/data/t/", "file:/data/u/x.parquet", "/data/u/x.parquet", false},
		{"/data/t/", "../u/x.parquet", "../u/x.parquet", false},
		{"/data/t/", "a/../../x.parquet", "a/../../x.parquet", false},
		{"/data/t/", "%2Fetc/passwd", "/etc/passwd", false},
		{"/data/t/", "_delta_log/00000000000000000000.json", "_delta_log/00000000000000000000.json", false},
	} {
		got, err := decodePath(c.base, c.spelled)
		if err != nil || got != c.want {
			t.Errorf("decodePath(%q, %q) = %q, %v, want %q", c.base, c.spelled, got, err, c.want)
		}
		if insideTable(got) != c.inside {
			t.Errorf("insideTable(%q) = %t, want %t", got, !c.inside, c.inside)
		}
	}
	for _, spelled := range []string{"", "%zz", "a%2"} {
		if got, err := decodePath("s3://b/t/", spelled); err == nil {
			t.Errorf("decodePath(%q) = %q, want an error", spelled, got)
		}
	}
}
