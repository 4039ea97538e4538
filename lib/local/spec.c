#include "local/spec.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/exit.h"
#include "base/json.h"

/* Cuts white space off both ends, in place. */
static char *
trim(char *text)
{
	while (isspace((unsigned char)*text))
		text++;
	size_t n = strlen(text);
	while (n > 0 && isspace((unsigned char)text[n - 1]))
		text[--n] = '\0';
	return text;
}

static bool
scalar(const char *text, double *n)
{
	char *end;
	*n = strtod(text, &end);
	return end != text && *end == '\0' && isfinite(*n);
}

/* "[1-5, 9-12]" as {"range":[…]}; invalid when it is none. */
static jv
ranges(const char *text)
{
	jv list = jv_array();
	size_t n = strlen(text);
	const char *p = text + 1;
	bool fits = n >= 2 && text[0] == '[' && text[n - 1] == ']';
	while (fits && p < text + n - 1) {
		char *end;
		unsigned long long begin = strtoull(p, &end, 10), last = 0;
		fits = end != p && *end == '-';
		if (fits) {
			p = end + 1;
			last = strtoull(p, &end, 10);
			fits = end != p && last >= begin;
		}
		p = end + strspn(end, " ");
		if (*p == ',')
			p += 1 + strspn(p + 1, " ");
		else
			fits = fits && *p == ']';
		list = jv_array_append(list,
		    JV_OBJECT(jv_string("begin"), jv_number((double)begin),
			jv_string("end"), jv_number((double)last)));
	}
	if (fits)
		return jv_object_set(jv_object(), jv_string("range"), list);
	jv_free(list);
	return jv_invalid();
}

/* "{a,b}" as {"item":[…]}; invalid when it is none. */
static jv
set(const char *text)
{
	size_t n = strlen(text);
	if (n < 2 || text[0] != '{' || text[n - 1] != '}')
		return jv_invalid();
	jv list = jv_array();
	char *copy = rm_format("%.*s", (int)n - 2, text + 1), *rest = copy;
	for (char *item; (item = strsep(&rest, ",")) != NULL;)
		list = jv_array_append(list, jv_string(trim(item)));
	free(copy);
	return jv_object_set(jv_object(), jv_string("item"), list);
}

/* Adds "type" and the value. Consumes and returns the object; invalid when
 * the text is no scalar, ranges or set. */
static jv
with_value(jv object, const char *text)
{
	double n;
	jv value;
	if (scalar(text, &n)) {
		object = rm_json_set(object, "type", jv_string("SCALAR"));
		return rm_json_set(object, "scalar",
		    JV_OBJECT(jv_string("value"), jv_number(n)));
	}
	if (jv_is_valid(value = ranges(text))) {
		object = rm_json_set(object, "type", jv_string("RANGES"));
		return rm_json_set(object, "ranges", value);
	}
	jv_free(value);
	if (jv_is_valid(value = set(text))) {
		object = rm_json_set(object, "type", jv_string("SET"));
		return rm_json_set(object, "set", value);
	}
	jv_free(value);
	jv_free(object);
	return jv_invalid();
}

/* Splits "name:value" at the first colon; false when there is none. */
static bool
split(char *pair, char **name, char **value)
{
	char *colon = strchr(pair, ':');
	if (colon == NULL)
		return false;
	*colon = '\0';
	*name = trim(pair);
	*value = trim(colon + 1);
	return **name != '\0' && **value != '\0';
}

static jv
resource(char *pair)
{
	char *name, *value, *role = NULL;
	if (!split(pair, &name, &value))
		return jv_invalid();
	char *open = strchr(name, '('), *close = strchr(name, ')');
	if (open != NULL) {
		if (close == NULL || close[1] != '\0')
			return jv_invalid();
		*open = *close = '\0';
		role = trim(open + 1);
		name = trim(name);
	}
	jv one = JV_OBJECT(jv_string("name"), jv_string(name));
	one = with_value(one, value);
	if (!jv_is_valid(one) || role == NULL || strcmp(role, "*") == 0)
		return one;
	jv reservation = JV_OBJECT(jv_string("type"), jv_string("STATIC"),
	    jv_string("role"), jv_string(role));
	return rm_json_set(one, "reservations", JV_ARRAY(reservation));
}

