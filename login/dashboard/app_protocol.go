package dashboard

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/propusk/propusk/login"
	"github.com/propusk/propusk/login/page"
	"github.com/propusk/propusk/storage"
)

// appProtocol is GET /apps/{id}/protocol.
func (d *Dashboard) appProtocol(w http.ResponseWriter, r *http.Request, m *login.Member, app *storage.App) {
	d.pages.Show(w, r, page.View{}, d.protocolPage(r, m, app, page.Mistake{}))
}

// flowKeys are the texts of the response types, in the order of the page.
var flowKeys = []page.Box{
	{Value: "code", Key: "protocol.flow_code"},
	{Value: "code id_token", Key: "protocol.flow_code_id_token"},
	{Value: "code token", Key: "protocol.flow_code_token"},
	{Value: "code id_token token", Key: "protocol.flow_code_id_token_token"},
	{Value: "id_token", Key: "protocol.flow_id_token"},
	{Value: "id_token token", Key: "protocol.flow_id_token_token"},
}

// protocolPage is the page; app holds what was typed where wrong says that it was refused.
func (d *Dashboard) protocolPage(r *http.Request, m *login.Member, app *storage.App, wrong page.Mistake) page.AppProtocol {
	reg := &app.Registration
	p := page.AppProtocol{
		AppHead:     d.appHead(r, m, app, "protocol"),
		RequestURIs: page.Field{Name: "request_uris", Value: strings.Join(reg.RequestURIs, "\n"), Rows: 2, Hold: "https://", Wrong: wrong},
		RequestAlg:  oneOf("request_object_signing_alg", "any_alg", reg.RequestObjectAlg, storage.ClientSigningAlgs, wrong),
		Implicit:    d.config.Implicit,
		SectorURI:   link("sector_identifier_uri", reg.SectorIdentifierURI, wrong),
		MaxAge:      page.Field{Name: "default_max_age", Kind: "number", Wrong: wrong},
		ACRs:        page.Field{Name: "default_acr_values", Value: strings.Join(reg.DefaultACRValues, " "), Wrong: wrong},
		AuthTime:    reg.RequireAuthTime,
		Initiate:    link("initiate_login_uri", reg.InitiateLoginURI, wrong),
		Back:        link("backchannel_logout_uri", reg.BackchannelLogoutURI, wrong),
		BackSID:     reg.BackchannelSession,
		Front:       link("frontchannel_logout_uri", reg.FrontchannelLogoutURI, wrong),
		FrontSID:    reg.FrontchannelSession,
		Undelivered: d.undelivered(r.Context(), app),
	}
	p.Mistake = wrong
	if reg.DefaultMaxAge != nil {
		p.MaxAge.Value = strconv.FormatInt(*reg.DefaultMaxAge, 10)
	}
	pairwise := reg.SubjectType == storage.SubjectPairwise
	if pairwise {
		p.Sector = reg.Sector
	}
	p.Subjects = []page.Box{{Value: storage.SubjectPublic, Key: "protocol.subject_public", Checked: !pairwise},
		{Value: storage.SubjectPairwise, Key: "protocol.subject_pairwise", Checked: pairwise}}
	var dormant []string
	for _, flow := range flowKeys {
		flow.Checked = app.Answers(flow.Value) && (flow.Value != "code" || app.Allows(storage.GrantCode))
		p.Responses = append(p.Responses, flow)
		if flow.Checked && flow.Value != "code" && !d.config.Implicit {
			dormant = append(dormant, flow.Value)
		}
	}
	p.Dormant = strings.Join(dormant, ", ")
	return p
}

// undelivered counts the sign-outs that the app was not told of.
func (d *Dashboard) undelivered(ctx context.Context, app *storage.App) int {
	for _, n := range d.noticesOf(ctx, app) {
		if n.Kind == storage.NoticeLogouts {
			return n.Count
		}
	}
	return 0
}

