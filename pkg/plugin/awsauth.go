package plugin

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/config"

	"github.com/auditlake/auditlake/pkg/store"
)

// The values of authType, which are those of Grafana's AWS data sources.
const (
	authDefault      = "default"
	authKeys         = "keys"
	authCredentials  = "credentials"
	authInstanceRole = "ec2_iam_role"
	authGrafanaCloud = "grafana_assume_role"
)

// awsRules is what the section [aws] of grafana.ini lets data sources do.
type awsRules struct {
	providers  []string // nil allows all
	told       bool     // Grafana told the plugin, which it does only where it is asked to
	assumeRole bool
	externalID string // for roles without one of their own
	session    time.Duration
	sessionOK  bool
}

// ownRules are those for who writes grafana.ini.
var ownRules = awsRules{assumeRole: true, sessionOK: true}

// awsRulesFrom reads what came with a request. Grafana sends its section [aws]
// only to plugins that forward_settings_to_plugins names there. To others applies
// what Grafana's own AWS data sources go by then: the providers that are allowed
// by default, which leave out the EC2 role, and roles may be assumed.
func awsRulesFrom(ctx context.Context) awsRules {
	rules := awsRules{providers: []string{authDefault, authKeys, authCredentials}, assumeRole: true, sessionOK: true}
	grafana := config.GrafanaConfigFromContext(ctx)
	if grafana == nil {
		return rules
	}
	allowed := strings.FieldsFunc(grafana.Get("AWS_AUTH_AllowedAuthProviders"), func(r rune) bool { return r == ',' || r == ' ' })
	if len(allowed) > 0 {
		rules.providers, rules.told = allowed, true
	}
	if text := grafana.Get("AWS_AUTH_AssumeRoleEnabled"); text != "" {
		enabled, err := strconv.ParseBool(text)
		rules.assumeRole, rules.told = enabled && err == nil, true
	}
	rules.externalID = grafana.Get("AWS_AUTH_EXTERNAL_ID")
	if text := grafana.Get("AWS_AUTH_SESSION_DURATION"); text != "" {
		d, err := parseDuration(text)
		rules.session, rules.sessionOK = d, err == nil && d >= store.MinSession && d <= store.MaxSession
	}
	return rules
}

// signIn is the part of a store's configuration that says how to sign in.
func (f *fields) signIn(rules awsRules) (to store.S3Config) {
	provider := cmp.Or(f.text("authType"), authDefault)
	switch provider {
	case authDefault:
	case authKeys:
		to.AccessKeyID, to.SecretAccessKey, to.SessionToken = f.secret("accessKey"), f.secret("secretKey"), f.secret("sessionToken")
		if to.AccessKeyID == "" || to.SecretAccessKey == "" {
			f.note("access key ID and secret access key are both needed: enter %s and %s, or choose another authentication provider",
				f.name("accessKey"), f.name("secretKey"))
		}
	case authCredentials:
		to.Profile = cmp.Or(f.text("profile"), "default")
	case authInstanceRole:
		to.InstanceRole = true
	case authGrafanaCloud:
		f.say("authType", "only Grafana Cloud has a role of its own to sign in with: choose another authentication provider, with a role to assume if it is another account's")
		return to
	default:
		f.say("authType", "the authentication provider is not known: choose default, keys, credentials or ec2_iam_role")
		return to
	}
	if rules.providers != nil && !slices.Contains(rules.providers, provider) {
		f.say("authType", "the administrator does not allow the authentication provider %s: add it to allowed_auth_providers in the section [aws] of grafana.ini%s",
			provider, rules.untold())
	}
	f.role(rules, &to)
	return to
}

// role adds the role to assume.
func (f *fields) role(rules awsRules, to *store.S3Config) {
	role := f.text("assumeRoleArn")
	if role == "" {
		return
	}
	if !strings.HasPrefix(role, "arn:") {
		f.say("assumeRoleArn", "write the ARN of a role, such as arn:aws:iam::111122223333:role/auditlake")
	}
	if !rules.assumeRole {
		f.say("assumeRoleArn", "the administrator does not allow roles to be assumed: set assume_role_enabled = true in the section [aws] of grafana.ini, or leave the role empty")
	}
	if !rules.sessionOK {
		f.say("assumeRoleArn", "session_duration in the section [aws] of grafana.ini must be from %s to %s", shortly(store.MinSession), shortly(store.MaxSession))
	}
	to.RoleARN, to.SessionDuration = role, rules.session
	to.ExternalID = cmp.Or(f.text("externalId"), rules.externalID)
}

// untold is what else to do where Grafana does not tell the plugin its rules.
func (r awsRules) untold() string {
	if r.told {
		return ""
	}
	return ", and " + ID + " to forward_settings_to_plugins there, without which plugins do not learn of it"
}
