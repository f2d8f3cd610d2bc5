/*-------------------------------------------------------------------------
 *
 * quantity.c
 *	  Kubernetes quantities to and from integers.
 *
 * A quantity is kept as a whole part in an integer and a fraction as a row of
 * decimal digits, and is multiplied in place.  So it is exact at any length
 * and the rounding is decided by the very last digit, which neither double
 * nor numeric arithmetic of a fixed width would give.
 *
 * Pure C: called by SQL functions, by the worker and by unit tests.
 *
 *-------------------------------------------------------------------------
 */
#include "kube/kube_prelude.h"

#include "kube/quantity.h"

/* Longer texts are refused; Kubernetes itself never prints more than 20. */
#define MAX_DIGITS 256

/* Past this a non-zero value is too large, or below one unit, for certain. */
#define MAX_EXPONENT 1000

typedef struct Quantity
{
	bool		negative;
	int			digit_count;
	int			point;			/* digits before the decimal point; may be < 0 */
	int			binary_steps;	/* multiply by 1024 so many times */
	unsigned char digits[MAX_DIGITS];
} Quantity;

typedef struct Suffix
{
	const char *text;
	int			exponent;		/* of ten */
	int			binary_steps;	/* of 1024 */
} Suffix;

/* Descending, so that formatting may take the first that divides. */
static const Suffix suffixes[] = {
	{"E", 18, 0}, {"P", 15, 0}, {"T", 12, 0}, {"G", 9, 0}, {"M", 6, 0},
	{"k", 3, 0}, {"", 0, 0}, {"m", -3, 0}, {"u", -6, 0}, {"n", -9, 0},
	{"Ei", 0, 6}, {"Pi", 0, 5}, {"Ti", 0, 4}, {"Gi", 0, 3}, {"Mi", 0, 2},
	{"Ki", 0, 1}
};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/*
 * Reads digits into q, without leading zeros.  Returns false when there are
 * too many.
 */
static bool
read_digits(const char **text, Quantity *q, bool whole, int *seen)
{
	for (; is_digit(**text); (*text)++)
	{
		(*seen)++;
		if (q->digit_count == 0 && **text == '0')
		{
			q->point -= whole ? 0 : 1;
			continue;
		}
		if (q->digit_count == MAX_DIGITS)
			return false;
		q->digits[q->digit_count++] = (unsigned char) (**text - '0');
		q->point += whole ? 1 : 0;
	}
	return true;
}

/* Reads "e3", "E-3", with at least one digit and nothing behind it. */
static bool
read_exponent(const char *text, int *exponent)
{
	bool		negative;
	int			value = 0;

	text++;
	negative = (*text == '-');
	if (*text == '-' || *text == '+')
		text++;
	if (!is_digit(*text))
		return false;
	for (; is_digit(*text); text++)
		value = Min(value * 10 + (*text - '0'), MAX_EXPONENT);
	*exponent = negative ? -value : value;
	return *text == '\0';
}

static bool
read_suffix(const char *text, Quantity *q)
{
	int			exponent = 0;

	if ((*text == 'e' || *text == 'E') && text[1] != '\0' && text[1] != 'i')
	{
		if (!read_exponent(text, &exponent))
			return false;
		q->point += exponent;
		return true;
	}
	for (size_t i = 0; i < lengthof(suffixes); i++)
	{
		if (strcmp(text, suffixes[i].text) == 0)
		{
			q->point += suffixes[i].exponent;
			q->binary_steps = suffixes[i].binary_steps;
			return true;
		}
	}
	return false;
}

static bool
read_quantity(const char *text, Quantity *q)
{
	int			seen = 0;

	memset(q, 0, sizeof(*q));
	q->negative = (*text == '-');
	if (*text == '-' || *text == '+')
		text++;
	if (!read_digits(&text, q, true, &seen))
		return false;
	if (*text == '.')
	{
		text++;
		if (!read_digits(&text, q, false, &seen))
			return false;
	}
	return seen > 0 && read_suffix(text, q);
}

/* Takes the digits before the point.  False: does not fit. */
static bool
whole_part(const Quantity *q, uint64 *whole)
{
	*whole = 0;
	for (int i = 0; i < q->point; i++)
	{
		uint64		digit = i < q->digit_count ? q->digits[i] : 0;

		if (*whole > (UINT64CONST(0x7FFFFFFFFFFFFFFF) - digit) / 10)
			return false;
		*whole = *whole * 10 + digit;
	}
	return true;
}

/*
 * Multiplies the fraction by 1024 in place and returns what crosses the
 * point.
 */
