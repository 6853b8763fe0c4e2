package plugin_test

import (
	"context"
	"encoding/pem"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/grafana/grafana-plugin-sdk-go/config"

	"github.com/auditlake/auditlake/pkg/plugin"
	"github.com/auditlake/auditlake/pkg/store"
)

const roleARN = "arn:aws:iam::111122223333:role/auditlake"

// told is a request's context from a Grafana with these keys in its section [aws].
func told(t *testing.T, keys map[string]string) context.Context {
	t.Helper()
	return config.WithGrafanaConfig(t.Context(), config.NewGrafanaCfg(keys))
}

func TestHowToSignInReachesTheStore(t *testing.T) {
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	certificate := strings.TrimSpace(string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})))
	instance := told(t, map[string]string{"AWS_AUTH_AllowedAuthProviders": "ec2_iam_role"})
	for name, test := range map[string]struct {
		ctx      context.Context
		jsonData map[string]any
		keys     []string
		want     store.S3Config
	}{
		"the default chain": {
			jsonData: map[string]any{"defaultRegion": "eu-central-1", "profile": "left over", "externalId": "left over"},
			keys:     []string{accessKey, secretKey},
			want:     store.S3Config{Region: "eu-central-1"},
		},
		"keys with a session": {
			jsonData: map[string]any{"authType": "keys"}, keys: []string{accessKey, secretKey, "session"},
			want: store.S3Config{AccessKeyID: accessKey, SecretAccessKey: secretKey, SessionToken: "session"},
		},
		"a profile": {
			jsonData: map[string]any{"authType": "credentials", "profile": "team"}, want: store.S3Config{Profile: "team"},
		},
		"the shared file's default profile": {
			jsonData: map[string]any{"authType": "credentials"}, want: store.S3Config{Profile: "default"},
		},
		"the instance's role": {
			ctx: instance, jsonData: map[string]any{"authType": "ec2_iam_role"}, want: store.S3Config{InstanceRole: true},
		},
		"a role on top": {
			jsonData: map[string]any{"authType": "keys", "assumeRoleArn": roleARN, "externalId": 4711},
			keys:     []string{accessKey, secretKey},
			want:     store.S3Config{AccessKeyID: accessKey, SecretAccessKey: secretKey, RoleARN: roleARN, ExternalID: "4711"},
		},
		"the administrator's external id and session": {
			ctx:      told(t, map[string]string{"AWS_AUTH_EXTERNAL_ID": "grafana", "AWS_AUTH_SESSION_DURATION": "1h"}),
			jsonData: map[string]any{"assumeRoleArn": roleARN},
			want:     store.S3Config{RoleARN: roleARN, ExternalID: "grafana", SessionDuration: time.Hour},
		},
		"an own CA": {
			jsonData: map[string]any{"endpoint": "https://minio:9000", "pathStyle": "true", "tlsAuthWithCACert": true},
			keys:     []string{"", "", "", certificate},
			want:     store.S3Config{Endpoint: "https://minio:9000", PathStyle: true, CACert: certificate},
		},
		"nobody for an open bucket": {
			jsonData: map[string]any{"lake": "s3://lake?anonymous=true", "authType": "keys", "assumeRoleArn": roleARN},
			keys:     []string{accessKey, secretKey},
			want:     store.S3Config{Anonymous: true},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if test.ctx == nil {
				test.ctx = t.Context()
			}
			if test.jsonData["lake"] == nil {
				test.jsonData["lake"] = "s3://lake"
			}
			s, err := plugin.ParseSettings(test.ctx, settings(t, test.jsonData, test.keys...), plugin.Admin{})
			if err != nil {
				t.Fatal(err)
			}
			test.want.Bucket = "lake"
			if diff := cmp.Diff(&test.want, plugin.S3Of(s.Lake)); diff != "" {
				t.Errorf("configuration (-want +got):\n%s", diff)
			}
			if strings.Contains(s.Lake.URL+s.Lake.String(), secretKey) {
				t.Errorf("a secret is in %s", s.Lake)
			}
		})
	}
}

func TestTheAdministratorsRules(t *testing.T) {
	for name, test := range map[string]struct {
		keys     map[string]string // of the section [aws]
		jsonData map[string]any
		want     []string // in the refusal; nil is none
	}{
		"nothing is told and keys are used":     {nil, map[string]any{"authType": "keys"}, nil},
		"nothing is told and a role is assumed": {nil, map[string]any{"assumeRoleArn": roleARN}, nil},
		"nothing is told of the instance's role": {nil, map[string]any{"authType": "ec2_iam_role"}, []string{
			"add it to allowed_auth_providers in the section [aws] of grafana.ini",
			"and auditlake-databricks-datasource to forward_settings_to_plugins there",
		}},
		"another provider is allowed": {
			map[string]string{"AWS_AUTH_AllowedAuthProviders": "default, ec2_iam_role"}, map[string]any{"authType": "ec2_iam_role"}, nil,
		},
		"keys are not": {
			map[string]string{"AWS_AUTH_AllowedAuthProviders": "default, ec2_iam_role"},
			map[string]any{"authType": "keys"},
			[]string{"does not allow the authentication provider keys: add it to allowed_auth_providers"},
		},
		"the default chain is not": {
			map[string]string{"AWS_AUTH_AllowedAuthProviders": "keys"}, map[string]any{}, []string{"provider default"},
		},
		"roles are not": {
			map[string]string{"AWS_AUTH_AssumeRoleEnabled": "false"}, map[string]any{"assumeRoleArn": roleARN}, []string{"assume_role_enabled = true"},
		},
		"roles are not, and none is assumed": {map[string]string{"AWS_AUTH_AssumeRoleEnabled": "false"}, map[string]any{}, nil},
		"a session that STS does not give": {
			map[string]string{"AWS_AUTH_SESSION_DURATION": "5m"}, map[string]any{"assumeRoleArn": roleARN}, []string{"session_duration", "from 15m to 12h"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			test.jsonData["lake"] = "s3://lake"
			_, err := plugin.ParseSettings(told(t, test.keys), settings(t, test.jsonData, accessKey, secretKey), plugin.Admin{})
			if (err != nil) != (test.want != nil) {
				t.Fatalf("error %v", err)
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not say %q", err, want)
				}
			}
			if err != nil && test.keys != nil && strings.Contains(err.Error(), "forward_settings_to_plugins") {
				t.Errorf("Grafana did tell: %v", err)
			}
		})
	}
}
