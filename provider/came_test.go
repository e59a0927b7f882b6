package provider

import "testing"

// TestKeptURI: no credential of a refused URI is kept, and what is cut off counts as not whole.
func TestKeptURI(t *testing.T) {
	for uri, want := range map[string]string{
		"": "", "https://a.example": "", "https://a.example/cb?x=1&page=%2F2": "", "com.example.app:/cb": "", "http://[::1]:3000/cb": "",
		"https://a.example/@ann": "", "a.example/cb": "", "https://a.example/cb?next=https://a.example/b?x=1": "",

		"https://a.example/cb?token=s":                              "https://a.example/cb",
		"https://a.example/cb?x=1&Access_Token=s":                   "https://a.example/cb",
		"https://a.example/cb?x=1;code=s":                           "https://a.example/cb",
		"https://a.example/cb?%74oken=s":                            "https://a.example/cb",
		"https://a.example/cb?%2574oken=s":                          "https://a.example/cb",
		"https://a.example/cb?client_secret=s":                      "https://a.example/cb",
		"https://a.example/cb?password=s":                           "https://a.example/cb",
		"https://a.example/cb?apikey=s":                             "https://a.example/cb",
		"https://a.example/cb?x=propusk_pat_s":                      "https://a.example/cb",
		"https://a.example/cb?x=%zz":                                "https://a.example/cb",
		"https://a.example/cb?next=https%3A%2F%2Fb%2F%3Ftoken%3Ds":  "https://a.example/cb",
		"https://a.example/cb?next=https%253A%252F%252Fb%253Fkey=s": "https://a.example/cb",
		"https://a.example/cb?x=1#access_token=s":                   "https://a.example/cb?x=1",
		"https://a.example/cb#token?x=1":                            "https://a.example/cb",
		"https://ann:pw@a.example/cb?x=1":                           "https://a.example/cb?x=1",
		"https://ann:p@w@a.example":                                 "https://a.example",
		"https://ann:pw%40a.example/":                               "https://a.example/",
		"https:/ann:pw@a.example/":                                  "https:/a.example/",
		`https:\\ann:pw@a.example\x`:                                `https:\\a.example\x`,
		"https:///ann:pw@a.example/":                                "https:///a.example/",
		"//ann:pw@a.example/":                                       "//a.example/",
		"ann:pw@a.example/":                                         "a.example/",
		"https://ann:pw@a.example:bad/":                             "https://a.example:bad/",
	} {
		whole := want == ""
		if whole {
			want = uri
		}
		got, all := keptURI(uri)
		if got != want || all != whole {
			t.Errorf("%s: got %q, whole %t, want %q, %t", uri, got, all, want, whole)
		}
	}
}
