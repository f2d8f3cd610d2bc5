\echo Use "CREATE EXTENSION orchestration" to load this file. \quit

SET LOCAL search_path = pg_catalog, pg_temp;
/* functions speak of tables that bootstrap() makes later */
SET LOCAL check_function_bodies = off;

