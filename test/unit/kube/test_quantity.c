/*
 * test_quantity.c
 *	  The grammar of Kubernetes quantities, rounding and limits.
 */
#include "unit.h"

#include "kube/quantity.h"

#define ONE ORCH_QUANTITY_ONE
#define MILLI ORCH_QUANTITY_MILLI
#define NANO ORCH_QUANTITY_NANO
#define MAX64 INT64CONST(0x7FFFFFFFFFFFFFFF)

typedef struct ParseCase
{
	const char *input;
	OrchQuantityUnit unit;
	OrchQuantityResult result;
	int64		value;
} ParseCase;

static const ParseCase accepted[] = {
	/* digits and signs */
	{"0", ONE, ORCH_QUANTITY_OK, 0}, {"00", ONE, ORCH_QUANTITY_OK, 0},
	{"1", ONE, ORCH_QUANTITY_OK, 1}, {"+1", ONE, ORCH_QUANTITY_OK, 1},
	{"007", ONE, ORCH_QUANTITY_OK, 7}, {"-0", ONE, ORCH_QUANTITY_OK, 0},
	{"-0.000m", ONE, ORCH_QUANTITY_OK, 0}, {"0Ei", ONE, ORCH_QUANTITY_OK, 0},
	{"1.", ONE, ORCH_QUANTITY_OK, 1}, {".5", MILLI, ORCH_QUANTITY_OK, 500},
	{"1.G", ONE, ORCH_QUANTITY_OK, 1000000000},
	{"0.5", MILLI, ORCH_QUANTITY_OK, 500}, {"1.5", MILLI, ORCH_QUANTITY_OK, 1500},
	/* decimal suffixes */
	{"1n", MILLI, ORCH_QUANTITY_OK, 1}, {"1u", MILLI, ORCH_QUANTITY_OK, 1},
	{"1000u", MILLI, ORCH_QUANTITY_OK, 1}, {"1001u", MILLI, ORCH_QUANTITY_OK, 2},
	{"1000000n", MILLI, ORCH_QUANTITY_OK, 1},
	{"1000001n", MILLI, ORCH_QUANTITY_OK, 2},
	{"123456789n", MILLI, ORCH_QUANTITY_OK, 124},
	{"123456789n", NANO, ORCH_QUANTITY_OK, 123456789}, {"250m", NANO, ORCH_QUANTITY_OK, 250000000},
	{"2", NANO, ORCH_QUANTITY_OK, 2000000000},
	{"250m", MILLI, ORCH_QUANTITY_OK, 250}, {"250m", ONE, ORCH_QUANTITY_OK, 1},
	{"1000m", ONE, ORCH_QUANTITY_OK, 1}, {"1001m", ONE, ORCH_QUANTITY_OK, 2},
	{"1k", ONE, ORCH_QUANTITY_OK, 1000}, {"1M", ONE, ORCH_QUANTITY_OK, 1000000},
	{"1G", ONE, ORCH_QUANTITY_OK, 1000000000},
	{"1T", ONE, ORCH_QUANTITY_OK, INT64CONST(1000000000000)},
	{"1P", ONE, ORCH_QUANTITY_OK, INT64CONST(1000000000000000)},
	{"9E", ONE, ORCH_QUANTITY_OK, INT64CONST(9000000000000000000)},
	{"2k", MILLI, ORCH_QUANTITY_OK, 2000000},
	/* binary suffixes */
	{"1Ki", ONE, ORCH_QUANTITY_OK, 1024}, {"1Mi", ONE, ORCH_QUANTITY_OK, 1048576},
	{"1.5Gi", ONE, ORCH_QUANTITY_OK, 1610612736},
	{"1Ti", ONE, ORCH_QUANTITY_OK, INT64CONST(1) << 40},
	{"1Pi", ONE, ORCH_QUANTITY_OK, INT64CONST(1) << 50},
	{"7Ei", ONE, ORCH_QUANTITY_OK, INT64CONST(7) << 60},
	{"0.1Ki", ONE, ORCH_QUANTITY_OK, 103},
	{"0.0009765625Ki", ONE, ORCH_QUANTITY_OK, 1},
	{"0.00097656250000000000000000000001Ki", ONE, ORCH_QUANTITY_OK, 2},
	{"1Ki", MILLI, ORCH_QUANTITY_OK, 1024000},
	{"0.00000000000000000000000000001Ei", ONE, ORCH_QUANTITY_OK, 1},
	/* exponents */
	{"1e3", ONE, ORCH_QUANTITY_OK, 1000}, {"1E3", ONE, ORCH_QUANTITY_OK, 1000},
	{"1e+3", ONE, ORCH_QUANTITY_OK, 1000}, {"1500e-3", MILLI, ORCH_QUANTITY_OK, 1500},
	{"1.25e2", ONE, ORCH_QUANTITY_OK, 125}, {"12E-1", ONE, ORCH_QUANTITY_OK, 2},
	{"1e0", ONE, ORCH_QUANTITY_OK, 1}, {"1e-0", ONE, ORCH_QUANTITY_OK, 1},
	{"0e99999", ONE, ORCH_QUANTITY_OK, 0}, {"1e-99999", ONE, ORCH_QUANTITY_OK, 1},
	{"0.000000000000000001e18", ONE, ORCH_QUANTITY_OK, 1},
	{"1000000000000000000000000e-24", ONE, ORCH_QUANTITY_OK, 1},
	/* the largest ones, and what is rounded up into them */
	{"9223372036854775807", ONE, ORCH_QUANTITY_OK, MAX64},
	{"9223372036854775.807", MILLI, ORCH_QUANTITY_OK, MAX64},
	{"9223372036854775806.1", ONE, ORCH_QUANTITY_OK, MAX64},
	{"9007199254740991.9990234375Ki", ONE, ORCH_QUANTITY_OK, MAX64}
};

