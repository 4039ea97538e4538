#include "base/json_cursor.h"

#include <stdint.h>
#include <string.h>

#include "base/json.h"

struct rm_json_cursor
rm_json_cursor(const char *text, size_t len)
{
	return (struct rm_json_cursor){ text, text + len, RM_JSON_DEPTH_PLAIN,
		false };
}

void
rm_json_skip_space(struct rm_json_cursor *in)
{
	while (in->at < in->end && (*in->at == ' ' || *in->at == '\n' ||
				       *in->at == '\t' || *in->at == '\r'))
		in->at++;
}

bool
rm_json_take(struct rm_json_cursor *in, char c)
{
	if (in->at < in->end && *in->at != c)
		rm_json_skip_space(in);
	if (in->at == in->end || *in->at != c)
		return false;
	in->at++;
	return true;
}

static bool
is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
	       (c >= 'A' && c <= 'F');
}

static bool
skip_escape(struct rm_json_cursor *in)
{
	if (in->at == in->end || *in->at == '\0' ||
	    strchr("\"\\/bfnrtu", *in->at) == NULL)
		return false;
	if (*in->at++ != 'u')
		return true;
	/* Not every surrogate has its other half: libjq decides. */
	if (!in->surrogates && in->end - in->at > 1 &&
	    (in->at[0] | 0x20) == 'd' && strchr("01234567", in->at[1]) == NULL)
		return false;
	for (int i = 0; i < 4; i++)
		if (in->at == in->end || !is_hex(*in->at++))
			return false;
	return true;
}

/* Whether some byte of the eight is a quote, a backslash or below a space:
 * what x has in a byte's top bit where the byte is zero, or borrowed. */
static bool
has_special(uint64_t eight)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	const uint64_t tops = ones << 7;
	uint64_t quote = eight ^ ones * '"', slash = eight ^ ones * '\\';
	return (((quote - ones) & ~quote) | ((slash - ones) & ~slash) |
		   ((eight - ones * 0x20) & ~eight)) &
	       tops;
}

/* To the first quote, backslash or control character, or the end. */
static void
skip_plain(struct rm_json_cursor *in)
{
	uint64_t eight;
	while ((size_t)(in->end - in->at) >= sizeof(eight)) {
		memcpy(&eight, in->at, sizeof(eight));
		if (has_special(eight))
			break;
		in->at += sizeof(eight);
	}
	while (in->at < in->end && *in->at != '"' && *in->at != '\\' &&
	       (unsigned char)*in->at >= 0x20)
		in->at++;
}

bool
rm_json_skip_string(struct rm_json_cursor *in)
{
	for (;;) {
		skip_plain(in);
		if (in->at == in->end || (unsigned char)*in->at < 0x20)
			return false;
		if (*in->at++ == '"')
			return true;
		if (!skip_escape(in))
			return false;
	}
}

static bool
skip_digits(struct rm_json_cursor *in)
{
	const char *from = in->at;
	while (in->at < in->end && *in->at >= '0' && *in->at <= '9')
		in->at++;
	return in->at > from;
}

static bool
skip_number(struct rm_json_cursor *in)
{
	if (*in->at == '-')
		in->at++;
	if (in->at < in->end && *in->at == '0')
		in->at++;
	else if (!skip_digits(in))
		return false;
	if (in->at < in->end && *in->at == '.') {
		in->at++;
		if (!skip_digits(in))
			return false;
	}
	if (in->at < in->end && (*in->at == 'e' || *in->at == 'E')) {
		in->at++;
		if (in->at < in->end && (*in->at == '+' || *in->at == '-'))
			in->at++;
		return skip_digits(in);
	}
	return true;
}

static bool
skip_word(struct rm_json_cursor *in, const char *word)
{
	size_t n = strlen(word);
	if ((size_t)(in->end - in->at) < n || memcmp(in->at, word, n) != 0)
		return false;
	in->at += n;
	return true;
}

static bool
skip_scalar(struct rm_json_cursor *in)
{
	if (in->at == in->end)
		return false;
	switch (*in->at) {
	case '"':
		in->at++;
		return rm_json_skip_string(in);
	case 't':
		return skip_word(in, "true");
	case 'f':
		return skip_word(in, "false");
	case 'n':
		return skip_word(in, "null");
	default:
		return skip_number(in);
	}
}

static bool
skip_key(struct rm_json_cursor *in)
{
	return rm_json_take(in, '"') && rm_json_skip_string(in) &&
	       rm_json_take(in, ':');
}

