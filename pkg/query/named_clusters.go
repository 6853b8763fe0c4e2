package query

import "github.com/auditlake/auditlake/pkg/columnar"

// The columns of clusters that its queries read. See the gold table in
// docs/format.md for how they are derived.
var (
	colAction          = Column(columnar.String, "actionName")
	colActor           = Column(columnar.String, "actor")
	colDate            = Column(columnar.Date, DateColumn)
	colTime            = Column(columnar.Timestamp, TimeColumn)
	colStatus          = Column(columnar.Long, "response", "statusCode")
	colWorkspace       = Column(columnar.Long, "workspaceId")
	colClusterID       = Column(columnar.String, "clusterId")
	colClusterName     = Column(columnar.String, "requestParams", "cluster_name")
	colUserID          = Column(columnar.String, "requestParams", "user_id")
	colJobID           = Column(columnar.String, "jobId")
	colCreator         = Column(columnar.String, "creator")
	colInteractive     = Column(columnar.Boolean, "isInteractive")
	colAutotermination = Column(columnar.Long, "autoterminationMinutes")
)

func clusterQueries() []Named {
	clusters := []string{"clusters"}
	created := func(a Args, more ...Expr) Plan {
		return From("clusters", a.Range).Filter(append([]Expr{Eq(colAction, Str("create"))}, more...)...)
	}
	// An interactive cluster that nothing will ever stop. That autotermination is
	// off means nothing for job clusters: they end with their job, and all have 0.
	endless := func(a Args) Plan {
		return created(a, Compare{Equal, colInteractive, Bool(true)}, Eq(colAutotermination, Int(0)))
	}
	return []Named{
		{
			Name:          "clusters_created",
			Title:         "Clusters created",
			Description:   "How many clusters were created, by people and by jobs.",
			Group:         groupClusters,
			Visualization: "stat",
			Alertable:     true,
			Severity:      SeverityInfo,
			Tables:        clusters,
			Build: func(a Args) (Plan, error) {
				return created(a).Aggregate(nil, CountRows("num_clusters")), nil
			},
		},
		{
			Name:          "autotermination_off",
			Title:         "Clusters with autotermination off by creator",
			Description:   "Who created interactive clusters with autotermination off, and how many.",
			Group:         groupClusters,
			Visualization: "barchart",
			Alertable:     true,
			Severity:      SeverityWarning,
			Tables:        clusters,
			Build: func(a Args) (Plan, error) {
				return endless(a).
					Aggregate([]Output{As("email", colActor)}, CountRows("num_clusters")).
					Sort(Desc("num_clusters"), Asc("email")), nil
			},
		},
		{
			Name:          "clusters_created_per_day",
			Title:         "Clusters created per day",
			Description:   "How many clusters were created on each day (UTC), by people and by jobs.",
			Group:         groupClusters,
			Visualization: "timeseries",
			Alertable:     true,
			Severity:      SeverityInfo,
			Tables:        clusters,
			Build: func(a Args) (Plan, error) {
				return created(a).
					Aggregate([]Output{As("date", colDate)}, CountRows("num_clusters")).
					Sort(Asc("date")), nil
			},
		},
		{
			Name:          "clusters_by_creator",
			Title:         "Clusters by creator",
			Description:   "How many clusters were created by the job launcher, other services and users.",
			Group:         groupClusters,
			Visualization: "barchart",
			Alertable:     true,
			Severity:      SeverityInfo,
			Tables:        clusters,
			Build: func(a Args) (Plan, error) {
				return created(a).
					Aggregate([]Output{As("creator", colCreator)}, CountRows("num_clusters")).
					Sort(Desc("num_clusters"), Asc("creator")), nil
			},
		},
		{
			Name:          "clusters_by_job",
			Title:         "Clusters by job",
			Description:   "The jobs that created the most clusters.",
			Group:         groupClusters,
			Params:        []Param{limitParam()},
			Visualization: "table",
			Alertable:     true,
			Severity:      SeverityInfo,
			Tables:        clusters,
			Build: func(a Args) (Plan, error) {
				return created(a, NotNull(colJobID)).
					Aggregate([]Output{As("jobId", colJobID)}, CountRows("num_clusters")).
					Sort(Desc("num_clusters"), Asc("jobId")).
					Limit(a.Int("limit")), nil
			},
		},
		{
			Name:          "job_owner",
			Title:         "Owner of a job",
			Description:   "The user ids under which clusters were created for a job: of a job's cluster, that of the job's creator.",
			Group:         groupClusters,
			Params:        []Param{{Name: "job_id", Type: ParamString, Required: true, Description: "Id of the job"}},
			Visualization: "table",
			Tables:        clusters,
			Build: func(a Args) (Plan, error) {
				return created(a, Eq(colJobID, Str(a.String("job_id"))), NotNull(colUserID)).
					Aggregate(
						[]Output{As("jobId", colJobID), As("userId", colUserID)},
						CountRows("numClusters"),
						Agg{Name: "firstCreated", Func: Min, Arg: colTime},
					).
					Sort(Asc("firstCreated"), Asc("userId")), nil
			},
		},
		{
			Name:          "clusters_without_autotermination_per_day",
			Title:         "Clusters without autotermination per day",
			Description:   "How many interactive clusters were created on each day (UTC) with autotermination off.",
			Group:         groupClusters,
			Visualization: "timeseries",
			Alertable:     true,
			Severity:      SeverityWarning,
			Tables:        clusters,
			Build: func(a Args) (Plan, error) {
				return endless(a).
					Aggregate([]Output{As("date", colDate)}, CountRows("num_clusters")).
					Sort(Asc("date")), nil
			},
		},
		{
			Name:          "clusters_without_autotermination",
			Title:         "Clusters without autotermination",
			Description:   "The interactive clusters that were created with autotermination off, and by whom.",
			Group:         groupClusters,
			Visualization: "table",
			Tables:        clusters,
			Build: func(a Args) (Plan, error) {
				return endless(a).
					Project(
						As("time", colTime),
						As("email", colActor),
						As("clusterName", colClusterName),
						As("clusterId", colClusterID),
						As("workspaceId", Cast{colWorkspace, columnar.String}),
					).
					Sort(Asc("time"), Asc("clusterId")), nil
			},
		},
	}
}
