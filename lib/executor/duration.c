#include "executor/duration.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

double
rm_duration_parse(const char *text)
{
	static const struct {
		const char *name;
		double seconds;
	} units[] = { { "ns", 1e-9 }, { "us", 1e-6 }, { "ms", 1e-3 },
		{ "secs", 1 }, { "mins", 60 }, { "hrs", 3600 },
		{ "days", 86400 }, { "weeks", 7 * 86400 } };

	size_t digits = strspn(text, "0123456789.");
	char *end;
	double number = strtod(text, &end);
	if (digits == 0 || end != text + digits)
		return -1;
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (strcmp(end, units[i].name) == 0)
			return number * units[i].seconds;
	return -1;
}
