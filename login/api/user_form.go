package api

import (
	"maps"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/propusk/propusk/storage"
)

// User is a person. Standard claims (OpenID Connect Core §5.1) stand at the top under their names, all
// others in Claims; in Go only the form of the document is needed, see [UserDocument].
type User struct {
	Sub       string    `json:"sub" doc:"id of the person, never reused" example:"0000000000000000000000a11c" readOnly:"true"`
	Login     string    `json:"login" maxLength:"128" doc:"name to sign in with, without @" example:"alice"`
	Access    string    `json:"access" enum:"full,partial" doc:"full is an administrator"`
	Disabled  bool      `json:"disabled" doc:"cannot sign in; all of their tokens are dead"`
	InviteURL string    `json:"invite_url,omitempty" doc:"only in the answer to what invited them, once" readOnly:"true"`
	CreatedAt time.Time `json:"created_at" readOnly:"true"`
	UpdatedAt time.Time `json:"updated_at" readOnly:"true"`
	OwnClaims
	Claims map[string]any `json:"claims,omitempty" doc:"free-form claims, and standard ones in further languages" example:"{\"department\":\"Harbour\"}"`
}

// OwnClaims are the standard claims.
type OwnClaims struct {
	Name                string   `json:"name" doc:"whole name" example:"Alice Novak"`
	NameEn              string   `json:"name#en,omitempty"`
	NameRu              string   `json:"name#ru,omitempty" example:"Алиса Новикова"`
	GivenName           string   `json:"given_name,omitempty" example:"Alice"`
	GivenNameEn         string   `json:"given_name#en,omitempty"`
	GivenNameRu         string   `json:"given_name#ru,omitempty"`
	FamilyName          string   `json:"family_name,omitempty" example:"Novak"`
	FamilyNameEn        string   `json:"family_name#en,omitempty"`
	FamilyNameRu        string   `json:"family_name#ru,omitempty"`
	MiddleName          string   `json:"middle_name,omitempty"`
	MiddleNameEn        string   `json:"middle_name#en,omitempty"`
	MiddleNameRu        string   `json:"middle_name#ru,omitempty"`
	Nickname            string   `json:"nickname,omitempty"`
	PreferredUsername   string   `json:"preferred_username,omitempty"`
	Profile             string   `json:"profile,omitempty" doc:"URL of a page about the person"`
	Picture             string   `json:"picture,omitempty" doc:"URL of a picture of the person"`
	Website             string   `json:"website,omitempty"`
	Gender              string   `json:"gender,omitempty"`
	Birthdate           string   `json:"birthdate,omitempty" doc:"YYYY-MM-DD" example:"1988-04-12"`
	Zoneinfo            string   `json:"zoneinfo,omitempty" doc:"time zone" example:"Europe/Moscow"`
	Locale              string   `json:"locale,omitempty" doc:"language tag" example:"en-GB"`
	Email               string   `json:"email" doc:"unique; empty: none" example:"alice@example.com"`
	EmailVerified       bool     `json:"email_verified"`
	PhoneNumber         string   `json:"phone_number,omitempty" example:"+7 921 555-01-42"`
	PhoneNumberVerified bool     `json:"phone_number_verified,omitempty"`
	Address             *Address `json:"address,omitempty"`
	AddressEn           *Address `json:"address#en,omitempty"`
	AddressRu           *Address `json:"address#ru,omitempty"`
}

// Address is the address claim (OpenID Connect Core §5.1.1).
type Address struct {
	Formatted     string `json:"formatted,omitempty"`
	StreetAddress string `json:"street_address,omitempty" example:"12 Harbour St"`
	Locality      string `json:"locality,omitempty"`
	Region        string `json:"region,omitempty"`
	PostalCode    string `json:"postal_code,omitempty"`
	Country       string `json:"country,omitempty"`
}

// UserDocument is a person as it is answered; its form is that of [User].
type UserDocument map[string]any

// Schema is that of [User].
func (UserDocument) Schema(r huma.Registry) *huma.Schema { return r.Schema(typeOf[User](), true, "") }

// NewUser is what makes a person.
type NewUser map[string]any

