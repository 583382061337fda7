import Postgres

/// What administrators need of users beyond signing in: own roles, first passwords that run out, and locks that can be seen.
enum AdministrationMigration {
    static let migration = Migration(
        name: "identity/005_administration",
        sql: """
            CREATE TABLE identity.role (
                role_name   text PRIMARY KEY CHECK (role_name ~ '^[A-Za-z][A-Za-z0-9]{2,39}$'),
                description text NOT NULL,
                permissions text[] NOT NULL CHECK (cardinality(permissions) > 0),
                version     integer NOT NULL DEFAULT 1 CHECK (version > 0),
                created_at  timestamptz NOT NULL,
                updated_at  timestamptz NOT NULL
            );
            CREATE UNIQUE INDEX role_name_unique ON identity.role (lower(role_name COLLATE "C"));

            -- `roles` stays what rights are decided by: built-in roles only. What an administrator has given stands in assigned_roles
            -- (own roles among it); empty means that both are the same.
            ALTER TABLE identity.user_account
                ADD COLUMN employee_id text CHECK (char_length(employee_id) BETWEEN 1 AND 50),
                ADD COLUMN assigned_roles text[] CHECK (cardinality(assigned_roles) > 0),
                ADD COLUMN own_permissions text[] NOT NULL DEFAULT '{}',
                ADD COLUMN locked_until timestamptz,
                ADD COLUMN password_expires_at timestamptz,
                DROP CONSTRAINT user_account_roles_check,
                ADD CONSTRAINT user_account_roles_check CHECK (cardinality(coalesce(assigned_roles, roles)) > 0);
            CREATE INDEX user_account_assigned_roles ON identity.user_account USING gin (assigned_roles);

            GRANT SELECT, INSERT, UPDATE ON identity.role TO wekeza_app;
            """)
}
