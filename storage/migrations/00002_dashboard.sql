-- Apps get owners, developers, switches and lists of where they may be used from; people get tokens of
-- their own, one-time links and device codes; the API gets its scopes.

-- +goose Up
ALTER TABLE apps ADD COLUMN delegated BOOLEAN NOT NULL DEFAULT TRUE;
ALTER TABLE apps ADD COLUMN skip_consent BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE apps ADD COLUMN preset_scopes TEXT NOT NULL DEFAULT '[]';
ALTER TABLE apps ADD COLUMN offline_without_consent BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE apps ADD COLUMN trusted_domains TEXT NOT NULL DEFAULT '[]';
ALTER TABLE apps ADD COLUMN network_addresses TEXT NOT NULL DEFAULT '[]';
ALTER TABLE app_keys ADD COLUMN last_used_at BIGINT NOT NULL DEFAULT 0;
-- Whether the person allowed the scope for use while they are away; earlier decisions keep what they had.
ALTER TABLE consents ADD COLUMN offline BOOLEAN NOT NULL DEFAULT TRUE;

-- Who builds an app. At most one owner by the index, at least one by every statement that changes roles;
-- an app made by a command or the seed may have none and belongs to the administrators then.
CREATE TABLE app_developers (
  app_id     TEXT   NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
  user_id    TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  role       TEXT   NOT NULL CHECK (role IN ('owner', 'developer', 'viewer')),
  phone      TEXT   NOT NULL CHECK (length(phone) <= 40),
  created_at BIGINT NOT NULL,
  PRIMARY KEY (app_id, user_id)
);
CREATE UNIQUE INDEX app_developers_owner ON app_developers (app_id) WHERE role = 'owner';
CREATE INDEX app_developers_user ON app_developers (user_id, app_id);
INSERT INTO app_developers (app_id, user_id, role, phone, created_at)
  SELECT id, owner_id, 'owner', '', created_at FROM apps WHERE owner_id IS NOT NULL;
ALTER TABLE apps DROP COLUMN owner_id;

