package plugin_test

import (
	"encoding/json"
	"errors"
	"maps"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/auditlake/auditlake/pkg/plugin"
	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/routing"
	"github.com/auditlake/auditlake/pkg/store"
)

const (
	accessKey = "AKIAPLANTEDACCESSKEY"
	secretKey = "planted/secret+access/key0123456789abcdef"
)

func settings(t *testing.T, jsonData map[string]any, keys ...string) backend.DataSourceInstanceSettings {
	t.Helper()
	raw, err := json.Marshal(jsonData)
	if err != nil {
		t.Fatal(err)
	}
	s := backend.DataSourceInstanceSettings{UID: "lake", JSONData: raw, DecryptedSecureJSONData: map[string]string{}}
	for i, key := range keys {
		s.DecryptedSecureJSONData[[]string{"accessKey", "secretKey", "sessionToken", "tlsCACert"}[i]] = key
	}
	return s
}

func TestSettingsThatAreFine(t *testing.T) {
	folders := plugin.Admin{AllowLocalFolders: true}
	for name, test := range map[string]struct {
		jsonData map[string]any
		keys     []string
		admin    plugin.Admin
		lake     string
		sources  int
	}{
		"S3": {
			jsonData: map[string]any{"sources": []string{"s3://logs/delivery"}, "lake": "s3://lake/root", "defaultRegion": "eu-central-1"},
			lake:     "s3://lake/root", sources: 1,
		},
		"keys and an endpoint": {
			jsonData: map[string]any{"lake": " s3://lake ", "authType": "keys", "endpoint": "http://minio:9000", "pathStyle": true},
			keys:     []string{accessKey, secretKey},
			lake:     "s3://lake?endpoint=http%3A%2F%2Fminio%3A9000",
		},
		"the URL goes before the settings": {
			jsonData: map[string]any{"lake": "s3://lake?endpoint=http://other:1", "endpoint": "http://minio:9000"},
			lake:     "s3://lake?endpoint=http%3A%2F%2Fother%3A1",
		},
		"the same bucket name at two endpoints": {
			jsonData: map[string]any{"sources": []string{"s3://bucket?endpoint=http://other:1"}, "lake": "s3://bucket", "endpoint": "http://minio:9000"},
			lake:     "s3://bucket?endpoint=http%3A%2F%2Fminio%3A9000", sources: 1,
		},
		"folders": {
			jsonData: map[string]any{"sources": []string{"/delivery"}, "lake": "file:///lake"},
			admin:    folders, lake: "file:///lake", sources: 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := plugin.ParseSettings(t.Context(), settings(t, test.jsonData, test.keys...), test.admin)
			if err != nil {
				t.Fatal(err)
			}
			if got.Lake.URL != test.lake || len(got.Sources) != test.sources {
				t.Errorf("lake %s and %d sources, want %s and %d", got.Lake.URL, len(got.Sources), test.lake, test.sources)
			}
		})
	}
}

