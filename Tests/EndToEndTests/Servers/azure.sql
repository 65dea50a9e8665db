-- SPDX-License-Identifier: Apache-2.0
-- What the drill asks of a database of Azure SQL, in PostgreSQL: the views of the schema sys are fed from the cloud simulator at
-- the moment of the query. Where a session believes to be, it says itself: SET muster.server TO '...', and the same for
-- muster.database. psql fills in :address (the simulator's), :fetch (the path of fetch.py) and :drill (who signs in).

CREATE TABLE simulator (address text NOT NULL, program text NOT NULL);
INSERT INTO simulator VALUES (:'address', :'fetch');

CREATE FUNCTION as_shell_word(word text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT '''' || replace(word, '''', '''\''''') || ''''
$$;

-- The lines of the simulator's answer to a GET of the path, or to a POST of the body there.
-- SECURITY DEFINER: only a superuser may run programs, and the drill signs in as none.
CREATE FUNCTION ask_simulator(path text, body text DEFAULT NULL) RETURNS SETOF text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET client_min_messages = warning AS $$
DECLARE
    detail text;
    command text := (SELECT concat_ws(' ', '/usr/bin/python3', as_shell_word(program), as_shell_word(address || path),
        as_shell_word(body)) FROM simulator);
BEGIN
    CREATE TEMPORARY TABLE IF NOT EXISTS answer (line text) ON COMMIT DROP;
    TRUNCATE pg_temp.answer;
    EXECUTE format('COPY pg_temp.answer FROM PROGRAM %L', command);
    RETURN QUERY SELECT line FROM pg_temp.answer;
EXCEPTION WHEN external_routine_exception THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
    IF detail NOT LIKE '%exit code 3' THEN RAISE; END IF;
    RAISE EXCEPTION 'Database ''%'' on server ''%'' is not currently available',
        current_setting('muster.database'), current_setting('muster.server') USING ERRCODE = 'cannot_connect_now';
END $$;
REVOKE EXECUTE ON FUNCTION ask_simulator FROM PUBLIC;

-- Where the session is, as words of an address: nothing else gets there.
CREATE FUNCTION place(setting text) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
    said text := current_setting('muster.' || setting, true);
BEGIN
    IF coalesce(said, '') !~ '^[a-z0-9.-]+$' THEN
        RAISE EXCEPTION 'This session has not said its %', setting USING ERRCODE = 'invalid_parameter_value';
    END IF;
    RETURN said;
END $$;

CREATE FUNCTION look(what text) RETURNS SETOF text LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
    SELECT ask_simulator(format('/simulator/sql/%s?server=%s&database=%s', what, place('server'), place('database')))
$$;

-- The rows of the simulator's own answer to a statement.
CREATE FUNCTION simulated(statement text) RETURNS SETOF json LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
    SELECT json_array_elements(answer::json -> 'rows') FROM ask_simulator('/simulator/sql', json_build_object(
        'server', place('server'), 'database', place('database'), 'intent', 'ReadOnly', 'statement', statement)::text) AS answer
$$;

CREATE FUNCTION db_id() RETURNS integer LANGUAGE sql STABLE AS 'SELECT 5';
CREATE FUNCTION db_name() RETURNS text LANGUAGE sql STABLE AS $$ SELECT place('database') $$;
CREATE FUNCTION db_name(id integer) RETURNS text LANGUAGE sql STABLE AS $$ SELECT place('database') $$;
CREATE FUNCTION databasepropertyex(name text, property text) RETURNS text LANGUAGE sql AS $$
    SELECT row -> 0 ->> 'text' FROM simulated(
        'SELECT DATABASEPROPERTYEX(DB_NAME(), ''Updateability'') AS updateability') AS row WHERE property = 'Updateability'
$$;

CREATE SCHEMA sys;

CREATE VIEW sys.dm_database_encryption_keys AS
SELECT
    field[1]::integer AS database_id, field[2]::integer AS encryption_state, field[3] AS encryption_state_desc,
    field[4] AS key_algorithm, field[5]::integer AS key_length, field[6] AS encryptor_type,
    decode(field[7], 'hex') AS encryptor_thumbprint
FROM (
    SELECT string_to_array(line, ',') AS field FROM look('dm_database_encryption_keys') AS line
    WHERE line NOT LIKE 'database_id,%'
) AS answer;

CREATE VIEW sys.dm_geo_replication_link_status AS
SELECT
    row -> 0 ->> 'text' AS partner_server, row -> 1 ->> 'text' AS partner_database,
    row -> 2 ->> 'text' AS replication_state_desc, (row -> 3 ->> 'integer')::integer AS replication_lag_sec,
    (row -> 4 ->> 'text')::timestamptz AS last_replication
FROM simulated(
    'SELECT partner_server, partner_database, replication_state_desc, replication_lag_sec, last_replication '
    'FROM sys.dm_geo_replication_link_status') AS row;

-- A business query's stand-in: it has a row only when the simulator would open the database.
CREATE VIEW orders AS SELECT 1 AS good FROM look('open');

CREATE TABLE muster_markers (run varchar(64) NOT NULL, marker integer NOT NULL, written_at timestamp NOT NULL);

GRANT USAGE ON SCHEMA sys TO :drill;
GRANT SELECT ON sys.dm_database_encryption_keys, sys.dm_geo_replication_link_status, orders TO :drill;
GRANT SELECT, INSERT, DELETE ON muster_markers TO :drill;