static jv
attribute(char *pair)
{
	char *name, *value;
	if (!split(pair, &name, &value))
		return jv_invalid();
	jv one = with_value(
	    JV_OBJECT(jv_string("name"), jv_string(name)), value);
	if (jv_is_valid(one))
		return one;
	jv_free(one);
	return JV_OBJECT(jv_string("name"), jv_string(name), jv_string("type"),
	    jv_string("TEXT"), jv_string("text"),
	    JV_OBJECT(jv_string("value"), jv_string(value)));
}

/* Every part between semicolons. */
static int
parse_list(const char *text, jv (*part)(char *), const char *what, jv *list,
    struct rm_error *err)
{
	jv parsed = jv_array();
	char *copy = rm_strdup(text), *rest = copy;
	int rc = 0;
	for (char *pair; rc == 0 && (pair = strsep(&rest, ";")) != NULL;) {
		if (*trim(pair) == '\0')
			continue;
		char *was = rm_strdup(pair);
		jv one = part(pair);
		if (jv_is_valid(one))
			parsed = jv_array_append(parsed, one);
		else
			rc = rm_error_set(err, RM_EXIT_USAGE,
			    "%s: not name:value: %s", what, was);
		free(was);
	}
	free(copy);
	if (rc == 0)
		*list = parsed;
	else
		jv_free(parsed);
	return rc;
}

int
rm_spec_resources(const char *text, jv *list, struct rm_error *err)
{
	if (*text != '[')
		return parse_list(text, resource, "resources", list, err);
	if (rm_json_parse(text, strlen(text), list, err) != 0) {
		rm_error_prefix(err, "resources");
		return -1;
	}
	return 0;
}

int
rm_spec_attributes(const char *text, jv *list, struct rm_error *err)
{
	return parse_list(text, attribute, "attributes", list, err);
}

int
rm_spec_domain(const char *text, jv *domain, struct rm_error *err)
{
	const char *slash = strchr(text, '/');
	if (slash == NULL || slash == text || slash[1] == '\0')
		return rm_error_set(
		    err, RM_EXIT_USAGE, "domain: not region/zone: %s", text);
	jv region = jv_string_sized(text, (int)(slash - text));
	jv fault = JV_OBJECT(jv_string("region"),
	    JV_OBJECT(jv_string("name"), region), jv_string("zone"),
	    JV_OBJECT(jv_string("name"), jv_string(slash + 1)));
	*domain = JV_OBJECT(jv_string("fault_domain"), fault);
	return 0;
}

void
rm_spec_duration(struct rm_str *to, double seconds)
{
	static const struct {
		double seconds;
		const char *name;
	} units[] = { { 604800, "weeks" }, { 86400, "days" }, { 3600, "hrs" },
		{ 60, "mins" }, { 1, "secs" }, { 1e-3, "ms" }, { 1e-6, "us" },
		{ 1e-9, "ns" } };
	size_t last = sizeof(units) / sizeof(*units) - 1, u = 0;
	while (u < last && seconds < units[u].seconds)
		u++;
	rm_str_printf(to, "%.15g%s", seconds / units[u].seconds, units[u].name);
}

char *
rm_spec_numbered(const char *text, unsigned number)
{
	struct rm_str out = { 0 };
	for (const char *at; (at = strstr(text, "{n}")) != NULL;
	     text = at + 3) {
		rm_str_add(&out, text, (size_t)(at - text));
		rm_str_printf(&out, "%u", number);
	}
	rm_str_puts(&out, text);
	return rm_str_take(&out);
}
