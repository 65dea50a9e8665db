// SPDX-License-Identifier: Apache-2.0

extension PostgreSQLFixture {
    /// Gives a database what the queries for Oracle's keys need, so that they run unchanged: the views
    /// `gv$encryption_wallet`, `gv$instance`, `v$encryption_keys`, `v$database`, `v$dataguard_stats`, `v$archive_gap`,
    /// `all_tables` and `user_tablespaces`, the function `sys_extract_utc`, and the drill's own table `drill.rows`. Oracle's `sysdate` and `systimestamp` are columns here, which the queries cannot tell.
    ///
    /// https://docs.oracle.com/en/database/oracle/oracle-database/19/refrn/V-ENCRYPTION_WALLET.html and its neighbours.
    package static let oracleNames = """
        CREATE FUNCTION sys_extract_utc(timestamptz) RETURNS timestamp LANGUAGE sql IMMUTABLE
            AS $$ SELECT $1 AT TIME ZONE 'UTC' $$;
        CREATE TABLE "gv$encryption_wallet" (inst_id int, con_id int, wrl_type varchar(20), status varchar(30),
            wallet_type varchar(20));
        CREATE TABLE "gv$instance" (inst_id int, host_name varchar(64), status varchar(12), startup_time numeric,
            sysdate numeric);
        CREATE TABLE "v$encryption_keys" (con_id int, key_id varchar(78), keystore_type varchar(17),
            activation_time timestamptz, systimestamp timestamptz);
        CREATE TABLE "v$database" (name varchar(9), db_unique_name varchar(30), database_role varchar(16),
            open_mode varchar(20), protection_mode varchar(20), switchover_status varchar(20), force_logging varchar(39),
            flashback_on varchar(18));
        CREATE TABLE "v$dataguard_stats" (name varchar(64), value varchar(64), time_computed varchar(30),
            datum_time varchar(30));
        CREATE TABLE "v$archive_gap" (thread int, low_sequence int, high_sequence int);
        CREATE TABLE all_tables (owner varchar(128), table_name varchar(128), tablespace_name varchar(30));
        CREATE TABLE user_tablespaces (tablespace_name varchar(30), encrypted varchar(3));
        CREATE SCHEMA drill;
        CREATE TABLE drill.rows (run varchar(64), marker numeric, written_at varchar(40));
        GRANT USAGE ON SCHEMA drill TO \(user);
        GRANT SELECT, INSERT, DELETE ON drill.rows TO \(user);
        GRANT SELECT ON ALL TABLES IN SCHEMA public TO \(user);

        """
}