// changeProtocol is POST /apps/{id}/protocol.
func (d *Dashboard) changeProtocol(w http.ResponseWriter, r *http.Request, m *login.Member, app *storage.App) {
	form, ok := d.people.MemberForm(w, r, m, "response_type")
	if !ok {
		return
	}
	section := form.Get("section")
	change := protocolChange(section, form)
	if change == nil || section == "flows" && !d.config.Implicit {
		d.badSection(w, r)
		return
	}
	again := func(wrong page.Mistake) {
		typed := *app
		change(&typed)
		d.pages.Show(w, r, unprocessable, d.protocolAgain(r, m, &typed, form, wrong))
	}
	if section == "flows" && len(form["response_type"]) == 0 && storage.May(m.Actor, storage.AppWrite, app) {
		again(page.Mistake{Field: "response_types", Text: "protocol.flow_none"})
		return
	}
	d.updateApp(w, r, m, app, section, change, again)
}

// protocolChange is what the form of a section changes; nil where there is no such section.
func protocolChange(section string, form url.Values) func(*storage.App) {
	switch section {
	case "requests":
		return func(a *storage.App) {
			text(form, "request_object_signing_alg", &a.Registration.RequestObjectAlg)
			many(form, "request_uris", &a.Registration.RequestURIs)
		}
	case "flows":
		return func(a *storage.App) { a.Registration.ResponseTypes = slices.Clone(form["response_type"]) }
	case "people":
		return func(a *storage.App) { peopleSettings(form, &a.Registration) }
	case "signout":
		return func(a *storage.App) {
			text(form, "backchannel_logout_uri", &a.Registration.BackchannelLogoutURI)
			text(form, "frontchannel_logout_uri", &a.Registration.FrontchannelLogoutURI)
			a.Registration.BackchannelSession = form.Has("backchannel_logout_session_required")
			a.Registration.FrontchannelSession = form.Has("frontchannel_logout_session_required")
		}
	}
	return nil
}

// peopleSettings sets how people arrive at the app.
func peopleSettings(form url.Values, reg *storage.Registration) {
	text(form, "subject_type", &reg.SubjectType)
	text(form, "sector_identifier_uri", &reg.SectorIdentifierURI)
	text(form, "initiate_login_uri", &reg.InitiateLoginURI)
	reg.RequireAuthTime = form.Has("require_auth_time")
	if age, empty, there := number(form, "default_max_age"); there {
		reg.DefaultMaxAge = &age
		if empty {
			reg.DefaultMaxAge = nil
		}
	}
	if form.Has("default_acr_values") {
		reg.DefaultACRValues = strings.Fields(form.Get("default_acr_values"))
	}
}

// protocolAgain is the page with what was typed and what was wrong with it.
func (d *Dashboard) protocolAgain(r *http.Request, m *login.Member, typed *storage.App, form url.Values, wrong page.Mistake) page.AppProtocol {
	switch form.Get("section") {
	case "requests":
		wrong = placed(inLines(wrong, form.Get("request_uris")), "request_uris", "request_object_signing_alg")
	case "flows":
		wrong = placed(wrong, "response_types")
	case "people":
		wrong = placed(wrong, "subject_type", "sector_identifier_uri", "default_max_age", "default_acr_values", "initiate_login_uri")
	case "signout":
		wrong = placed(wrong, "backchannel_logout_uri", "frontchannel_logout_uri")
	}
	switch wrong.Field { // storage names no value there
	case "default_max_age":
		wrong.Text = "protocol.max_age_wrong"
	case "default_acr_values":
		wrong.Text = "protocol.acr_wrong"
	}
	p := d.protocolPage(r, m, typed, wrong)
	if form.Has("default_max_age") {
		p.MaxAge.Value = form.Get("default_max_age")
	}
	if form.Has("request_uris") {
		p.RequestURIs.Value = form.Get("request_uris")
	}
	return p
}