func TestSettingsThatNeedAChange(t *testing.T) {
	for name, test := range map[string]struct {
		jsonData map[string]any
		keys     []string
		admin    plugin.Admin
		want     []string // in the message
	}{
		"nothing": {want: []string{"the lake is not set"}},
		"everything at once": {
			jsonData: map[string]any{"sources": []string{"ftp://x"}, "lake": "s3a://b", "authType": "magic", "defaultRegion": "a/b", "endpoint": "minio"},
			want:     []string{"lake: ", "s3://", "source 1: ", `"ftp"`, "authentication provider", "defaultRegion: ", "endpoint: "},
		},
		"folders where they are not allowed": {
			jsonData: map[string]any{"sources": []string{"/delivery"}, "lake": "file:///lake"},
			want: []string{
				"lake: local folders are not allowed: set allow_local_folders = true in the section [plugin.auditlake-databricks-datasource] of grafana.ini",
				"source 1: local folders",
			},
		},
		"a relative folder": {
			jsonData: map[string]any{"lake": "lake"}, admin: plugin.Admin{AllowLocalFolders: true},
			want: []string{"the whole path"},
		},
		"the lake in a source": {
			jsonData: map[string]any{"sources": []string{"s3://bucket/logs"}, "lake": "s3://bucket/logs/lake"},
			want:     []string{"source s3://bucket/logs and lake s3://bucket/logs/lake overlap"},
		},
		"a source twice": {
			jsonData: map[string]any{"sources": []string{"s3://bucket/logs", "s3://bucket/logs/"}, "lake": "s3://lake"},
			want:     []string{"overlap: keep one of them"},
		},
		"keys without a secret": {
			jsonData: map[string]any{"lake": "s3://lake", "authType": "keys"}, keys: []string{accessKey},
			want: []string{"access key ID and secret access key are both needed"},
		},
		"keys in a URL": {
			jsonData: map[string]any{"lake": "s3://" + accessKey + ":" + secretKey + "@lake"},
			want:     []string{"no keys"},
		},
		"keys in the endpoint": {
			jsonData: map[string]any{
				"lake": "s3://bucket/x", "sources": []string{"s3://bucket"},
				"endpoint": "http://" + accessKey + ":planted@minio:9000",
			},
			want: []string{"endpoint: write a URL without keys", "overlap"},
		},
		"a profile of the machine": {
			jsonData: map[string]any{"lake": "s3://lake?profile=root"},
			want:     []string{"profile and role_arn do not belong in the URL"},
		},
		"a number for the lake": {
			jsonData: map[string]any{"lake": 4711}, want: []string{"lake: local folders are not allowed"},
		},
		"values of another kind": {
			jsonData: map[string]any{
				"lake": []string{"s3://lake"}, "sources": map[string]any{"a": 1}, "pathStyle": "planted", "maxRows": true,
				"queryTimeout": 60, "workspaces": true, "redactCommandText": 3,
			},
			want: []string{
				"lake: write a text", "sources: write a list", "pathStyle: write true or false", "maxRows: write a whole number from 1 to 1000000",
				"queryTimeout: write a duration from 1s to 1h", "workspaces: write a list", "redactCommandText: write true or false",
			},
		},
		"numbers beyond their bounds": {
			jsonData: map[string]any{
				"lake": "s3://lake", "maxRows": 0, "maxQueryMemoryMiB": 4096, "maxParallelQueries": "-1", "etlMemoryMiB": 1.5,
				"lookbackDays": "many", "queryTimeout": "2h", "schedule": "59s", "bronzeRetentionDays": -1, "goldRetentionDays": 1e9,
			},
			want: []string{
				"maxRows: ", "maxQueryMemoryMiB: write a whole number from 16 to 2048", "maxParallelQueries: ", "etlMemoryMiB: ", "lookbackDays: ",
				"queryTimeout: ", "schedule: write a duration from 1m to 30d", "bronzeRetentionDays: write a whole number from 0", "goldRetentionDays: ",
			},
		},
		"a schedule that is no duration": {
			jsonData: map[string]any{"lake": "s3://lake", "schedule": "planted"}, want: []string{"schedule: "},
		},
		"a schedule that overflows": {
			jsonData: map[string]any{"lake": "s3://lake", "schedule": "99999999999d"}, want: []string{"schedule: "},
		},
		"retention within the lookback": {
			jsonData: map[string]any{"lake": "s3://lake", "lookbackDays": 7, "silverRetentionDays": 7},
			want:     []string{"silverRetentionDays: write more days than lookbackDays, which is 7"},
		},
		"a variable without a value in the scope": {
			jsonData: map[string]any{"lake": "s3://lake", "workspaces": []any{""}}, want: []string{"workspaces: entry 1 is empty"},
		},
		"a variable without a value for the scope": {
			jsonData: map[string]any{"lake": "s3://lake", "workspaces": ""}, want: []string{"workspaces: write a list"},
		},
		"workspaces by name": {
			jsonData: map[string]any{"lake": "s3://lake", "workspaces": []any{"7", "production", -1, 1.5}},
			want:     []string{"workspaces: entry 2 is no id", "workspaces: entry 3", "workspaces: entry 4"},
		},
		"a role that Grafana does not have": {
			jsonData: map[string]any{"lake": "s3://lake", "unredactedRole": "Owner"}, want: []string{"unredactedRole: write Admin, Editor or Viewer"},
		},
		"Grafana Cloud's provider": {
			jsonData: map[string]any{"lake": "s3://lake", "authType": "grafana_assume_role"}, want: []string{"authType: only Grafana Cloud"},
		},
		"no ARN": {
			jsonData: map[string]any{"lake": "s3://lake", "assumeRoleArn": "planted"}, want: []string{"assumeRoleArn: write the ARN"},
		},
		"a CA certificate that is missing": {
			jsonData: map[string]any{"lake": "s3://lake", "tlsAuthWithCACert": true}, want: []string{"tlsCACert is not set"},
		},
		"a CA certificate that is none": {
			jsonData: map[string]any{"lake": "s3://lake", "tlsAuthWithCACert": true}, keys: []string{"", "", "", "planted"}, want: []string{"tlsCACert: ", "PEM"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := plugin.ParseSettings(t.Context(), settings(t, test.jsonData, test.keys...), test.admin)
			if _, ok := errors.AsType[*plugin.SettingsError](err); !ok {
				t.Fatalf("error %v", err)
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not say %q", err, want)
				}
			}
			for _, secret := range []string{accessKey, secretKey, "planted"} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("error %q has a secret in it", err)
				}
			}
		})
	}
}

