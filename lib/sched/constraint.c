#include "sched/constraint.h"

#include <errno.h>
#include <oniguruma.h>
#include <stdlib.h>
#include <string.h>

#include "base/exit.h"
#include "base/json.h"
#include "base/str.h"

struct rm_constraint {
	const struct operator* operator;
	char *field;
	char *value; /* or NULL */
	long number; /* of MAX_PER and GROUP_BY */
	regex_t *regex; /* of LIKE and UNLIKE */
	jv numbers; /* of the values met: an object */
	struct met *met; /* by number */
	size_t met_count, met_room;
	long total; /* nodes counted */
	long least; /* nodes of the value that has the fewest, for GROUP_BY */
};

/* A value that the field has somewhere. */
struct met {
	long nodes;
	bool suits; /* it is, or matches, the constraint's value */
};

enum value_rule { NO_VALUE, MAY_VALUE, NUMBER, MAY_NUMBER, REGEX, TEXT };

struct operator
{
	const char *name;
	enum value_rule rule;
	/* value is NULL when the place lacks the field. */
	bool (*holds)(const struct rm_constraint *c, const struct met *value);
};

/* ---- the operators ---- */

static bool
unique(const struct rm_constraint *c, const struct met *value)
{
	(void)c;
	return value != NULL && value->nodes == 0;
}

static bool
cluster(const struct rm_constraint *c, const struct met *value)
{
	if (value == NULL)
		return false;
	if (c->value != NULL)
		return value->suits;
	return c->total == 0 || value->nodes > 0;
}

static bool
group_by(const struct rm_constraint *c, const struct met *value)
{
	return value != NULL && value->nodes <= c->least;
}

static bool
like(const struct rm_constraint *c, const struct met *value)
{
	(void)c;
	return value != NULL && value->suits;
}

static bool
unlike(const struct rm_constraint *c, const struct met *value)
{
	(void)c;
	return value == NULL || !value->suits;
}

static bool
max_per(const struct rm_constraint *c, const struct met *value)
{
	return value != NULL && value->nodes < c->number;
}

static const struct operator operators[] = {
	{ "UNIQUE", NO_VALUE, unique },
	{ "CLUSTER", MAY_VALUE, cluster },
	{ "GROUP_BY", MAY_NUMBER, group_by },
	{ "LIKE", REGEX, like },
	{ "UNLIKE", REGEX, unlike },
	{ "MAX_PER", NUMBER, max_per },
	{ "IS", TEXT, like },
};

/* ---- reading ---- */

