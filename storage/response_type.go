package storage

import "slices"

// ResponseTypes are the response types the app is registered for (OpenID Connect Dynamic Registration
// §2), as they are advertised: code alone where nothing is said.
func (a *App) ResponseTypes() []string {
	if len(a.Registration.ResponseTypes) == 0 {
		return responseTypes[:1:1]
	}
	return a.Registration.ResponseTypes
}

// Answers tells whether the app is registered for a response type.
func (a *App) Answers(responseType string) bool {
	return slices.Contains(a.ResponseTypes(), responseType)
}
