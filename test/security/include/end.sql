SELECT * FROM finish();
SET client_min_messages = warning;
DROP SCHEMA planted CASCADE;
DROP OWNED BY attack_mallory;
DROP ROLE attack_mallory, attack_chief, attack_clerk_too, attack_clerk, attack_keeper, attack_operator;