static int
bad(struct rm_error *err, size_t index, const char *fmt, const char *what)
{
	struct rm_str text = { 0 };
	/* The format is one of ours, with one %s. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	rm_str_printf(&text, fmt, what);
#pragma GCC diagnostic pop
	rm_error_set(
	    err, RM_EXIT_USAGE, "constraint %zu: %s", index + 1, text.text);
	rm_str_free(&text);
	return -1;
}

/* The value must match as a whole: \z, since Java's matches() does so. */
static int
compile(struct rm_constraint *c, size_t index, struct rm_error *err)
{
	OnigErrorInfo info;
	char *whole = rm_format("(?:%s)\\z", c->value);
	const OnigUChar *text = (const OnigUChar *)whole;
	OnigEncoding encodings[] = { ONIG_ENCODING_UTF8 };
	onig_initialize(encodings, 1);
	int rc = onig_new(&c->regex, text, text + strlen(whole),
	    ONIG_OPTION_NONE, ONIG_ENCODING_UTF8, ONIG_SYNTAX_JAVA, &info);
	free(whole);
	if (rc == ONIG_NORMAL)
		return 0;
	c->regex = NULL;
	OnigUChar words[ONIG_MAX_ERROR_MESSAGE_LEN];
	onig_error_code_to_str(words, rc, &info);
	return bad(
	    err, index, "bad regular expression: %s", (const char *)words);
}

static int
read_number(struct rm_constraint *c, size_t index, struct rm_error *err)
{
	char *end;
	errno = 0;
	c->number = strtol(c->value, &end, 10);
	if (errno != 0 || end == c->value || *end != '\0' || c->number < 1)
		return bad(err, index, "not a positive number: %s", c->value);
	return 0;
}

static int
read_value(struct rm_constraint *c, size_t index, struct rm_error *err)
{
	const char *name = c->operator->name;
	switch (c->operator->rule) {
	case NO_VALUE:
		if (c->value != NULL && c->value[0] != '\0')
			return bad(err, index, "%s takes no value", name);
		return 0;
	case MAY_VALUE:
		return 0;
	case MAY_NUMBER:
		return c->value != NULL ? read_number(c, index, err) : 0;
	case NUMBER:
	case REGEX:
	case TEXT:
		break;
	}
	if (c->value == NULL)
		return bad(err, index, "%s wants a value", name);
	if (c->operator->rule == NUMBER)
		return read_number(c, index, err);
	return c->operator->rule == REGEX ? compile(c, index, err) : 0;
}

/* The text of a member; numbers are as good as their text. NULL: absent. */
static char *
member(jv array, int index)
{
	if (index >= jv_array_length(jv_copy(array)))
		return NULL;
	jv v = jv_array_get(jv_copy(array), index);
	struct rm_str text = { 0 };
	if (jv_get_kind(v) == JV_KIND_STRING)
		rm_str_puts(&text, jv_string_value(v));
	else if (jv_get_kind(v) == JV_KIND_NUMBER)
		rm_json_write(&text, jv_copy(v));
	jv_free(v);
	return text.text;
}

static int
read_one(jv array, struct rm_constraint *c, size_t index, struct rm_error *err)
{
	int length = jv_get_kind(array) == JV_KIND_ARRAY
			 ? jv_array_length(jv_copy(array))
			 : 0;
	if (length < 2 || length > 3)
		return bad(err, index, "%s",
		    "not [field, operator] or [field, operator, value]");
	c->field = member(array, 0);
	if (c->field == NULL || c->field[0] == '\0')
		return bad(err, index, "%s", "the field is no text");
	char *name = member(array, 1);
	for (size_t i = 0; i < sizeof(operators) / sizeof(*operators); i++)
		if (name != NULL && strcmp(operators[i].name, name) == 0)
			c->operator= & operators[i];
	int rc = c->operator!= NULL ? 0
				    : bad(err, index, "unknown operator %s",
					  name != NULL ? name : "(no text)");
	free(name);
	if (rc != 0)
		return -1;
	if (length == 3 && (c->value = member(array, 2)) == NULL)
		return bad(err, index, "%s", "the value is no text");
	return read_value(c, index, err);
}

int
rm_constraints_read(jv value, struct rm_constraints *to, struct rm_error *err)
{
	if (jv_get_kind(value) != JV_KIND_ARRAY)
		return rm_error_set(
		    err, RM_EXIT_USAGE, "constraints: not an array");
	struct rm_constraints read = { 0 };
	size_t count = (size_t)jv_array_length(jv_copy(value));
	int rc = 0;
	read.items = rm_alloc(count * sizeof(*read.items));
	for (; rc == 0 && read.count < count; read.count++) {
		jv one = jv_array_get(jv_copy(value), (int)read.count);
		read.items[read.count].numbers = jv_object();
		rc = read_one(one, &read.items[read.count], read.count, err);
		jv_free(one);
	}
	if (rc != 0) {
		rm_constraints_free(&read);
		return -1;
	}
	rm_constraints_free(to);
	*to = read;
	return 0;
}

/* &quot; to ", and the entities that may stand with it. */
static char *
unescape(const char *text)
{
	static const struct {
		const char *from;
		char to;
	} entities[] = { { "&quot;", '"' }, { "&#34;", '"' },
		{ "&apos;", '\'' }, { "&#39;", '\'' }, { "&lt;", '<' },
		{ "&gt;", '>' }, { "&amp;", '&' } };
	struct rm_str plain = { 0 };
	while (*text != '\0') {
		size_t i = 0, n = sizeof(entities) / sizeof(*entities);
		while (i < n && strncmp(text, entities[i].from,
				    strlen(entities[i].from)) != 0)
			i++;
		if (i < n) {
			rm_str_add(&plain, &entities[i].to, 1);
			text += strlen(entities[i].from);
		} else {
			rm_str_add(&plain, text++, 1);
		}
	}
	return rm_str_take(&plain);
}

static int
parse_value(const char *text, jv *value, struct rm_error *err)
{
	if (rm_json_parse(text, strlen(text), value, err) == 0)
		return 0;
	char *plain = unescape(text);
	int rc = strcmp(plain, text) == 0
		     ? -1
		     : rm_json_parse(plain, strlen(plain), value, err);
	free(plain);
	return rc;
}

int
rm_constraints_parse(
    const char *text, struct rm_constraints *to, struct rm_error *err)
{
	jv value;
	int rc = parse_value(text, &value, err);
	if (rc == 0 && jv_get_kind(value) == JV_KIND_STRING) {
		jv inner = value;
		rc = parse_value(jv_string_value(inner), &value, err);
		jv_free(inner);
	}
	if (rc != 0) {
		if (err != NULL)
			err->code = RM_EXIT_USAGE;
		return rm_error_prefix(err, "constraints");
	}
	rc = rm_constraints_read(value, to, err);
	jv_free(value);
	return rc;
}

jv
rm_constraints_json(const struct rm_constraints *c)
{
	jv all = jv_array();
	for (size_t i = 0; i < c->count; i++) {
		jv one = JV_ARRAY(jv_string(c->items[i].field),
		    jv_string(c->items[i].operator->name));
		if (c->items[i].value != NULL)
			one = jv_array_append(
			    one, jv_string(c->items[i].value));
		all = jv_array_append(all, one);
	}
	return all;
}

void
rm_constraints_free(struct rm_constraints *c)
{
	for (size_t i = 0; i < c->count; i++) {
		free(c->items[i].field);
		free(c->items[i].value);
		jv_free(c->items[i].numbers);
		free(c->items[i].met);
		if (c->items[i].regex != NULL)
			onig_free(c->items[i].regex);
	}
	free(c->items);
	*c = (struct rm_constraints){ 0 };
}

/* ---- places ---- */

static void
add_ranges(struct rm_str *text, jv ranges)
{
	const char *comma = "";
	rm_str_puts(text, "[");
	jv_array_foreach (ranges, i, range) {
		rm_str_printf(text, "%s%.0f-%.0f", comma,
		    rm_json_number(range, "begin", 0),
		    rm_json_number(range, "end", 0));
		comma = ",";
		jv_free(range);
	}
	rm_str_puts(text, "]");
}

static void
add_set(struct rm_str *text, jv items)
{
	const char *comma = "";
	rm_str_puts(text, "{");
	jv_array_foreach (items, i, item) {
		if (jv_get_kind(item) == JV_KIND_STRING)
			rm_str_printf(
			    text, "%s%s", comma, jv_string_value(item));
		comma = ",";
		jv_free(item);
	}
	rm_str_puts(text, "}");
}

/* An attribute's value as text; mesos.proto, Attribute. */
static char *
attribute_text(jv attribute)
{
	struct rm_str text = { 0 };
	const char *plain = rm_json_path_text(attribute, "text.value");
	jv scalar = rm_json_path(attribute, "scalar.value");
	jv ranges = rm_json_path(attribute, "ranges.range");
	jv items = rm_json_path(attribute, "set.item");
	if (plain != NULL)
		rm_str_puts(&text, plain);
	else if (jv_get_kind(scalar) == JV_KIND_NUMBER)
		rm_json_write(&text, jv_copy(scalar));
	else if (jv_get_kind(ranges) == JV_KIND_ARRAY)
		add_ranges(&text, ranges);
	else if (jv_get_kind(items) == JV_KIND_ARRAY)
		add_set(&text, items);
	jv_free(items);
	jv_free(ranges);
	jv_free(scalar);
	return text.text;
}

static char *
text_or_null(const char *text)
{
	return text != NULL && text[0] != '\0' ? rm_strdup(text) : NULL;
}

/* The field's value there, the caller's; NULL when it lacks the field. */
static char *
value_at(const struct rm_place *place, const char *field)
{
	if (strcmp(field, "hostname") == 0)
		return text_or_null(place->hostname);
	if (strcmp(field, "@region") == 0)
		return text_or_null(place->region);
	if (strcmp(field, "@zone") == 0)
		return text_or_null(place->zone);
	char *found = NULL;
	if (jv_get_kind(place->attributes) != JV_KIND_ARRAY)
		return NULL;
	jv_array_foreach (place->attributes, i, attribute) {
		if (found == NULL &&
		    strcmp(rm_json_text(attribute, "name", ""), field) == 0)
			found = attribute_text(attribute);
		jv_free(attribute);
	}
	return found;
}

static bool
suits(const struct rm_constraint *c, const char *value)
{
	if (c->regex == NULL)
		return c->value != NULL && strcmp(c->value, value) == 0;
	const OnigUChar *text = (const OnigUChar *)value;
	const OnigUChar *end = text + strlen(value);
	return onig_match(c->regex, text, end, text, NULL, ONIG_OPTION_NONE) ==
	       end - text;
}

/* The number of the field's value there, a new one where it was not met; -1
 * when it lacks the field. */
static int
locate(struct rm_constraint *c, const struct rm_place *place)
{
	char *value = value_at(place, c->field);
	if (value == NULL)
		return -1;
	int number = (int)rm_json_number(c->numbers, value, -1);
	if (number < 0) {
		if (c->met_count == c->met_room) {
			c->met_room = c->met_room > 0 ? c->met_room * 2 : 16;
			c->met = rm_realloc(
			    c->met, c->met_room * sizeof(*c->met));
		}
		number = (int)c->met_count++;
		c->met[number] = (struct met){ .suits = suits(c, value) };
		c->numbers = rm_json_set(
		    c->numbers, value, jv_number(number));
	}
	free(value);
	return number;
}

static void
find_least(struct rm_constraint *c)
{
	long least = -1, values = 0;
	for (size_t i = 0; i < c->met_count; i++) {
		long n = c->met[i].nodes;
		values += n > 0;
		if (n > 0 && (least < 0 || n < least))
			least = n;
	}
	c->least = values < c->number || least < 0 ? 0 : least;
}

void
rm_constraints_locate(const struct rm_constraints *c,
    const struct rm_place *place, int *numbers)
{
	for (size_t i = 0; i < c->count; i++)
		numbers[i] = locate(&c->items[i], place);
}

void
rm_constraints_reset(struct rm_constraints *c)
{
	for (size_t i = 0; i < c->count; i++) {
		for (size_t k = 0; k < c->items[i].met_count; k++)
			c->items[i].met[k].nodes = 0;
		c->items[i].total = c->items[i].least = 0;
	}
}

static void
count_at(struct rm_constraint *c, int number)
{
	c->total++;
	if (number < 0)
		return;
	c->met[number].nodes++;
	if (c->operator->holds == group_by)
		find_least(c);
}

void
rm_constraints_count(struct rm_constraints *c, const struct rm_place *place)
{
	for (size_t i = 0; i < c->count; i++)
		count_at(&c->items[i], locate(&c->items[i], place));
}

void
rm_constraints_count_at(struct rm_constraints *c, const int *numbers)
{
	for (size_t i = 0; i < c->count; i++)
		count_at(&c->items[i], numbers[i]);
}

size_t
rm_constraints_check_at(const struct rm_constraints *c, const int *numbers)
{
	size_t i = 0;
	for (; i < c->count; i++) {
		const struct rm_constraint *one = &c->items[i];
		if (!one->operator->holds(
			one, numbers[i] < 0 ? NULL : &one->met[numbers[i]]))
			break;
	}
	return i;
}

char *
rm_constraint_text(const struct rm_constraints *c, size_t index)
{
	const struct rm_constraint *one = &c->items[index];
	return rm_format("%s %s%s%s", one->field, one->operator->name,
	    one->value ? " " : "", one->value ? one->value : "");
}

char *
rm_constraints_check(
    const struct rm_constraints *c, const struct rm_place *place, size_t *index)
{
	int *numbers = rm_alloc((c->count + 1) * sizeof(*numbers));
	rm_constraints_locate(c, place, numbers);
	size_t broken = rm_constraints_check_at(c, numbers);
	free(numbers);
	if (index != NULL)
		*index = broken;
	return broken < c->count ? rm_constraint_text(c, broken) : NULL;
}
