-- SPDX-License-Identifier: Apache-2.0
-- What the drill asks of a database of Azure SQL, in PostgreSQL: the catalog views of the schema sys are fed from the cloud
-- simulator at the moment of the query. Where a session believes to be, it says itself: SET muster.server TO '...', and the
-- same for muster.database. psql fills in :address (the simulator's), :fetch (the path of fetch.py) and :drill (who signs in).

CREATE TABLE simulator (address text NOT NULL, program text NOT NULL);
INSERT INTO simulator VALUES (:'address', :'fetch');

-- The lines of the simulator's answer. SECURITY DEFINER: only a superuser may run programs, and the drill signs in as none.
CREATE FUNCTION ask_simulator(path text) RETURNS SETOF text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET client_min_messages = warning AS $$
DECLARE
    detail text;
    server text := current_setting('muster.server', true);
    base text := current_setting('muster.database', true);
    -- No word from outside reaches the shell.
    address text := (SELECT format('%s%s?server=%s&database=%s', s.address, path, server, base) FROM simulator s);
BEGIN
    IF coalesce(server || base, '') !~ '^[a-z0-9.-]+$' THEN
        RAISE EXCEPTION 'This session has not said where it is' USING ERRCODE = '28000';
    END IF;
    CREATE TEMPORARY TABLE IF NOT EXISTS answer (line text) ON COMMIT DROP;
    TRUNCATE pg_temp.answer;
    EXECUTE format(
        'COPY pg_temp.answer FROM PROGRAM %L',
        format('/usr/bin/python3 ''%s'' ''%s''', (SELECT program FROM simulator), address));
    RETURN QUERY SELECT line FROM pg_temp.answer;
EXCEPTION WHEN external_routine_exception THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
    IF detail NOT LIKE '%exit code 3' THEN RAISE; END IF;
    RAISE EXCEPTION 'Database ''%'' on server ''%'' is not currently available', base, server
        USING ERRCODE = 'cannot_connect_now';
END $$;

CREATE FUNCTION db_id() RETURNS integer LANGUAGE sql STABLE AS 'SELECT 5';
CREATE FUNCTION db_name(id integer) RETURNS text LANGUAGE sql STABLE AS $$ SELECT current_setting('muster.database') $$;

CREATE SCHEMA sys;

CREATE VIEW sys.dm_database_encryption_keys AS
SELECT
    field[1]::integer AS database_id, field[2]::integer AS encryption_state, field[3] AS encryption_state_desc,
    field[4] AS key_algorithm, field[5]::integer AS key_length, field[6] AS encryptor_type,
    decode(field[7], 'hex') AS encryptor_thumbprint
FROM (
    SELECT string_to_array(line, ',') AS field FROM ask_simulator('/simulator/sql/dm_database_encryption_keys') AS line
    WHERE line NOT LIKE 'database_id,%'
) AS answer;

-- A business query's stand-in: it has a row only when the simulator would open the database.
CREATE VIEW orders AS SELECT 1 AS good FROM ask_simulator('/simulator/sql/open');

CREATE TABLE muster_marker (run varchar(64) NOT NULL, marker integer NOT NULL, written_at timestamp NOT NULL);

GRANT USAGE ON SCHEMA sys TO :drill;
GRANT SELECT ON sys.dm_database_encryption_keys, orders TO :drill;
GRANT SELECT, INSERT, DELETE ON muster_marker TO :drill;