-- Personal access tokens. Without an app a token belongs to propusk's own API.
CREATE TABLE personal_tokens (
  id           TEXT   NOT NULL PRIMARY KEY CHECK (length(id) = 26),
  user_id      TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  app_id       TEXT   REFERENCES apps (id) ON DELETE CASCADE,
  name         TEXT   NOT NULL,
  scopes       TEXT   NOT NULL,
  prefix       TEXT   NOT NULL,
  hash         TEXT   NOT NULL UNIQUE CHECK (length(hash) = 43),
  created_at   BIGINT NOT NULL,
  expires_at   BIGINT NOT NULL,
  last_used_at BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX personal_tokens_user ON personal_tokens (user_id, id);
CREATE INDEX personal_tokens_app ON personal_tokens (app_id);
CREATE INDEX personal_tokens_expires ON personal_tokens (expires_at);

-- One-time links: an invitation, or the way back in. Used up by deleting the row.
CREATE TABLE links (
  hash       TEXT   NOT NULL PRIMARY KEY CHECK (length(hash) = 43),
  user_id    TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  purpose    TEXT   NOT NULL CHECK (purpose IN ('invite', 'recover')),
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX links_user ON links (user_id);
CREATE INDEX links_expires ON links (expires_at);

-- Device codes (RFC 8628). hash is of the device_code, user_code_hash of what the person types; state
-- goes pending → approved or denied, and approved → used, each by one conditional statement. block and
-- site are what counts as one address: all of IPv4's, and the /64 and the /48 of IPv6's. public is of the app.
CREATE TABLE device_codes (
  hash           TEXT    NOT NULL PRIMARY KEY CHECK (length(hash) = 43),
  user_code_hash TEXT    NOT NULL UNIQUE CHECK (length(user_code_hash) = 43),
  id             TEXT    NOT NULL UNIQUE CHECK (length(id) = 26),
  app_id         TEXT    NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
  scopes         TEXT    NOT NULL,
  claims         TEXT    NOT NULL,
  nonce          TEXT    NOT NULL,
  address        TEXT    NOT NULL,
  block          TEXT    NOT NULL,
  site           TEXT    NOT NULL,
  public         BOOLEAN NOT NULL,
  user_agent     TEXT    NOT NULL,
  created_at     BIGINT  NOT NULL,
  expires_at     BIGINT  NOT NULL,
  polled_at      BIGINT  NOT NULL DEFAULT 0,
  poll_interval  BIGINT  NOT NULL,
  state          TEXT    NOT NULL CHECK (state IN ('pending', 'approved', 'denied', 'used')),
  user_id        TEXT    NOT NULL DEFAULT '',
  session_id     TEXT    NOT NULL DEFAULT '',
  granted        TEXT    NOT NULL DEFAULT '[]'
);
CREATE INDEX device_codes_expires ON device_codes (expires_at);
CREATE INDEX device_codes_app ON device_codes (app_id);

-- Lists of the dashboard. The list of apps is filtered within its index.
DROP INDEX apps_name;
CREATE INDEX apps_list ON apps (name_key, id, type, enabled, trusted);
CREATE INDEX app_scopes_scope ON app_scopes (scope, app_id);
CREATE INDEX consents_app ON consents (app_id, scope, granted, user_id);
CREATE INDEX audit_action ON audit (action, id);
CREATE INDEX users_access ON users (access, login_key);
CREATE INDEX users_updated ON users (updated_at);
CREATE INDEX audit_address ON audit (address, id);
CREATE INDEX audit_refused ON audit (id) WHERE result <> 'ok';

-- The scopes of the REST API, in the words of storage/builtin.go.
INSERT INTO scopes (name, app_id, title, text, claims, audience, builtin) VALUES
  ('apps.read', NULL, '{"en":"See your apps","ru":"Просмотр ваших приложений"}',
   '{"en":"See the apps you manage, their settings and what happened there lately","ru":"Видеть приложения, которыми вы управляете, их настройки и последние события"}', '[]', 'propusk-api', TRUE),
  ('apps.write', NULL, '{"en":"Change your apps","ru":"Изменение ваших приложений"}',
   '{"en":"Change settings, access keys and developers of the apps you manage","ru":"Менять настройки, ключи доступа и разработчиков приложений, которыми вы управляете"}', '[]', 'propusk-api', TRUE),
  ('users.read', NULL, '{"en":"See all people","ru":"Просмотр всех пользователей"}',
   '{"en":"See the accounts of all people here","ru":"Видеть учётные записи всех пользователей"}', '[]', 'propusk-api', TRUE),
  ('users.write', NULL, '{"en":"Manage people","ru":"Управление пользователями"}',
   '{"en":"Add people, change their accounts and disable them","ru":"Добавлять пользователей, менять и отключать их учётные записи"}', '[]', 'propusk-api', TRUE),
  ('audit.read', NULL, '{"en":"See the audit log","ru":"Просмотр журнала"}',
   '{"en":"See who did what, when and from where","ru":"Видеть, кто, что, когда и откуда сделал"}', '[]', 'propusk-api', TRUE),
  ('me.read', NULL, '{"en":"See your account","ru":"Просмотр вашей учётной записи"}',
   '{"en":"See your profile, your sessions, your tokens and the apps with access","ru":"Видеть ваш профиль, сеансы, токены и приложения с доступом"}', '[]', 'propusk-api', TRUE),
  ('me.write', NULL, '{"en":"Change your account","ru":"Изменение вашей учётной записи"}',
   '{"en":"Change your profile, end sessions, take access away from apps and tokens","ru":"Менять ваш профиль, завершать сеансы, отзывать доступ приложений и токенов"}', '[]', 'propusk-api', TRUE)
  ON CONFLICT (name) DO NOTHING;