static uint64
scale_fraction(unsigned char *fraction, int length)
{
	uint64		carry = 0;

	for (int i = length - 1; i >= 0; i--)
	{
		carry += (uint64) fraction[i] * 1024;
		fraction[i] = (unsigned char) (carry % 10);
		carry /= 10;
	}
	return carry;
}

/* The value of a non-zero quantity, rounded up.  False: does not fit. */
static bool
evaluate(const Quantity *q, uint64 *result)
{
	unsigned char fraction[MAX_DIGITS + 32] = {0};
	int			gap = Max(-q->point, 0);
	int			first = Max(q->point, 0);
	int			length = 0;
	bool		inexact = false;

	/* 1024^6 < 10^19: behind so many zeros nothing can reach a whole unit */
	if (gap > 30)
	{
		*result = 1;
		return true;
	}
	if (!whole_part(q, result))
		return false;
	if (first < q->digit_count)
	{
		length = gap + q->digit_count - first;
		memcpy(fraction + gap, q->digits + first, q->digit_count - first);
	}
	for (int i = 0; i < q->binary_steps; i++)
	{
		if (*result > UINT64CONST(0x7FFFFFFFFFFFFFFF) / 1024)
			return false;
		*result = *result * 1024 + scale_fraction(fraction, length);
	}
	for (int i = 0; i < length; i++)
		inexact = inexact || fraction[i] != 0;
	*result += inexact ? 1 : 0;
	return *result <= UINT64CONST(0x7FFFFFFFFFFFFFFF);
}

OrchQuantityResult
orch_quantity_parse(const char *text, OrchQuantityUnit unit, int64 *value)
{
	Quantity	q;
	uint64		result;

	if (!read_quantity(text, &q))
		return ORCH_QUANTITY_SYNTAX;
	if (q.digit_count == 0)
	{
		*value = 0;
		return ORCH_QUANTITY_OK;
	}
	if (q.negative)
		return ORCH_QUANTITY_NEGATIVE;
	if (unit == ORCH_QUANTITY_MILLI)
		q.point += 3;
	else if (unit == ORCH_QUANTITY_NANO)
		q.point += 9;
	if (!evaluate(&q, &result))
		return ORCH_QUANTITY_OUT_OF_RANGE;
	*value = (int64) result;
	return ORCH_QUANTITY_OK;
}

static uint64
suffix_factor(const Suffix *suffix, OrchQuantityUnit unit)
{
	uint64		factor = 1;
	int			exponent = suffix->exponent;

	if (unit == ORCH_QUANTITY_MILLI)
		exponent += 3;
	for (int i = 0; i < exponent; i++)
		factor *= 10;
	for (int i = 0; i < suffix->binary_steps; i++)
		factor *= 1024;
	return factor;
}

/* May unit be printed with this suffix, and does it divide the value? */
static bool
suffix_fits(const Suffix *suffix, OrchQuantityUnit unit, uint64 value)
{
	if (unit == ORCH_QUANTITY_MILLI)
	{
		/* E in thousandths is more than 64 bits hold */
		if (suffix->binary_steps > 0 || suffix->exponent < -3 ||
			suffix->exponent > 15)
			return false;
	}
	else if (suffix->binary_steps == 0)
		return false;
	return value % suffix_factor(suffix, unit) == 0;
}

char *
orch_quantity_format(int64 value, OrchQuantityUnit unit,
					 char *buf, size_t size)
{
	uint64		magnitude = value < 0 ? (uint64) 0 - (uint64) value : (uint64) value;
	const char *sign = value < 0 ? "-" : "";

	for (size_t i = 0; i < lengthof(suffixes) && magnitude != 0; i++)
	{
		if (suffix_fits(&suffixes[i], unit, magnitude))
		{
			snprintf(buf, size, "%s" UINT64_FORMAT "%s", sign,
					 magnitude / suffix_factor(&suffixes[i], unit),
					 suffixes[i].text);
			return buf;
		}
	}
	snprintf(buf, size, "%s" UINT64_FORMAT, sign, magnitude);
	return buf;
}

bool
orch_quantity_is_unit(const char *text, size_t length)
{
	if (length == 0 || *text != '1')
		return false;
	for (size_t i = 0; i < lengthof(suffixes); i++)
	{
		if (suffixes[i].exponent >= 0 && strlen(suffixes[i].text) == length - 1 &&
			memcmp(text + 1, suffixes[i].text, length - 1) == 0)
			return true;
	}
	return false;
}
