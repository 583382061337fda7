import Postgres

/// What processes need in order to remember sessions between requests and still act on every change at the next one.
///
/// Everything that `SessionStore.live` reads must leave a row in `identity.change` when it changes. Triggers see to it, so that no
/// statement, whoever writes it, can forget. A table that `live` reads one day needs such a trigger as well.
enum SessionChangeMigration {
    static let migration = Migration(
        name: "identity/020_session_changes",
        sql: """
            -- One row for every change. Rows are read by who has a snapshot from before the transaction ended, so the number of the
            -- transaction is all the order there has to be, and no two changes ever wait for each other here.
            CREATE TABLE identity.change (
                transaction_id  xid8 NOT NULL DEFAULT pg_current_xact_id(),
                session_id      uuid,
                user_id         uuid,
                changed_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
                CHECK (num_nonnulls(session_id, user_id) = 1)
            );
            CREATE INDEX change_transaction ON identity.change (transaction_id);
            CREATE INDEX change_age ON identity.change (changed_at);

            CREATE FUNCTION identity.note_change_of_session() RETURNS trigger LANGUAGE plpgsql
            SECURITY DEFINER SET search_path = pg_catalog AS $$
            BEGIN
                INSERT INTO identity.change (session_id) VALUES (OLD.session_id);
                RETURN NULL;
            END $$;
            CREATE FUNCTION identity.note_change_of_user() RETURNS trigger LANGUAGE plpgsql
            SECURITY DEFINER SET search_path = pg_catalog AS $$
            BEGIN
                INSERT INTO identity.change (user_id) VALUES (OLD.user_id);
                RETURN NULL;
            END $$;

            -- Being seen and signing in are no changes of this kind: they happen all the time and take no right away.
            CREATE TRIGGER session_changed AFTER UPDATE ON identity.session FOR EACH ROW
            WHEN (OLD.last_seen_at = NEW.last_seen_at OR OLD.ended_at IS DISTINCT FROM NEW.ended_at OR OLD.user_id <> NEW.user_id
                OR OLD.absolute_expires_at <> NEW.absolute_expires_at)
            EXECUTE FUNCTION identity.note_change_of_session();
            CREATE TRIGGER session_removed AFTER DELETE ON identity.session FOR EACH ROW
            EXECUTE FUNCTION identity.note_change_of_session();
            CREATE TRIGGER user_changed AFTER UPDATE ON identity.user_account FOR EACH ROW
            WHEN (OLD.last_login_at IS NOT DISTINCT FROM NEW.last_login_at
                OR (OLD.username, OLD.roles, OLD.customer_id, OLD.branch_code, OLD.must_change_password, OLD.disabled_at)
                    IS DISTINCT FROM
                    (NEW.username, NEW.roles, NEW.customer_id, NEW.branch_code, NEW.must_change_password, NEW.disabled_at))
            EXECUTE FUNCTION identity.note_change_of_user();
            CREATE TRIGGER user_removed AFTER DELETE ON identity.user_account FOR EACH ROW
            EXECUTE FUNCTION identity.note_change_of_user();

            GRANT SELECT, DELETE ON identity.change TO wekeza_app;
            """)
}