// Schema says what a person is made of.
func (NewUser) Schema(r huma.Registry) *huma.Schema {
	return schemaOf(r, typeOf[User](), shape{name: "NewUser", required: []string{"login"}, extra: map[string]*huma.Schema{
		"password": {Type: huma.TypeString, WriteOnly: true, Description: "first password; without it, or an invitation, nobody can sign in"},
		"invite":   {Type: huma.TypeBoolean, WriteOnly: true, Description: "make a one-time link by which the person sets the first password, instead of password"},
	}})
}

// UserPatch is a merge patch of a person.
type UserPatch map[string]any

// keptOfUser cannot be removed from a person.
var keptOfUser = []string{"login", "access", "disabled"}

// Schema says what administrators can change of a person.
func (UserPatch) Schema(r huma.Registry) *huma.Schema {
	return schemaOf(r, typeOf[User](), shape{name: "UserPatch", patch: true, keep: keptOfUser})
}

// MePatch is a merge patch of one's own account.
type MePatch map[string]any

// refusedOfMe is for administrators to change: who sends it is refused whatever its value.
var refusedOfMe = []string{"login", "access", "disabled", "email", "email_verified", "phone_number_verified", "claims"}

// Schema says what people can change of themselves.
func (MePatch) Schema(r huma.Registry) *huma.Schema {
	return schemaOf(r, typeOf[User](), shape{name: "MePatch", patch: true, refused: refusedOfMe})
}

// standard are the claims that stand at the top of a document though storage keeps them among the others.
var standard = func() map[string]bool {
	names := map[string]bool{}
	for name := range huma.SchemaFromType(huma.NewMapRegistry("#/", huma.DefaultSchemaNamer), typeOf[OwnClaims]()).Properties {
		names[name] = true
	}
	delete(names, "name")
	delete(names, "email")
	delete(names, "email_verified")
	return names
}()

// viewUser is a person as it is answered. Claims that are no standard ones, or not of their type, are in
// claims.
func viewUser(u *storage.User) UserDocument {
	view := UserDocument(changeable(u))
	view["sub"], view["disabled"] = u.ID, u.Disabled()
	view["created_at"], view["updated_at"] = u.CreatedAt.UTC(), u.UpdatedAt.UTC()
	if len(u.Claims) == 0 || len(view["claims"].(map[string]any)) == 0 {
		delete(view, "claims")
	}
	return view
}

// changeable is what UpdateUser can change, as a document of its own.
func changeable(u *storage.User) map[string]any {
	others := map[string]any{}
	view := map[string]any{"login": u.Login, "name": u.Name, "email": u.Email, "email_verified": u.EmailVerified,
		"access": string(u.Access), "claims": others}
	for name, value := range u.Claims {
		if standard[name] {
			view[name] = value
		} else {
			others[name] = value
		}
	}
	return view
}

// claimsOf gathers the claims of a document as storage keeps them.
func claimsOf(document fields) (map[string]any, error) {
	claims := map[string]any{}
	for name, value := range document {
		if standard[name] {
			claims[name] = value
		}
	}
	others, _ := document["claims"].(map[string]any)
	for name := range others {
		if standard[name] {
			return nil, &fault{"body.claims." + name, "is a standard claim: it stands at the top of the document"}
		}
	}
	maps.Copy(claims, others)
	return claims, nil
}

// changeUser applies a merge patch to a person. An address that is changed is not verified any more,
// unless the patch says so.
func changeUser(u *storage.User, patch fields) error {
	document, _ := merge(changeable(u), map[string]any(patch)).(map[string]any)
	now := fields(document)
	claims, err := claimsOf(now)
	if err != nil {
		return err
	}
	if now.text("phone_number") != fields(u.Claims).text("phone_number") && !patch.sent("phone_number_verified") {
		delete(claims, "phone_number_verified")
	}
	verified := now.flag("email_verified")
	if now.text("email") != u.Email && !patch.sent("email_verified") {
		verified = false
	}
	u.Login, u.Name, u.Email, u.EmailVerified = now.text("login"), now.text("name"), now.text("email"), verified
	u.Access, u.Claims = storage.Access(now.text("access")), claims
	return nil
}