static const ParseCase refused[] = {
	{"9223372036854775808", ONE, ORCH_QUANTITY_OUT_OF_RANGE, 0},
	{"9223372036854775807.1", ONE, ORCH_QUANTITY_OUT_OF_RANGE, 0},
	{"9223372036854775.8071", MILLI, ORCH_QUANTITY_OUT_OF_RANGE, 0},
	{"9.3E", ONE, ORCH_QUANTITY_OUT_OF_RANGE, 0},
	{"8Ei", ONE, ORCH_QUANTITY_OUT_OF_RANGE, 0},
	{"7.9999999999999999999Ei", ONE, ORCH_QUANTITY_OUT_OF_RANGE, 0},
	{"10P", MILLI, ORCH_QUANTITY_OUT_OF_RANGE, 0},
	{"1e19", ONE, ORCH_QUANTITY_OUT_OF_RANGE, 0},
	{"1e99999999999999999999", ONE, ORCH_QUANTITY_OUT_OF_RANGE, 0},
	{"-1", ONE, ORCH_QUANTITY_NEGATIVE, 0},
	{"-1n", MILLI, ORCH_QUANTITY_NEGATIVE, 0},
	{"-8Ei", ONE, ORCH_QUANTITY_NEGATIVE, 0},
	{"", ONE, ORCH_QUANTITY_SYNTAX, 0}, {".", ONE, ORCH_QUANTITY_SYNTAX, 0},
	{"+", ONE, ORCH_QUANTITY_SYNTAX, 0}, {"-", ONE, ORCH_QUANTITY_SYNTAX, 0},
	{"m", ONE, ORCH_QUANTITY_SYNTAX, 0}, {"Mi", ONE, ORCH_QUANTITY_SYNTAX, 0},
	{" 1", ONE, ORCH_QUANTITY_SYNTAX, 0}, {"1 ", ONE, ORCH_QUANTITY_SYNTAX, 0},
	{"1 Gi", ONE, ORCH_QUANTITY_SYNTAX, 0}, {"1\n", ONE, ORCH_QUANTITY_SYNTAX, 0},
	{"1.2.3", ONE, ORCH_QUANTITY_SYNTAX, 0}, {"--1", ONE, ORCH_QUANTITY_SYNTAX, 0},
	{"1K", ONE, ORCH_QUANTITY_SYNTAX, 0}, {"1ki", ONE, ORCH_QUANTITY_SYNTAX, 0},
	{"1GB", ONE, ORCH_QUANTITY_SYNTAX, 0}, {"1gi", ONE, ORCH_QUANTITY_SYNTAX, 0},
	{"1mi", ONE, ORCH_QUANTITY_SYNTAX, 0}, {"1Gib", ONE, ORCH_QUANTITY_SYNTAX, 0},
	{"1e", ONE, ORCH_QUANTITY_SYNTAX, 0}, {"1e+", ONE, ORCH_QUANTITY_SYNTAX, 0},
	{"1E-", ONE, ORCH_QUANTITY_SYNTAX, 0}, {"1e1.5", ONE, ORCH_QUANTITY_SYNTAX, 0},
	{"1e3k", ONE, ORCH_QUANTITY_SYNTAX, 0}, {"1ke3", ONE, ORCH_QUANTITY_SYNTAX, 0},
	{"1ei", ONE, ORCH_QUANTITY_SYNTAX, 0}, {"0x10", ONE, ORCH_QUANTITY_SYNTAX, 0},
	{"1,5", ONE, ORCH_QUANTITY_SYNTAX, 0}, {"inf", ONE, ORCH_QUANTITY_SYNTAX, 0},
	{"NaN", ONE, ORCH_QUANTITY_SYNTAX, 0}, {"1i", ONE, ORCH_QUANTITY_SYNTAX, 0},
	{"\xD9\xA1", ONE, ORCH_QUANTITY_SYNTAX, 0}
};

static void
check_cases(const ParseCase *cases, size_t count)
{
	for (size_t i = 0; i < count; i++)
	{
		int64		value = -77;
		OrchQuantityResult result;

		result = orch_quantity_parse(cases[i].input, cases[i].unit, &value);
		if (result != cases[i].result ||
			value != (result == ORCH_QUANTITY_OK ? cases[i].value : -77))
			fail_msg("\"%s\": result %d, value " INT64_FORMAT,
					 cases[i].input, result, value);
	}
}

