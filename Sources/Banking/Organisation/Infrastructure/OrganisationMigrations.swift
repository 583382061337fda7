import Postgres

/// The tables of this room.
public enum OrganisationMigrations {
    public static let all: [Migration] = [
        Migration(
            name: "organisation/001_branches_and_parameters",
            sql: """
                CREATE SCHEMA organisation;

                CREATE TABLE organisation.branch (
                    branch_code   char(3) PRIMARY KEY CHECK (branch_code ~ '^[0-9]{3}$'),
                    name          text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 100),
                    address       text NOT NULL CHECK (char_length(address) BETWEEN 1 AND 255),
                    city          text NOT NULL CHECK (char_length(city) BETWEEN 1 AND 100),
                    phone         text,
                    email         text,
                    -- Millionths of a degree, WGS 84.
                    latitude      integer CHECK (latitude BETWEEN -90000000 AND 90000000),
                    longitude     integer CHECK (longitude BETWEEN -180000000 AND 180000000),
                    opening_hours text[] NOT NULL DEFAULT '{}',
                    status        text NOT NULL CHECK (status IN ('active', 'closed')),
                    version       integer NOT NULL DEFAULT 1 CHECK (version > 0),
                    created_at    timestamptz NOT NULL,
                    updated_at    timestamptz NOT NULL,
                    CHECK ((latitude IS NULL) = (longitude IS NULL))
                );
                INSERT INTO organisation.branch (branch_code, name, address, city, phone, email, latitude, longitude, opening_hours,
                    status, created_at, updated_at)
                VALUES ('001', 'Head Office', 'Kenyatta Avenue', 'Nairobi', NULL, NULL, -1285000, 36821000,
                    ARRAY['Mon-Fri 08:30-16:00', 'Sat 08:30-12:00'], 'active', now(), now());

                -- Values are added, never changed: the newest entry whose first day has come is in force.
                CREATE TABLE organisation.parameter_value (
                    key            text NOT NULL,
                    version        integer NOT NULL CHECK (version > 1),
                    value          text NOT NULL,
                    effective_date date NOT NULL,
                    reason         text NOT NULL,
                    changed_by     uuid,
                    changed_at     timestamptz NOT NULL,
                    PRIMARY KEY (key, version)
                );

                GRANT USAGE ON SCHEMA organisation TO wekeza_app;
                GRANT SELECT, INSERT, UPDATE ON organisation.branch TO wekeza_app;
                GRANT SELECT, INSERT ON organisation.parameter_value TO wekeza_app;
                """),
        Migration(
            name: "organisation/002_parameter_origin",
            sql: """
                -- The day since which the values that nobody has changed are in force: the one on which this bank was set up.
                CREATE TABLE organisation.parameter_origin (effective_date date NOT NULL);
                CREATE UNIQUE INDEX parameter_origin_once ON organisation.parameter_origin ((true));
                INSERT INTO organisation.parameter_origin VALUES ((now() AT TIME ZONE 'Africa/Nairobi')::date);
                GRANT SELECT ON organisation.parameter_origin TO wekeza_app;
                """),
    ]
}
