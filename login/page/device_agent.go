package page

import "strings"

// Names of browsers and systems as they stand in a User-Agent, the more special first: every browser says
// that it is several others too.
var (
	agentPrograms = [][2]string{
		{"Edg/", "Edge"}, {"EdgA/", "Edge"}, {"OPR/", "Opera"}, {"YaBrowser/", "Yandex Browser"},
		{"SamsungBrowser/", "Samsung Internet"}, {"Firefox/", "Firefox"}, {"FxiOS/", "Firefox"}, {"CriOS/", "Chrome"},
		{"HeadlessChrome/", "Chrome"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"}, {"curl/", "curl"}, {"Wget/", "Wget"},
		{"Go-http-client/", "Go"}, {"python-requests/", "Python"}, {"Python-urllib/", "Python"}, {"okhttp/", "OkHttp"},
		{"PostmanRuntime/", "Postman"}, {"Java/", "Java"},
	}
	agentSystems = [][2]string{
		{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"CrOS", "ChromeOS"}, {"Windows", "Windows"},
		{"Mac OS X", "macOS"}, {"Macintosh", "macOS"}, {"Tizen", "Tizen"}, {"Web0S", "webOS"}, {"Linux", "Linux"},
	}
)

// Agent says in a few words what a User-Agent names: "Firefox, Windows". What it does not know is shown by
// its first word, as a program names itself: "harbour-cli 1.2". Nothing of it is proved. "" for none.
func Agent(header string) string {
	var words []string
	for _, table := range [][][2]string{agentPrograms, agentSystems} {
		for _, known := range table {
			if strings.Contains(header, known[0]) {
				words = append(words, known[1])
				break
			}
		}
	}
	if len(words) > 0 {
		return strings.Join(words, ", ")
	}
	first, _, _ := strings.Cut(strings.TrimSpace(plain(header)), " ")
	return clean(strings.Replace(first, "/", " ", 1))
}
