package plugin_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/auditlake/auditlake/pkg/plugin"
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
		s.DecryptedSecureJSONData[[]string{"accessKey", "secretKey"}[i]] = key
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
			jsonData: map[string]any{"sources": []string{"s3://logs/delivery"}, "lake": "s3://lake/root", "region": "eu-central-1"},
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
			got, err := plugin.ParseSettings(settings(t, test.jsonData, test.keys...), test.admin)
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
			jsonData: map[string]any{"sources": []string{"ftp://x"}, "lake": "s3a://b", "authType": "magic", "region": "a/b", "endpoint": "minio"},
			want:     []string{"lake: ", "s3://", "source 1: ", `"ftp"`, "authentication provider", "region: ", "endpoint: "},
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
			jsonData: map[string]any{"lake": 4711}, want: []string{"jsonData"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := plugin.ParseSettings(settings(t, test.jsonData, test.keys...), test.admin)
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

func TestAdminFromEnv(t *testing.T) {
	for value, want := range map[string]bool{"true": true, "1": true, "": false, "false": false, "yes, please": false} {
		got := plugin.AdminFromEnv(func(key string) string {
			return map[string]string{"GF_PLUGIN_ALLOW_LOCAL_FOLDERS": value}[key]
		})
		if got.AllowLocalFolders != want {
			t.Errorf("%q allows local folders: %v", value, got.AllowLocalFolders)
		}
	}
}
