package generate

import (
	"cmp"
	"maps"
	"slices"
)

// Panels holds the rows of each named query as `auditlake query --format json`
// prints them: columns in this order, sorted as the query says.
type Panels struct {
	ClustersCreatedPerDay                []DateClusters           `json:"clusters_created_per_day"`
	ClustersByCreator                    []CreatorClusters        `json:"clusters_by_creator"`
	ClustersByJob                        []JobClusters            `json:"clusters_by_job"`
	JobOwner                             JobOwnerPanel            `json:"job_owner"`
	ClustersWithoutAutoterminationPerDay []DateClusters           `json:"clusters_without_autotermination_per_day"`
	ClustersWithoutAutotermination       []WithoutAutotermination `json:"clusters_without_autotermination"`
	LoginsByMethod                       []DateLogins             `json:"logins_by_method"`
	FailedLogins                         []DateFailed             `json:"failed_logins"`
	FailedLoginsByUser                   []UserFailed             `json:"failed_logins_by_user"`
}

// DateClusters is a row of the panels that count clusters by day.
type DateClusters struct {
	Date        string `json:"date"`
	NumClusters int    `json:"num_clusters"`
}

// CreatorClusters is a row of clusters_by_creator.
type CreatorClusters struct {
	Creator     string `json:"creator"`
	NumClusters int    `json:"num_clusters"`
}

// JobClusters is a row of clusters_by_job.
type JobClusters struct {
	JobID       string `json:"jobId"`
	NumClusters int    `json:"num_clusters"`
}

// JobOwnerPanel is job_owner with job_id set to the most frequent job.
type JobOwnerPanel struct {
	JobID Nullable   `json:"job_id"`
	Rows  []JobOwner `json:"rows"`
}

// JobOwner is a row of job_owner.
type JobOwner struct {
	JobID        string `json:"jobId"`
	UserID       string `json:"userId"`
	NumClusters  int    `json:"numClusters"`
	FirstCreated string `json:"firstCreated"`
}

// WithoutAutotermination is a row of clusters_without_autotermination. Email
// and ClusterID can be null.
type WithoutAutotermination struct {
	Time        string   `json:"time"`
	Email       Nullable `json:"email"`
	ClusterName string   `json:"clusterName"`
	ClusterID   Nullable `json:"clusterId"`
	WorkspaceID string   `json:"workspaceId"`

	at int64 // epoch ms
}

// DateLogins is a row of logins_by_method.
type DateLogins struct {
	Date      string `json:"date"`
	Method    string `json:"method"`
	NumLogins int    `json:"num_logins"`
}

// DateFailed is a row of failed_logins.
type DateFailed struct {
	Date      string `json:"date"`
	NumFailed int    `json:"num_failed"`
}

// UserFailed is a row of failed_logins_by_user.
type UserFailed struct {
	User      Nullable `json:"user"`
	NumFailed int      `json:"num_failed"`
	Last      string   `json:"last"`
}

func (t *tally) panels() Panels {
	// Not nil, so that a query without rows is [] and not null.
	p := Panels{
		ClustersCreatedPerDay: []DateClusters{}, ClustersByCreator: []CreatorClusters{}, ClustersByJob: []JobClusters{},
		ClustersWithoutAutoterminationPerDay: []DateClusters{}, ClustersWithoutAutotermination: []WithoutAutotermination{},
		LoginsByMethod: []DateLogins{}, FailedLogins: []DateFailed{}, FailedLoginsByUser: []UserFailed{},
		JobOwner: t.jobOwner(),
	}
	for _, day := range days(t.createdOn) {
		p.ClustersCreatedPerDay = append(p.ClustersCreatedPerDay, DateClusters{dateOf(day * dayMillis), t.createdOn[day]})
	}
	for _, c := range byCount(t.byCreator) {
		p.ClustersByCreator = append(p.ClustersByCreator, CreatorClusters{c, t.byCreator[c]})
	}
	for _, j := range first(byCount(t.byJob)) {
		p.ClustersByJob = append(p.ClustersByJob, JobClusters{j, t.byJob[j]})
	}
	p.ClustersWithoutAutotermination = append(p.ClustersWithoutAutotermination, t.endlessRows()...)
	endlessOn := map[int64]int{}
	for _, row := range t.endless {
		endlessOn[row.at/dayMillis]++
	}
	for _, day := range days(endlessOn) {
		p.ClustersWithoutAutoterminationPerDay = append(p.ClustersWithoutAutoterminationPerDay, DateClusters{dateOf(day * dayMillis), endlessOn[day]})
	}
	for _, l := range slices.SortedFunc(maps.Keys(t.logins), func(a, b login) int {
		return cmp.Or(cmp.Compare(a.day, b.day), cmp.Compare(a.method, b.method))
	}) {
		p.LoginsByMethod = append(p.LoginsByMethod, DateLogins{dateOf(l.day * dayMillis), l.method, t.logins[l]})
	}
	for _, day := range days(t.failedOn) {
		p.FailedLogins = append(p.FailedLogins, DateFailed{dateOf(day * dayMillis), t.failedOn[day]})
	}
	for _, user := range first(slices.SortedFunc(maps.Keys(t.failedBy), func(a, b string) int {
		return cmp.Or(cmp.Compare(t.failedBy[b].n, t.failedBy[a].n), cmp.Compare(a, b))
	})) {
		f := t.failedBy[user]
		p.FailedLoginsByUser = append(p.FailedLoginsByUser, UserFailed{Nullable(user), f.n, stamp(f.last)})
	}
	return p
}

func (t *tally) jobOwner() JobOwnerPanel {
	panel := JobOwnerPanel{JobID: Nullable(topJob(t.byJob)), Rows: []JobOwner{}}
	for key, o := range t.owners {
		if key.job == string(panel.JobID) {
			panel.Rows = append(panel.Rows, JobOwner{key.job, key.user, o.n, stamp(o.first)})
		}
	}
	slices.SortFunc(panel.Rows, func(a, b JobOwner) int {
		return cmp.Or(cmp.Compare(a.FirstCreated, b.FirstCreated), cmp.Compare(a.UserID, b.UserID))
	})
	return panel
}

// days returns the keys in order.
func days(counts map[int64]int) []int64 { return slices.Sorted(maps.Keys(counts)) }

func first[T any](rows []T) []T { return rows[:min(queryLimit, len(rows))] }