func TestJSONDataThatIsNoObject(t *testing.T) {
	for _, text := range []string{`["planted"]`, `{"lake"`, `"planted"`} {
		_, err := plugin.ParseSettings(t.Context(), backend.DataSourceInstanceSettings{JSONData: []byte(text)}, plugin.Admin{})
		if err == nil || !strings.Contains(err.Error(), "jsonData") || strings.Contains(err.Error(), "planted") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// parsed are settings that must be fine.
func parsed(t *testing.T, jsonData map[string]any, keys ...string) plugin.Settings {
	t.Helper()
	s, err := plugin.ParseSettings(t.Context(), settings(t, jsonData, keys...), plugin.Admin{AllowLocalFolders: true})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// plain is settings without what cmp cannot look into.
func plain(s plugin.Settings) plugin.Settings {
	s.Sources, s.Lake = nil, plugin.Location{}
	return s
}

func TestWhatIsNotSetHasADefault(t *testing.T) {
	want := plugin.Settings{
		Schedule: plugin.Schedule{Every: 15 * time.Minute}, LookbackDays: 3,
		Limits: plugin.Limits{
			MaxRows: 100_000, MaxJoinRows: 100_000_000, ResultCacheBytes: 32 << 20, QueryMemoryBytes: 256 << 20, QueryTimeout: time.Minute, ParallelQueries: 4, ETLMemoryBytes: 192 << 20,
		},
		Redaction: plugin.Redaction{CommandText: true, Unredacted: "Admin"},
		Trino:     plugin.Trino{Engine: routing.Embedded, Above: 4 << 30, Queries: 4, Timeout: 5 * time.Minute},
	}
	for name, given := range map[string]map[string]any{
		"left away": {},
		"null": {
			"schedule": nil, "maxRows": nil, "workspaces": nil, "redactKeys": nil, "redactCommandText": nil, "pathStyle": nil, "authType": nil,
		},
		"empty": {
			"schedule": "", "maxRows": "", "queryTimeout": " ", "workspaces": []any{}, "redactKeys": []any{}, "redactCommandText": "",
			"lookbackDays": "", "unredactedRole": "", "authType": "", "endpoint": "", "defaultRegion": "default",
		},
		"unknown keys": {"prefers": "tea", "etl_lake": 7},
	} {
		t.Run(name, func(t *testing.T) {
			given["lake"], given["sources"] = "s3://lake", []string{"s3://logs"}
			if diff := cmp.Diff(want, plain(parsed(t, given)), cmpopts.IgnoreUnexported(plugin.Location{})); diff != "" {
				t.Errorf("settings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestValuesInTheFormsThatWritersGiveThem(t *testing.T) {
	want := plugin.Settings{
		Schedule: plugin.Schedule{Every: 24 * time.Hour}, LookbackDays: 5,
		Retention: plugin.Retention{Bronze: 400, Silver: 400, Gold: 30},
		Limits: plugin.Limits{
			MaxRows: 5000, MaxJoinRows: 2_000_000, QueryMemoryBytes: 512 << 20, QueryTimeout: 90 * time.Second, ParallelQueries: 8, ETLMemoryBytes: 1 << 30,
		},
		Scope:     query.Scope{Workspaces: []int64{0, 9007199254740993}},
		Redaction: plugin.Redaction{Keys: []string{"notebookPath", "token"}, Unredacted: "None"},
		Trino:     plugin.Trino{Engine: routing.Embedded, Above: 4 << 30, Queries: 4, Timeout: 5 * time.Minute},
	}
	for name, given := range map[string]map[string]any{
		"as their types": {
			"sources": []string{"s3://logs"}, "schedule": "1d", "lookbackDays": 5, "bronzeRetentionDays": 400, "silverRetentionDays": 400, "goldRetentionDays": 30,
			"maxRows": 5e3, "maxJoinRows": 2e6, "resultCacheMiB": 0, "maxQueryMemoryMiB": 512, "queryTimeout": "1m30s", "maxParallelQueries": 8, "etlMemoryMiB": 1024,
			"workspaces": []any{json.Number("9007199254740993"), 0}, "redactCommandText": false, "redactKeys": []string{"token", "notebookPath", "token"}, "unredactedRole": "None",
		},
		"as texts": {
			"sources": "s3://logs", "schedule": "24h", "lookbackDays": "5", "bronzeRetentionDays": "400", "silverRetentionDays": " 400 ", "goldRetentionDays": "30",
			"maxRows": "5000", "maxJoinRows": "2000000", "resultCacheMiB": "0", "maxQueryMemoryMiB": "512", "queryTimeout": "90s", "maxParallelQueries": "8", "etlMemoryMiB": "1024.0",
			"workspaces": "0, 9007199254740993", "redactCommandText": "false", "redactKeys": "notebookPath,token", "unredactedRole": "none",
		},
	} {
		t.Run(name, func(t *testing.T) {
			given["lake"] = "s3://lake"
			if diff := cmp.Diff(want, plain(parsed(t, given)), cmpopts.IgnoreUnexported(plugin.Location{})); diff != "" {
				t.Errorf("settings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhoRunsTheETL(t *testing.T) {
	for name, test := range map[string]struct {
		jsonData map[string]any
		want     time.Duration
	}{
		"by default every quarter of an hour": {map[string]any{"sources": []string{"s3://logs"}}, 15 * time.Minute},
		"weekly":                              {map[string]any{"sources": []string{"s3://logs"}, "schedule": "1w"}, 7 * 24 * time.Hour},
		"the command line":                    {map[string]any{"sources": []string{"s3://logs"}, "schedule": "Off"}, 0},
		"nobody without sources":              {map[string]any{"schedule": "5m"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			test.jsonData["lake"] = "s3://lake"
			if got := parsed(t, test.jsonData).Schedule.Every; got != test.want {
				t.Errorf("every %s", got)
			}
		})
	}
}

func TestALayerThatOutlivesBronzeIsWarnedAbout(t *testing.T) {
	for name, test := range map[string]struct {
		bronze, silver, gold int
		want                 []string
	}{
		"all for ever":       {0, 0, 0, nil},
		"bronze the longest": {90, 30, 90, nil},
		"gold for ever":      {90, 90, 0, []string{"gold is kept for ever and bronze for 90 days"}},
		"both longer":        {30, 60, 90, []string{"silver is kept for 60 days and bronze for 30 days", "gold is kept for 90 days"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := parsed(t, map[string]any{
				"lake": "s3://lake", "bronzeRetentionDays": test.bronze, "silverRetentionDays": test.silver, "goldRetentionDays": test.gold,
			}).Warnings
			if len(got) != len(test.want) {
				t.Fatalf("warnings %q", got)
			}
			for i, want := range test.want {
				if !strings.HasPrefix(got[i], want) {
					t.Errorf("%q does not begin with %q", got[i], want)
				}
			}
		})
	}
}

func TestTheFingerprintIsThatOfTheETL(t *testing.T) {
	base := func() map[string]any {
		return map[string]any{"lake": "s3://lake/root", "sources": []string{"s3://aa", "s3://bb"}, "authType": "keys", "endpoint": "http://minio:9000"}
	}
	of := func(change map[string]any, keys ...string) string {
		given := base()
		maps.Copy(given, change)
		return parsed(t, given, keys...).Fingerprint()
	}
	want := of(nil, accessKey, secretKey)
	for name, change := range map[string]map[string]any{
		"limits of queries": {"maxRows": 7, "queryTimeout": "5s", "maxQueryMemoryMiB": 16, "maxParallelQueries": 1},
		"scope":             {"workspaces": []any{7}},
		"redaction":         {"redactCommandText": false, "redactKeys": []string{"x"}, "unredactedRole": "None"},
		"another spelling":  {"lake": "s3://lake/root/", "sources": []string{"s3://bb", "s3://aa/"}, "endpoint": "http://minio:9000/", "schedule": "900s"},
	} {
		if of(change, accessKey, secretKey) != want {
			t.Errorf("%s change the fingerprint", name)
		}
	}
	different := map[string]string{
		"another secret": of(nil, accessKey, secretKey+"x"), "a session": of(nil, accessKey, secretKey, "session"), "the base": want,
	}
	for name, change := range map[string]map[string]any{
		"sources": {"sources": []string{"s3://aa"}}, "lake": {"lake": "s3://lake/other"}, "endpoint": {"endpoint": "http://minio:9001"},
		"region": {"defaultRegion": "eu-west-1"}, "provider": {"authType": "default"}, "role": {"assumeRoleArn": "arn:aws:iam::1:role/r"},
		"schedule": {"schedule": "1h"}, "no schedule": {"schedule": "off"}, "lookback": {"lookbackDays": 4}, "memory": {"etlMemoryMiB": 300},
		"bronze": {"bronzeRetentionDays": 30}, "silver": {"silverRetentionDays": 30}, "gold": {"goldRetentionDays": 30},
	} {
		different[name] = of(change, accessKey, secretKey)
	}
	seen := map[string]string{}
	for name, fingerprint := range different {
		if other, twice := seen[fingerprint]; twice {
			t.Errorf("%s and %s have one fingerprint", name, other)
		}
		seen[fingerprint] = name
		if strings.Contains(fingerprint, accessKey) || len(fingerprint) != 64 {
			t.Errorf("fingerprint %s", fingerprint)
		}
	}
}

func TestOneLakeHasOneID(t *testing.T) {
	folder := t.TempDir()
	of := func(jsonData map[string]any, keys ...string) string { return parsed(t, jsonData, keys...).LakeID() }
	same := [][2]string{
		{of(map[string]any{"lake": "s3://lake/root"}), of(map[string]any{"lake": "s3://lake/root/?region=eu-west-1", "authType": "keys"}, accessKey, secretKey)},
		{of(map[string]any{"lake": "s3://lake?endpoint=http://localhost:9000"}), of(map[string]any{"lake": "s3://lake", "endpoint": "http://127.0.0.1:9000"})},
		{of(map[string]any{"lake": folder}), of(map[string]any{"lake": "file://" + filepath.ToSlash(folder) + "/"})},
	}
	seen := map[string]bool{"": true}
	for _, pair := range same {
		if pair[0] != pair[1] || seen[pair[0]] {
			t.Errorf("lakes %q and %q", pair[0], pair[1])
		}
		seen[pair[0]] = true
	}
}

func TestOpenWritableOpensTheLakeAloneForWriting(t *testing.T) {
	ctx := t.Context()
	s := parsed(t, map[string]any{"lake": t.TempDir(), "sources": []string{t.TempDir()}})
	sources, lake, err := s.OpenWritable(ctx)
	if err != nil || len(sources) != 1 {
		t.Fatalf("%d sources, %v", len(sources), err)
	}
	if _, err := sources[0].Store.Put(ctx, "k", nil); !errors.Is(err, store.ErrDenied) {
		t.Errorf("a write to the source: %v", err)
	}
	if _, err := lake.Put(ctx, "k", nil); err != nil {
		t.Errorf("a write to the lake: %v", err)
	}

	bad := parsed(t, map[string]any{"lake": "s3://lake", "authType": "credentials", "profile": "nobody"})
	if _, _, err := bad.OpenWritable(ctx); err == nil || !strings.Contains(err.Error(), "lake: ") {
		t.Errorf("no region: %v", err)
	}
}

// A secret that begins like another must not uncover the rest of it.
func TestTheLongestSecretIsConcealed(t *testing.T) {
	for range 50 { // the secrets come in any order
		s := parsed(t, map[string]any{"lake": "s3://lake", "authType": "keys"}, "planted-key", "planted-key-rest")
		if got := s.Conceal("planted-key and planted-key-rest"); got != "*** and ***" {
			t.Fatal(got)
		}
	}
}

func TestSecretsOfTheSettingsAreConcealed(t *testing.T) {
	s := parsed(t, map[string]any{"lake": "s3://lake", "authType": "keys"}, accessKey, secretKey, "planted-session")
	if got := s.Conceal("no " + accessKey + " nor " + secretKey + " or planted-session"); got != "no *** nor *** or ***" {
		t.Errorf("got %q", got)
	}
}
