/*
 * fuzz_quantity.c
 *	  No text may overrun anything, and what is accepted round-trips.
 */
#include "kube/kube_prelude.h"

#include "kube/quantity.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char		input[400];
	char		printed[ORCH_QUANTITY_TEXT_SIZE];
	int64		value;
	int64		again;

	if (size >= sizeof(input))
		return 0;
	memcpy(input, data, size);
	input[size] = '\0';
	for (int unit = 0; unit <= 1; unit++)
	{
		if (orch_quantity_parse(input, unit, &value) != ORCH_QUANTITY_OK)
			continue;
		orch_quantity_format(value, unit, printed, sizeof(printed));
		if (orch_quantity_parse(printed, unit, &again) != ORCH_QUANTITY_OK ||
			again != value)
			abort();
	}
	/* a unit is a quantity */
	if (orch_quantity_is_unit((const char *) data, size) && (memchr(data, 0, size) || orch_quantity_parse(input, ORCH_QUANTITY_ONE, &value) != ORCH_QUANTITY_OK))
		abort();
	return 0;
}
