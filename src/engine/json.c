/*
 * json.c
 *	  Reading jsonb without asking whether it is well formed, and writing facts.
 */
#include "postgres.h"

#include "core/compat.h"
#include "engine/json.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/numeric.h"

/*
 * False also for null.
 */
bool
orch_json_member(JsonbContainer *object, const char *key, JsonbValue *value)
{
	return object != NULL && JsonContainerIsObject(object) &&
		getKeyJsonValueFromContainer(object, key, strlen(key), value) != NULL && value->type != jbvNull;
}

JsonbContainer *
orch_json_object(JsonbContainer *object, const char *key)
{
	JsonbValue	value;

	if (!orch_json_member(object, key, &value) || value.type != jbvBinary || !JsonContainerIsObject(value.val.binary.data))
		return NULL;
	return value.val.binary.data;
}

JsonbContainer *
orch_json_array(JsonbContainer *object, const char *key)
{
	JsonbValue	value;

	if (!orch_json_member(object, key, &value) || value.type != jbvBinary || !JsonContainerIsArray(value.val.binary.data))
		return NULL;
	return value.val.binary.data;
}

int
orch_json_count(JsonbContainer *array)
{
	return array != NULL ? (int) JsonContainerSize(array) : 0;
}

/*
 * An object in an array; NULL for an element that is none.
 */
JsonbContainer *
orch_json_element(JsonbContainer *array, int i)
{
	JsonbValue *value = i < orch_json_count(array) ? getIthJsonbValueFromContainer(array, i) : NULL;
	JsonbContainer *element = value != NULL && value->type == jbvBinary ? value->val.binary.data : NULL;

	return element != NULL && JsonContainerIsObject(element) ? element : NULL;
}

static char *
number_out(Numeric number)
{
	return DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(number)));
}

static OrchText
text_of(const JsonbValue *value)
{
	OrchText	text = {NULL, 0};

	if (value->type == jbvString)
	{
		text.data = value->val.string.val;
		text.length = value->val.string.len;
		return text;
	}
	if (value->type == jbvNumeric)
		text.data = number_out(value->val.numeric);
	else if (value->type == jbvBool)
		text.data = value->val.boolean ? "true" : "false";
	else
		text.data = JsonbToCString(NULL, value->val.binary.data, value->val.binary.len);
	text.length = strlen(text.data);
	return text;
}

OrchText
orch_json_string(JsonbContainer *object, const char *key)
{
	JsonbValue	value;

	return orch_json_member(object, key, &value) ? text_of(&value) : (OrchText) {NULL, 0};
}

OrchText
orch_json_string_element(JsonbContainer *array, int i)
{
	JsonbValue *value = i < orch_json_count(array) ? getIthJsonbValueFromContainer(array, i) : NULL;

	return value != NULL && value->type != jbvNull ? text_of(value) : (OrchText) {NULL, 0};
}

