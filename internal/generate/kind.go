package generate

// kind is one action of one service.
type kind struct {
	service string // empty: the event has serviceName null or ""
	action  string
	// weight is the share in bulk traffic; zero for what only the planner places.
	weight int
	// fail is how often, in 10,000, the status is not 200.
	fail   int
	level  level
	who    who
	reply  reply
	params []param
	// method is what panels call a login of this kind, empty if it is none.
	method string
}

type level uint8

const (
	workspaceLevel level = iota
	accountLevel
)

// who acts.
type who uint8

const (
	anyone    who = iota // a human or a service principal
	human                // a person
	system               // System-User
	owner                // of the cluster or job that the event is about
	logsIn               // a login: the user is also a parameter
	attacked             // a login of a burst: the user is fixed by the burst
	principal            // a service principal
)

// reply is the shape of the response.
type reply uint8

const (
	statusOnly reply = iota
	noReply          // response null
	clusterResult
	jobResult
	runResult
	commandResult // a failure has status 1
	scanResult
)

// loginActions are the actions of service accounts that count as a login.
var loginActions = []string{
	"login", "aadBrowserLogin", "aadTokenLogin", "certLogin", "jwtLogin", "mfaLogin", "oidcBrowserLogin",
	"oidcTokenAuthorization", "samlLogin", "tokenLogin", "passwordVerifyAuthentication",
}

// loginMethod is what the panels call a login, empty for anything else.
func (k *kind) loginMethod() string {
	switch k.service {
	case "accounts":
		for _, a := range loginActions {
			if a == k.action {
				return a
			}
		}
	case "ssh":
		if k.action == "login" {
			return "ssh.login"
		}
	}
	return ""
}

// goldTable names the table of a service. Only '-' needs care: the catalogue
// has no other odd character, which a test holds.
func (k *kind) goldTable() string {
	if k.service == "" {
		return "_unknown"
	}
	name := []byte(k.service)
	for i, c := range name {
		switch {
		case c == '-':
			name[i] = '_'
		case 'A' <= c && c <= 'Z':
			name[i] = c + 'a' - 'A'
		}
	}
	return string(name)
}