/* An object or array; the brackets that are open are kept in `close`. */
static bool
skip_nested(struct rm_json_cursor *in)
{
	char close[RM_JSON_DEPTH_MAX];
	size_t depth = 0;
	do {
		rm_json_skip_space(in);
		if (in->at < in->end && (*in->at == '{' || *in->at == '[')) {
			if (depth == in->room || depth == sizeof(close))
				return false;
			bool object = *in->at++ == '{';
			close[depth] = object ? '}' : ']';
			if (!rm_json_take(in, close[depth])) {
				depth++;
				if (object && !skip_key(in))
					return false;
				continue;
			}
		} else if (!skip_scalar(in)) {
			return false;
		}
		while (depth > 0 && !rm_json_take(in, ',')) {
			if (!rm_json_take(in, close[depth - 1]))
				return false;
			depth--;
		}
		/* cppcheck-suppress uninitvar; those below depth are set */
		if (depth > 0 && close[depth - 1] == '}' && !skip_key(in))
			return false;
	} while (depth > 0);
	return true;
}

bool
rm_json_skip(struct rm_json_cursor *in)
{
	rm_json_skip_space(in);
	if (in->at < in->end && (*in->at == '{' || *in->at == '['))
		return skip_nested(in);
	return skip_scalar(in);
}

bool
rm_json_ends(struct rm_json_cursor *in)
{
	rm_json_skip_space(in);
	return in->at == in->end;
}

/* Enters a bracket: 1; one that is closed at once: 0; -1: none, or too deep. */
static int
enter(struct rm_json_cursor *in, char open, char close)
{
	if (in->room == 0 || !rm_json_take(in, open))
		return -1;
	if (rm_json_take(in, close))
		return 0;
	in->room--;
	return 1;
}

/* Behind a value in a bracket: 1 when another follows, 0 at its end, or -1. */
static int
go_on(struct rm_json_cursor *in, char close)
{
	if (rm_json_take(in, ','))
		return 1;
	if (!rm_json_take(in, close))
		return -1;
	in->room++;
	return 0;
}

static bool
read_member(struct rm_json_cursor *in, const struct rm_json_member *members,
    size_t count, uint32_t *met, void *to)
{
	struct rm_slice key;
	if (!rm_json_read_text(in, &key) || !rm_json_take(in, ':'))
		return false;
	for (size_t i = 0; i < count; i++) {
		const struct rm_json_member *m = &members[i];
		if (strncmp(m->name, key.at, key.len) != 0 ||
		    m->name[key.len] != '\0')
			continue;
		if (*met & UINT32_C(1) << i)
			return false;
		*met |= UINT32_C(1) << i;
		rm_json_skip_space(in);
		return m->read(in, (char *)to + m->offset);
	}
	return rm_json_skip(in);
}

bool
rm_json_read_object(struct rm_json_cursor *in,
    const struct rm_json_member *members, size_t count, void *to)
{
	uint32_t met = 0;
	int more = enter(in, '{', '}');
	while (more > 0)
		more = read_member(in, members, count, &met, to)
			   ? go_on(in, '}')
			   : -1;
	return more == 0;
}

bool
rm_json_read_array(struct rm_json_cursor *in, rm_json_reader *read, void *to)
{
	int more = enter(in, '[', ']');
	while (more > 0) {
		rm_json_skip_space(in);
		more = read(in, to) ? go_on(in, ']') : -1;
	}
	return more == 0;
}

bool
rm_json_read_text(struct rm_json_cursor *in, void *to)
{
	struct rm_slice *text = to;
	if (!rm_json_take(in, '"'))
		return false;
	text->at = in->at;
	skip_plain(in);
	text->len = (size_t)(in->at - text->at);
	if (in->at == in->end || *in->at != '"')
		return false;
	in->at++;
	return true;
}

bool
rm_json_read_value(struct rm_json_cursor *in, void *to)
{
	struct rm_slice *value = to;
	rm_json_skip_space(in);
	value->at = in->at;
	if (!rm_json_skip(in))
		return false;
	value->len = (size_t)(in->at - value->at);
	return true;
}

/* Digits with a point: exact while both the digits and the power of ten are,
 * which is so for up to 15 digits. */
static bool
plain_double(struct rm_slice number, double *to)
{
	static const double tens[] = { 1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7,
		1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15 };
	uint64_t digits = 0;
	size_t point = number.len;
	if (number.len > 15)
		return false;
	for (size_t i = 0; i < number.len; i++) {
		char c = number.at[i];
		if (c == '.')
			point = i + 1;
		else if (c >= '0' && c <= '9')
			digits = digits * 10 + (uint64_t)(c - '0');
		else
			return false;
	}
	*to = (double)digits / tens[number.len - point];
	return true;
}

bool
rm_json_read_double(struct rm_json_cursor *in, void *to)
{
	struct rm_slice number = { in->at, 0 };
	jv value;
	if (in->at == in->end || !skip_number(in))
		return false;
	number.len = (size_t)(in->at - number.at);
	if (plain_double(number, to))
		return true;
	if (rm_json_parse(number.at, number.len, &value, NULL) != 0)
		return false;
	*(double *)to = jv_number_value(value);
	jv_free(value);
	return true;
}
