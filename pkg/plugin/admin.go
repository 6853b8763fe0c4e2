package plugin

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Admin is what the administrator of Grafana decides for all data sources of the
// plugin, in the section [plugin.auditlake-databricks-datasource] of grafana.ini.
type Admin struct {
	// AllowLocalFolders lets data sources name folders of Grafana's own machine.
	AllowLocalFolders bool
	// QueriesFolder has query files that every data source offers; "" for none.
	QueriesFolder string
	// ETL is one that starts with the process, whether or not anyone asks a data
	// source; nil if there is none.
	ETL *Settings
	// Problems is what is wrong with the keys for it, a *SettingsError; then there
	// is none.
	Problems error
}

// iniKeys are the keys of the section that make an ETL, by the key of the data
// source settings whose rules they follow.
var iniKeys = map[string]string{
	"sources":             "etl_sources",
	"lake":                "etl_lake",
	"schedule":            "etl_schedule",
	"queueUrl":            "etl_queue_url",
	"lookbackDays":        "etl_lookback_days",
	"etlMemoryMiB":        "etl_memory_mib",
	"bronzeRetentionDays": "etl_bronze_retention_days",
	"silverRetentionDays": "etl_silver_retention_days",
	"goldRetentionDays":   "etl_gold_retention_days",
	"authType":            "etl_auth_type",
	"profile":             "etl_profile",
	"assumeRoleArn":       "etl_assume_role_arn",
	"externalId":          "etl_external_id",
	"defaultRegion":       "etl_region",
	"endpoint":            "etl_endpoint",
	"pathStyle":           "etl_path_style",
	"register":            "etl_register",
	"glueDatabase":        "etl_glue_database",
	"trinoUrl":            "etl_trino_url",
	"trinoCatalog":        "etl_trino_catalog",
	"trinoSchema":         "etl_trino_schema",
	"trinoUser":           "etl_trino_user",
	"databricksHost":      "etl_databricks_host",
	"databricksAccountId": "etl_databricks_account_id",
	"databricksAuth":      "etl_databricks_auth",
	"databricksClientId":  "etl_databricks_client_id",
	"databricksListAll":   "etl_databricks_list_all",
}

// iniSecrets are those of the secure keys.
var iniSecrets = map[string]string{ // #nosec G101 -- names of keys, not their values
	"accessKey":    "etl_access_key",
	"secretKey":    "etl_secret_key",
	"sessionToken": "etl_session_token",
	"tlsCACert":    "etl_ca_cert",

	"trinoPassword":          "etl_trino_password",
	"trinoToken":             "etl_trino_token",
	"databricksToken":        "etl_databricks_token",
	"databricksClientSecret": "etl_databricks_client_secret",
}

// AdminFromEnv reads what Grafana makes of the section: the key
// allow_local_folders becomes GF_PLUGIN_ALLOW_LOCAL_FOLDERS. What is not clearly
// allowed is not.
func AdminFromEnv(getenv func(string) string) Admin {
	key := func(name string) string { return strings.TrimSpace(getenv("GF_PLUGIN_" + strings.ToUpper(name))) }
	allow, err := strconv.ParseBool(key("allow_local_folders"))
	admin := Admin{AllowLocalFolders: err == nil && allow, QueriesFolder: key("queries_folder")}
	admin.ETL, admin.Problems = admin.etl(key)
	return admin
}

func (a Admin) etl(key func(string) string) (*Settings, error) {
	f := fields{values: map[string]json.RawMessage{}, secure: map[string]string{}, name: iniName}
	for to, name := range iniKeys {
		if text := key(name); text != "" {
			f.set(to, text)
		}
	}
	for to, name := range iniSecrets {
		if text := key(name); text != "" {
			f.secure[to] = text
		}
	}
	if len(f.values) == 0 && len(f.secure) == 0 {
		return nil, nil
	}
	// What is given says how to sign in and what to trust.
	if f.secret("accessKey") != "" && f.text("authType") == "" {
		f.set("authType", authKeys)
	}
	if f.secret("tlsCACert") != "" {
		f.set("tlsAuthWithCACert", "true")
	}
	if _, given := f.given("sources"); !given {
		f.note("%s is not set: write where Databricks delivers, such as s3://bucket/delivery", iniName("sources"))
	}
	s, err := f.settings(a, ownRules)
	if problems, ok := errors.AsType[*SettingsError](err); ok {
		for i, p := range problems.Problems {
			problems.Problems[i] = fmt.Sprintf("section [plugin.%s] of grafana.ini: %s", ID, p)
		}
	}
	if err != nil || s.Schedule.Every == 0 {
		return nil, err
	}
	return &s, nil
}

// iniName is what the section calls a key of the settings.
func iniName(key string) string {
	for _, keys := range []map[string]string{iniKeys, iniSecrets} {
		if name, ok := keys[key]; ok {
			return name
		}
	}
	return key
}
