/* Nothing is for PUBLIC: whom a function is for, says the GRANT beside its definition. */
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA orchestration, orchestration_internal FROM PUBLIC;