OrchText *
orch_json_keys(JsonbContainer *object)
{
	int			count = object != NULL && JsonContainerIsObject(object) ? orch_json_count(object) : 0;
	OrchText   *keys = count > 0 ? palloc(count * sizeof(OrchText)) : NULL;
	JsonbIterator *iterator = count > 0 ? JsonbIteratorInit(object) : NULL;
	JsonbIteratorToken token;
	JsonbValue	value;

	for (int i = 0; iterator != NULL && (token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE;)
	{
		if (token == WJB_KEY)
			keys[i++] = (OrchText) {value.val.string.val, value.val.string.len};
	}
	return keys;
}

bool
orch_json_integer(JsonbContainer *object, const char *key, int64 *number)
{
	OrchText	text = orch_json_string(object, key);
	char		digits[24];
	char	   *end;

	if (text.data == NULL || text.length == 0 || text.length >= sizeof(digits))
		return false;
	memcpy(digits, text.data, text.length);
	digits[text.length] = '\0';
	errno = 0;
	*number = strtoll(digits, &end, 10);
	return errno == 0 && *end == '\0';
}

bool
orch_json_true(JsonbContainer *object, const char *key)
{
	JsonbValue	value;

	return orch_json_member(object, key, &value) && value.type == jbvBool && value.val.boolean;
}

OrchText
orch_text_first(OrchText text, int characters)
{
	/* no text has more characters than bytes */
	if (text.length > characters)
		text.length = pg_mbcharcliplen(text.data, text.length, characters);
	return text;
}

OrchText
orch_text_last(OrchText text, int characters)
{
	int			surplus = text.length > characters ? pg_mbstrlen_with_len(text.data, text.length) - characters : 0;

	if (surplus > 0)
	{
		int			skipped = pg_mbcharcliplen(text.data, text.length, surplus);

		text.data += skipped;
		text.length -= skipped;
	}
	return text;
}

/*
 * NULL when there is none.
 */
char *
orch_text_copy(OrchText text)
{
	return text.data != NULL ? pnstrdup(text.data, text.length) : NULL;
}

/*
 * 0 for what is no number of ours: of digits alone, and of 64 bits.
 */
int64
orch_text_number(OrchText text)
{
	int64		number = 0;

	if (text.data == NULL || text.length == 0 || text.length > 18)
		return 0;
	for (int i = 0; i < text.length; i++)
	{
		if (text.data[i] < '0' || text.data[i] > '9')
			return 0;
		number = number * 10 + (text.data[i] - '0');
	}
	return number;
}

/*
 * Reads so many digits; -1 if they are none.
 */
static int
digits_at(const char *text, int count)
{
	int			number = 0;

	while (count-- > 0)
	{
		if (*text < '0' || *text > '9')
			return -1;
		number = number * 10 + (*text++ - '0');
	}
	return number;
}

/*
 * Z, +hh, +hh:mm or +hhmm at the end of a time, in seconds east of Greenwich.
 */
static bool
zone_seconds(const char *zone, int length, int *seconds)
{
	int			hours,
				minutes = 0;

	*seconds = 0;
	if (length == 1 && *zone == 'Z')
		return true;
	if ((length != 3 && length != 5 && length != 6) || (*zone != '+' && *zone != '-'))
		return false;
	hours = digits_at(zone + 1, 2);
	if (length == 6 && zone[3] != ':')
		return false;
	if (length > 3)
		minutes = digits_at(zone + length - 2, 2);
	*seconds = (hours * 60 + minutes) * 60 * (*zone == '-' ? -1 : 1);
	return hours >= 0 && hours <= 15 && minutes >= 0 && minutes < 60;
}

/*
 * Seconds since 1970, rounded.  False for what is not as RFC 3339 has it, and
 * so for much that PostgreSQL would take and for all that it would not.
 */
bool
orch_text_seconds(OrchText time, int64 *seconds)
{
	const char *at = time.data;
	int			year,
				month,
				day,
				hour,
				minute,
				second,
				zone,
				rest = 19;
	bool		round_up;

	if (time.data == NULL || time.length < 20 || at[4] != '-' || at[7] != '-' || (at[10] != 'T' && at[10] != ' ') || at[13] != ':' || at[16] != ':')
		return false;
	year = digits_at(at, 4);
	month = digits_at(at + 5, 2);
	day = digits_at(at + 8, 2);
	hour = digits_at(at + 11, 2);
	minute = digits_at(at + 14, 2);
	second = digits_at(at + 17, 2);
	if (year < 1 || month < 1 || month > 12 || day < 1 || day > day_tab[isleap(year)][month - 1] ||
		hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60)
		return false;
	round_up = time.length > 20 && at[rest] == '.' && at[rest + 1] >= '5' && at[rest + 1] <= '9';
	if (at[rest] == '.')
	{
		while (++rest < time.length && at[rest] >= '0' && at[rest] <= '9')
			;
		if (rest == 20 || rest > 29)
			return false;
	}
	if (!zone_seconds(at + rest, time.length - rest, &zone))
		return false;
	*seconds = ((int64) date2j(year, month, day) - UNIX_EPOCH_JDATE) * SECS_PER_DAY +
		hour * SECS_PER_HOUR + minute * SECS_PER_MINUTE + second - zone + (round_up ? 1 : 0);
	return true;
}

/*
 * A string with its quotes; control characters as jsonb writes them.
 */
static void
put_string(StringInfo out, const char *text, int length)
{
	static const char hex[] = "0123456789abcdef";
	int			start = 0;

	appendStringInfoCharMacro(out, '"');
	for (int i = 0; i < length; i++)
	{
		unsigned char c = text[i];

		if (c >= ' ' && c != '"' && c != '\\')
			continue;
		appendBinaryStringInfo(out, text + start, i - start);
		start = i + 1;
		appendStringInfoCharMacro(out, '\\');
		if (c == '"' || c == '\\')
			appendStringInfoCharMacro(out, c);
		else
		{
			const char	code[] = {'u', '0', '0', hex[c >> 4], hex[c & 15]};

			appendBinaryStringInfo(out, code, sizeof(code));
		}
	}
	appendBinaryStringInfo(out, text + start, length - start);
	appendStringInfoCharMacro(out, '"');
}

static void
put_comma(StringInfo out)
{
	char		last = out->len > 0 ? out->data[out->len - 1] : '{';

	if (last != '{' && last != '[' && last != ':')
		appendStringInfoCharMacro(out, ',');
}

static void
put_scalar(StringInfo out, const JsonbValue *value)
{
	if (value->type == jbvString)
		put_string(out, value->val.string.val, value->val.string.len);
	else if (value->type == jbvNull)
		appendBinaryStringInfo(out, "null", 4);
	else
	{
		OrchText	text = text_of(value);

		appendBinaryStringInfo(out, text.data, text.length);
	}
}

/*
 * An array or object; members of objects that are null are left out.
 */
static void
put_container(StringInfo out, JsonbContainer *container)
{
	JsonbIterator *iterator = JsonbIteratorInit(container);
	JsonbIteratorToken token;
	JsonbValue	value;
	JsonbValue	key = {.type = jbvNull};

	while ((token = JsonbIteratorNext(&iterator, &value, false)) != WJB_DONE)
	{
		if (token == WJB_END_ARRAY || token == WJB_END_OBJECT)
		{
			appendStringInfoCharMacro(out, token == WJB_END_ARRAY ? ']' : '}');
			continue;
		}
		if (token == WJB_KEY)
		{
			key = value;
			continue;
		}
		if (token == WJB_VALUE && value.type == jbvNull)
		{
			key.type = jbvNull;
			continue;
		}
		put_comma(out);
		if (key.type == jbvString)
		{
			put_string(out, key.val.string.val, key.val.string.len);
			appendStringInfoCharMacro(out, ':');
			key.type = jbvNull;
		}
		if (token == WJB_BEGIN_ARRAY || token == WJB_BEGIN_OBJECT)
			appendStringInfoCharMacro(out, token == WJB_BEGIN_ARRAY ? '[' : '{');
		else
			put_scalar(out, &value);
	}
}

void
orch_json_put_element(StringInfo out, OrchText text)
{
	put_comma(out);
	put_string(out, text.data, text.length);
}

void
orch_json_put_begin(StringInfo out, char bracket)
{
	put_comma(out);
	appendStringInfoChar(out, bracket);
}

void
orch_json_put_key(StringInfo out, const char *key)
{
	put_comma(out);
	appendStringInfoCharMacro(out, '"');
	appendBinaryStringInfo(out, key, strlen(key));
	appendBinaryStringInfo(out, "\":", 2);
}

void
orch_json_put(StringInfo out, const char *key, JsonbContainer *object, const char *member)
{
	JsonbValue	value;

	if (!orch_json_member(object, member, &value))
		return;
	orch_json_put_key(out, key);
	if (value.type == jbvBinary)
		put_container(out, value.val.binary.data);
	else
		put_scalar(out, &value);
}

void
orch_json_put_text(StringInfo out, const char *key, OrchText text)
{
	if (text.data == NULL)
		return;
	orch_json_put_key(out, key);
	put_string(out, text.data, text.length);
}

void
orch_json_put_member(StringInfo out, OrchText key, OrchText text)
{
	orch_json_put_element(out, key);
	appendStringInfoCharMacro(out, ':');
	put_string(out, text.data, text.length);
}

void
orch_json_put_integer(StringInfo out, const char *key, int64 number)
{
	char		digits[24];

	orch_json_put_key(out, key);
	appendBinaryStringInfo(out, digits, pg_lltoa(number, digits));
}

void
orch_json_put_boolean(StringInfo out, const char *key, bool value)
{
	orch_json_put_key(out, key);
	appendStringInfoString(out, value ? "true" : "false");
}
