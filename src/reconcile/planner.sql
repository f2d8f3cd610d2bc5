/* After all tables: what their columns hold. */

SELECT orchestration_internal.tell_planner();
