-- The pages call people «люди»: so do the scopes about them, where nobody chose other words.

-- +goose Up
UPDATE scopes SET title = '{"en":"See all people","ru":"Просмотр всех людей"}'
  WHERE name = 'users.read' AND title = '{"en":"See all people","ru":"Просмотр всех пользователей"}';
UPDATE scopes SET text = '{"en":"See the accounts of all people here","ru":"Видеть учётные записи всех людей"}'
  WHERE name = 'users.read' AND text = '{"en":"See the accounts of all people here","ru":"Видеть учётные записи всех пользователей"}';
UPDATE scopes SET title = '{"en":"Manage people","ru":"Изменение учётных записей людей"}'
  WHERE name = 'users.write' AND title = '{"en":"Manage people","ru":"Управление пользователями"}';
UPDATE scopes SET text = '{"en":"Add people, change their accounts and disable them","ru":"Добавлять людей, менять и отключать их учётные записи"}'
  WHERE name = 'users.write' AND text = '{"en":"Add people, change their accounts and disable them","ru":"Добавлять пользователей, менять и отключать их учётные записи"}';
