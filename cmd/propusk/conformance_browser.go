package main

// The suite drives a browser of its own (HtmlUnit) by instructions in its configuration: for each URL
// it opens, tasks in the order in which pages come, each with the URL it applies to and commands on the
// page. Everything here is about propusk's pages: their paths, field names and button ids are the
// contract that every build keeps.

// object is a JSON object of the suite's configuration.
type object = map[string]any

// command is one step on a page: what to do, how to find the element, what with.
type command = []any

// browser writes instructions for a provider and a suite at their places.
type browser struct{ issuer, suite string }

// task is one page: its URL pattern and the steps on it.
func task(name, match string, steps ...command) object {
	if steps == nil {
		steps = []command{}
	}
	return object{"task": name, "match": match, "commands": steps}
}

// optional marks a task whose page need not come: a session or a remembered consent leaves it out.
func optional(t object) object {
	t["optional"] = true
	return t
}

// visit is what happens after the suite opened a URL.
func visit(match string, tasks ...object) object {
	return object{"match": match, "tasks": tasks}
}

// keepPage stores the page as the evidence a person looks at; the module then ends with REVIEW.
func keepPage(by, selector string) command {
	return command{"wait", by, selector, 10, "(?s).*", "update-image-placeholder"}
}

// keepIfAsked is keepPage for pages that a module asks for the second time only.
func keepIfAsked(by, selector string) command {
	return command{"wait", by, selector, 10, "(?s).*", "update-image-placeholder-optional"}
}

// anything matches whatever page is shown.
const anything = "//*"

// signIn fills the sign-in form as alice, after the given steps.
func (b browser) signIn(before ...command) object {
	steps := append(before[:len(before):len(before)],
		command{"text", "name", "username", "alice"},
		command{"text", "name", "password", "alice"},
		command{"click", "id", "login-submit"})
	return optional(task("sign in", b.issuer+"/login*", steps...))
}

// consentBoxes is how many boxes the consent page may show unticked: one for each optional scope.
const consentBoxes = 6

// allow ticks every box and allows.
func (b browser) allow() object {
	var steps []command
	for range consentBoxes {
		steps = append(steps, command{"click", "css", "input[name=scope]:not(:checked)", "optional"})
	}
	return optional(task("allow", b.issuer+"/consent*", append(steps, command{"click", "id", "consent-allow"})...))
}

// back waits until the suite has taken the answer. The pattern begins with the suite's place, because
// the redirect_uri stands in the URL of the request as well.
func (b browser) back() object {
	return task("back at the suite", b.suite+"/test/*/callback*", command{"wait", "id", "submission_complete", 10})
}

// login is a whole login.
func (b browser) login(before ...command) object {
	return visit(b.issuer+"/connect/authorize*", b.signIn(before...), b.allow(), b.back())
}

// logout is an RP-initiated logout that comes back.
func (b browser) logout() object {
	return visit(b.issuer+"/connect/endsession*", b.confirm(), task("back after the logout", b.suite+"/test/*/post_logout_redirect*"))
}

// frames waits for what the session management frames found out.
func (b browser) frames() object {
	return visit("*session_verify*", task("frames", "*", command{"wait", "contains", "session_result", 15}))
}

// confirm presses the button where the logout has to be confirmed.
func (b browser) confirm() object {
	return optional(task("confirm the logout", b.issuer+"*", command{"click", "id", "logout-yes", "optional"}))
}

// refused is a request that must end on an error page at the very URL.
func (b browser) refused() object {
	at := b.issuer + "/connect/authorize*"
	return object{"browser": []object{visit(at, task("error page", at, keepPage("xpath", anything)))}}
}

// again is two logins, of which the second must show the sign-in form.
func (b browser) again() object {
	return object{"browser": []object{b.login(keepIfAsked("id", "login-submit"))}}
}

// linked is a sign-in page that must show the app's logo or links.
func (b browser) linked() object {
	return object{"browser": []object{visit(b.issuer+"/connect/authorize*",
		task("sign-in page", b.issuer+"/login*", keepPage("id", "login-submit")))}}
}

// notReturned is a logout request that must not be answered by a redirect; confirmed says whether the
// person still logs out.
func (b browser) notReturned(confirmed bool) object {
	tasks := []object{task("page instead of a redirect", b.issuer+"*", keepPage("xpath", anything))}
	if confirmed {
		tasks = append([]object{b.confirm()}, tasks...)
	}
	return object{"browser": []object{b.login(), visit(b.issuer+"/connect/endsession*", tasks...)}}
}

// overrides are the modules that need other instructions than a login and a logout.
func (b browser) overrides() object {
	all := object{}
	for _, kind := range []struct {
		instructions object
		modules      []string
	}{
		{b.again(), []string{"oidcc-prompt-login", "oidcc-max-age-1"}},
		{b.refused(), []string{"oidcc-ensure-registered-redirect-uri", "oidcc-redirect-uri-query-mismatch",
			"oidcc-redirect-uri-query-added", "oidcc-ensure-redirect-uri-in-authorization-request"}},
		{b.linked(), []string{"oidcc-registration-logo-uri", "oidcc-registration-policy-uri", "oidcc-registration-tos-uri"}},
		{b.notReturned(false), []string{"oidcc-rp-initiated-logout-bad-post-logout-redirect-uri",
			"oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri",
			"oidcc-rp-initiated-logout-modified-id-token-hint", "oidcc-rp-initiated-logout-bad-id-token-hint",
			"oidcc-rp-initiated-logout-no-id-token-hint"}},
		{b.notReturned(true), []string{"oidcc-rp-initiated-logout-no-params",
			"oidcc-rp-initiated-logout-no-post-logout-redirect-uri", "oidcc-rp-initiated-logout-only-state"}},
	} {
		for _, module := range kind.modules {
			all[module] = kind.instructions
		}
	}
	return all
}
