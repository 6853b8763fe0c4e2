package plugin_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/plugin"
	"github.com/auditlake/auditlake/pkg/store"
)

// ini is what a plugin sees of its section of grafana.ini.
func ini(keys map[string]string) func(string) string {
	return func(key string) string {
		name, ok := strings.CutPrefix(key, "GF_PLUGIN_")
		if !ok {
			return ""
		}
		return keys[strings.ToLower(name)]
	}
}

func TestLocalFoldersAreAllowedClearlyOrNot(t *testing.T) {
	for value, want := range map[string]bool{"true": true, "1": true, "": false, "false": false, "yes, please": false} {
		if got := plugin.AdminFromEnv(ini(map[string]string{"allow_local_folders": value})); got.AllowLocalFolders != want {
			t.Errorf("%q allows local folders: %v", value, got.AllowLocalFolders)
		}
	}
}

func TestAnETLThatStartsWithTheProcess(t *testing.T) {
	admin := plugin.AdminFromEnv(ini(map[string]string{
		"etl_sources": "s3://logs/a, s3://logs/b", "etl_lake": "s3://lake/root", "etl_schedule": "1h", "etl_region": "eu-central-1",
		"etl_endpoint": "https://minio:9000", "etl_path_style": "true", "etl_access_key": accessKey, "etl_secret_key": secretKey,
		"etl_bronze_retention_days": "400", "etl_memory_mib": "512", "etl_lookback_days": "5",
		"etl_assume_role_arn": roleARN, "etl_external_id": "grafana-1",
	}))
	if admin.Problems != nil || admin.ETL == nil {
		t.Fatalf("problems %v", admin.Problems)
	}
	s := *admin.ETL
	if len(s.Sources) != 2 || s.Schedule.Every != time.Hour || s.Retention.Bronze != 400 || s.Limits.ETLMemoryBytes != 512<<20 || s.LookbackDays != 5 {
		t.Errorf("settings %+v", s)
	}
	want := &store.S3Config{
		Bucket: "lake", Prefix: "root", Region: "eu-central-1", Endpoint: "https://minio:9000", PathStyle: true,
		AccessKeyID: accessKey, SecretAccessKey: secretKey, RoleARN: roleARN, ExternalID: "grafana-1",
	}
	if diff := cmp.Diff(want, plugin.S3Of(s.Lake)); diff != "" {
		t.Errorf("lake (-want +got):\n%s", diff)
	}

	same := parsed(t, map[string]any{
		"sources": []string{"s3://logs/a", "s3://logs/b"}, "lake": "s3://lake/root", "schedule": "1h", "defaultRegion": "eu-central-1",
		"endpoint": "https://minio:9000", "pathStyle": true, "authType": "keys", "bronzeRetentionDays": 400, "etlMemoryMiB": 512, "lookbackDays": 5,
		"assumeRoleArn": roleARN, "externalId": "grafana-1",
	}, accessKey, secretKey)
	if s.Fingerprint() != same.Fingerprint() || s.LakeID() != same.LakeID() {
		t.Error("a data source with the same settings is another ETL")
	}
}

func TestTheAdministratorMaySignInAnyWay(t *testing.T) {
	admin := plugin.AdminFromEnv(ini(map[string]string{
		"etl_sources": "/delivery", "etl_lake": "s3://lake", "etl_region": "eu-west-1", "etl_auth_type": "ec2_iam_role", "allow_local_folders": "true",
	}))
	if admin.Problems != nil || admin.ETL == nil || !plugin.S3Of(admin.ETL.Lake).InstanceRole {
		t.Errorf("problems %v", admin.Problems)
	}
}

func TestAnETLThatDoesNotStart(t *testing.T) {
	for name, test := range map[string]struct {
		keys map[string]string
		want []string // problems; nil is none
	}{
		"nothing is set": {nil, nil},
		"it is off":      {map[string]string{"etl_sources": "s3://logs", "etl_lake": "s3://lake", "etl_schedule": "off"}, nil},
		"no lake":        {map[string]string{"etl_sources": "s3://logs"}, []string{"the etl_lake is not set"}},
		"no sources":     {map[string]string{"etl_lake": "s3://lake"}, []string{"etl_sources is not set"}},
		"everything at once": {
			map[string]string{
				"etl_sources": "s3://lake/logs /delivery", "etl_lake": "s3://lake", "etl_schedule": "soon", "etl_access_key": accessKey,
				"etl_gold_retention_days": "2", "etl_endpoint": "http://" + accessKey + ":planted@minio",
			},
			[]string{
				"section [plugin.auditlake-databricks-datasource] of grafana.ini: ", "etl_schedule: ", "enter etl_access_key and etl_secret_key",
				"etl_gold_retention_days: write more days than etl_lookback_days", "etl_endpoint: ", "source 2: local folders", "overlap",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			admin := plugin.AdminFromEnv(ini(test.keys))
			if admin.ETL != nil || (admin.Problems != nil) != (test.want != nil) {
				t.Fatalf("ETL %v, problems %v", admin.ETL, admin.Problems)
			}
			if _, ok := errors.AsType[*plugin.SettingsError](admin.Problems); admin.Problems != nil && !ok {
				t.Errorf("problems are %T", admin.Problems)
			}
			for _, want := range test.want {
				if !strings.Contains(admin.Problems.Error(), want) {
					t.Errorf("%q does not say %q", admin.Problems, want)
				}
			}
			if admin.Problems != nil && (strings.Contains(admin.Problems.Error(), accessKey) || strings.Contains(admin.Problems.Error(), "planted")) {
				t.Errorf("a secret is in %q", admin.Problems)
			}
		})
	}
}
