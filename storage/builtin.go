package storage

import "context"

// builtinScopes are the scopes of OpenID Connect Core §5.4 and §11, in the words of the consent page.
var builtinScopes = []Scope{
	{
		Name:  ScopeOpenID,
		Title: map[string]string{"en": "Who you are here", "ru": "Кто вы в этой системе"},
		Text:  map[string]string{"en": "A number that tells your account from others", "ru": "Номер, по которому вашу учётную запись отличают от других"},
	},
	{
		Name:  "profile",
		Title: map[string]string{"en": "Your name", "ru": "Имя"},
		Text:  map[string]string{"en": "Your name and what else your profile tells about you", "ru": "Имя и прочие сведения из вашего профиля"},
		Claims: []string{"name", "family_name", "given_name", "middle_name", "nickname", "preferred_username", "profile",
			"picture", "website", "gender", "birthdate", "zoneinfo", "locale", "updated_at"},
	},
	{
		Name:   "email",
		Title:  map[string]string{"en": "E-mail", "ru": "Почта"},
		Text:   map[string]string{"en": "Your e-mail address and whether it is confirmed", "ru": "Адрес почты и подтверждён ли он"},
		Claims: []string{"email", "email_verified"},
	},
	{
		Name:   "phone",
		Title:  map[string]string{"en": "Mobile phone", "ru": "Мобильный телефон"},
		Text:   map[string]string{"en": "Your phone number and whether it is confirmed", "ru": "Номер телефона и подтверждён ли он"},
		Claims: []string{"phone_number", "phone_number_verified"},
	},
	{
		Name:   "address",
		Title:  map[string]string{"en": "Registered address", "ru": "Адрес регистрации"},
		Text:   map[string]string{"en": "Your registered postal address", "ru": "Почтовый адрес, по которому вы зарегистрированы"},
		Claims: []string{"address"},
	},
	{
		Name:  ScopeOffline,
		Title: map[string]string{"en": "Keep this access while you are away", "ru": "Сохранить доступ, когда вас нет"},
		Text:  map[string]string{"en": "The app may go on without you. End it any time in your account.", "ru": "Приложение сможет работать без вас. Прекратить можно в любой момент в профиле."},
	},
}

// createBuiltinScopes stores them in a new database.
func (db *DB) createBuiltinScopes(ctx context.Context) error {
	return db.write(ctx, func(tx *tx) error {
		for _, s := range builtinScopes {
			s.Builtin = true
			err := db.insertScope(tx, &s)
			if err != nil {
				return err
			}
		}
		return nil
	})
}
