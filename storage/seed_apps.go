package storage

// seedScopes are what the seeded apps may ask for; yields nothing of phone and address while the person
// is away.
func seedScopes() []AppScope {
	return []AppScope{
		{Name: ScopeOpenID, Required: true, Offline: true},
		{Name: "profile", Required: true, Offline: true},
		{Name: "email", Required: true, Offline: true},
		{Name: "extern.api", Required: true, Offline: true},
		{Name: "phone"},
		{Name: "address"},
		{Name: ScopeOffline, Offline: true},
	}
}

// seedService is the app that owns extern.api.
func seedService() NewApp {
	return NewApp{Secret: "service-secret", App: App{
		ID: "service", Name: "Reports service", Names: map[string]string{"ru": "Служба отчётов"},
		Description: "A program without a person: client_credentials. It owns the scope extern.api.",
		Type:        AppService, Trusted: true,
		GrantTypes: []string{GrantClientCredentials}, AuthMethods: []string{AuthBasic},
		Scopes: []AppScope{{Name: "extern.api", Offline: true}},
	}}
}

// seedApps are the contract's apps besides the service.
func seedApps() []NewApp {
	grants := []string{GrantCode, GrantRefreshToken, GrantDeviceCode}
	withService := append(grants[:len(grants):len(grants)], GrantClientCredentials)
	methods := []string{AuthBasic, AuthPost}
	return []NewApp{
		{Secret: "demo-secret", App: App{
			ID: "demo", Name: "Demo", Names: map[string]string{"ru": "Демо"}, Description: "A web app on a server of its own.",
			Type: AppWeb, Trusted: true, AnyLoopback: true, RedirectURIs: []string{"http://localhost:8080/callback"},
			PostLogoutURIs: []string{"http://localhost:8080/"}, GrantTypes: withService, AuthMethods: methods, Scopes: seedScopes(),
		}},
		{Secret: "plain-secret", App: App{
			ID: "plain", Name: "Plain demo", Names: map[string]string{"ru": "Простое демо"}, Description: "As demo, for clients that know no PKCE.",
			Type: AppWeb, Trusted: true, AnyLoopback: true, WithoutPKCE: true, RedirectURIs: []string{"http://localhost:8080/callback"},
			PostLogoutURIs: []string{"http://localhost:8080/"}, GrantTypes: withService, AuthMethods: methods, Scopes: seedScopes(),
		}},
		{App: App{
			ID: "spa", Name: "Browser demo", Names: map[string]string{"ru": "Демо в браузере"}, Description: "JavaScript in a browser: no secret, PKCE.",
			Type: AppBrowser, Trusted: true, AnyLoopback: true, RedirectURIs: []string{"http://localhost:5173/callback"},
			PostLogoutURIs: []string{"http://localhost:5173/"}, GrantTypes: grants, Scopes: seedScopes(),
		}},
		{App: App{
			ID: "cli", Name: "Command line demo", Names: map[string]string{"ru": "Демо в терминале"}, Description: "A native app: loopback redirect on any port, device code.",
			Type: AppNative, Trusted: true, AnyLoopback: true,
			RedirectURIs:   []string{"http://127.0.0.1/callback", "http://[::1]/callback", "http://localhost/callback"},
			PostLogoutURIs: []string{"http://127.0.0.1/", "http://[::1]/", "http://localhost/"},
			GrantTypes:     grants, Scopes: seedScopes(),
		}},
		{Secret: "yourClientSecret", App: App{
			ID: "yourClientId", Name: "Your reporting app", Names: map[string]string{"ru": "Ваша учётная система"}, Description: "The example of the reporting service's document.",
			Type: AppWeb, Trusted: true, WithoutPKCE: true, InsecureRedirect: true, RedirectURIs: []string{"http://www.example.com/"},
			GrantTypes: []string{GrantCode, GrantDeviceCode}, AuthMethods: []string{AuthPost},
			Scopes: []AppScope{{Name: ScopeOpenID, Required: true, Offline: true}, {Name: "extern.api", Required: true, Offline: true}},
		}},
	}
}
