package dashboard

import "github.com/go-chi/chi/v5"

func (d *Dashboard) appRoutes(r chi.Router) {}
