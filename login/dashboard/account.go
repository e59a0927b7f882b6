package dashboard

import "github.com/go-chi/chi/v5"

func (d *Dashboard) accountRoutes(r chi.Router) {}