static void
parses_the_grammar(void **state)
{
	(void) state;
	check_cases(accepted, lengthof(accepted));
}

static void
refuses_the_rest(void **state)
{
	(void) state;
	check_cases(refused, lengthof(refused));
}

/* 300 digits are more than is kept: refused, and nothing is overrun. */
static void
bounds_its_input(void **state)
{
	char		input[4096];
	int64		value;

	(void) state;
	memset(input, '9', 300);
	input[300] = '\0';
	assert_int_equal(orch_quantity_parse(input, ONE, &value),
					 ORCH_QUANTITY_SYNTAX);
	memset(input, '0', 4000);
	strcpy(input + 4000, "5Ki");
	assert_int_equal(orch_quantity_parse(input, ONE, &value), ORCH_QUANTITY_OK);
	assert_int_equal(value, 5120);
	input[1] = '.';
	assert_int_equal(orch_quantity_parse(input, ONE, &value), ORCH_QUANTITY_OK);
	assert_int_equal(value, 1);
}

typedef struct FormatCase
{
	int64		value;
	OrchQuantityUnit unit;
	const char *output;
} FormatCase;

static const FormatCase printed[] = {
	{0, MILLI, "0"}, {1, MILLI, "1m"}, {250, MILLI, "250m"},
	{1000, MILLI, "1"}, {1500, MILLI, "1500m"}, {2000, MILLI, "2"},
	{1000000, MILLI, "1k"}, {1001000, MILLI, "1001"}, {-250, MILLI, "-250m"},
	{MAX64, MILLI, "9223372036854775807m"},
	{0, ONE, "0"}, {1, ONE, "1"}, {1000, ONE, "1000"}, {1023, ONE, "1023"},
	{1024, ONE, "1Ki"}, {1025, ONE, "1025"}, {1536, ONE, "1536"},
	{1610612736, ONE, "1536Mi"}, {1073741824, ONE, "1Gi"},
	{1000000000, ONE, "1000000000"}, {INT64CONST(7) << 60, ONE, "7Ei"},
	{-1024, ONE, "-1Ki"}, {MAX64, ONE, "9223372036854775807"},
	{-MAX64 - 1, ONE, "-8Ei"}, {-MAX64 - 1, MILLI, "-9223372036854775808m"}
};

static void
prints_the_canonical_form(void **state)
{
	char		buf[ORCH_QUANTITY_TEXT_SIZE];

	(void) state;
	for (size_t i = 0; i < lengthof(printed); i++)
		assert_string_equal(orch_quantity_format(printed[i].value,
												 printed[i].unit,
												 buf, sizeof(buf)),
							printed[i].output);
}

/* What is printed is read back as the same value. */
static void
round_trips(void **state)
{
	char		buf[ORCH_QUANTITY_TEXT_SIZE];
	uint64		random = UINT64CONST(88172645463325252);

	(void) state;
	for (int i = 0; i < 200000; i++)
	{
		OrchQuantityUnit unit = i % 2 ? ONE : MILLI;
		int64		value;
		int64		read;

		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		value = (int64) (random >> (1 + random % 62));
		assert_int_equal(orch_quantity_parse(orch_quantity_format(value, unit, buf,
																  sizeof(buf)),
											 unit, &read), ORCH_QUANTITY_OK);
		assert_true(read == value);
	}
}

/* What is a unit is read as one, and all that are printed with a suffix have theirs. */
static void
knows_units(void **state)
{
	static const char *const units[] = {"1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"};
	static const char *const others[] = {"", "0", "2Mi", "10", "1m", "1u", "1n", "1K", "1mi", "1e3", "+1", "1.", "01", "1Mi ", "Mi"};

	(void) state;
	for (size_t i = 0; i < lengthof(units); i++)
	{
		char		buf[ORCH_QUANTITY_TEXT_SIZE];
		int64		value;

		assert_true(orch_quantity_is_unit(units[i], strlen(units[i])));
		assert_int_equal(orch_quantity_parse(units[i], ONE, &value), ORCH_QUANTITY_OK);
		if (i == 0 || strchr(units[i], 'i') != NULL)
			assert_string_equal(orch_quantity_format(value, ONE, buf, sizeof(buf)), units[i]);
	}
	for (size_t i = 0; i < lengthof(others); i++)
		assert_false(orch_quantity_is_unit(others[i], strlen(others[i])));
	/* no byte behind the length is looked at */
	assert_true(orch_quantity_is_unit("1Mix", 3));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_the_grammar),
		cmocka_unit_test(refuses_the_rest),
		cmocka_unit_test(bounds_its_input),
		cmocka_unit_test(prints_the_canonical_form),
		cmocka_unit_test(round_trips),
		cmocka_unit_test(knows_units)
	};

	return cmocka_run_group_tests_name("quantity", tests, NULL, NULL);
}
