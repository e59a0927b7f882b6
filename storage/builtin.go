package storage

import "context"

// coreScopes are the scopes of OpenID Connect Core §5.4 and §11, in the words of the consent page.
var coreScopes = []Scope{
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

// apiScopes are the scopes of the REST API. Migrations 00002 and 00005 store them, because databases older than the
// API need them as well; a test compares the two.
var apiScopes = []Scope{
	{
		Name:     ScopeAppsRead,
		Title:    map[string]string{"en": "See your apps", "ru": "Просмотр ваших приложений"},
		Text:     map[string]string{"en": "See the apps you manage, their settings and what happened there lately", "ru": "Видеть приложения, которыми вы управляете, их настройки и последние события"},
		Audience: APIAudience,
	},
	{
		Name:     ScopeAppsWrite,
		Title:    map[string]string{"en": "Change your apps", "ru": "Изменение ваших приложений"},
		Text:     map[string]string{"en": "Change settings, access keys and developers of the apps you manage", "ru": "Менять настройки, ключи доступа и разработчиков приложений, которыми вы управляете"},
		Audience: APIAudience,
	},
	{
		Name:     ScopeUsersRead,
		Title:    map[string]string{"en": "See all people", "ru": "Просмотр всех людей"},
		Text:     map[string]string{"en": "See the accounts of all people here", "ru": "Видеть учётные записи всех людей"},
		Audience: APIAudience,
	},
	{
		Name:     ScopeUsersWrite,
		Title:    map[string]string{"en": "Manage people", "ru": "Изменение учётных записей людей"},
		Text:     map[string]string{"en": "Add people, change their accounts and disable them", "ru": "Добавлять людей, менять и отключать их учётные записи"},
		Audience: APIAudience,
	},
	{
		Name:     ScopeAuditRead,
		Title:    map[string]string{"en": "See the audit log", "ru": "Просмотр журнала"},
		Text:     map[string]string{"en": "See who did what, when and from where", "ru": "Видеть, кто, что, когда и откуда сделал"},
		Audience: APIAudience,
	},
	{
		Name:     ScopeMeRead,
		Title:    map[string]string{"en": "See your account", "ru": "Просмотр вашей учётной записи"},
		Text:     map[string]string{"en": "See your profile, your sessions, your tokens and the apps with access", "ru": "Видеть ваш профиль, сеансы, токены и приложения с доступом"},
		Audience: APIAudience,
	},
	{
		Name:     ScopeMeWrite,
		Title:    map[string]string{"en": "Change your account", "ru": "Изменение вашей учётной записи"},
		Text:     map[string]string{"en": "Change your profile, end sessions, take access away from apps and tokens", "ru": "Менять ваш профиль, завершать сеансы, отзывать доступ приложений и токенов"},
		Audience: APIAudience,
	},
}

// createBuiltinScopes stores those of OpenID Connect in a new database.
func (db *DB) createBuiltinScopes(ctx context.Context) error {
	return db.write(ctx, func(tx *tx) error {
		for _, s := range coreScopes {
			s.Builtin = true
			err := db.insertScope(tx, &s)
			if err != nil {
				return err
			}
		}
		return nil
	})
}
