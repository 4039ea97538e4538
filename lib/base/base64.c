#include "base/base64.h"

#include <stdbool.h>
#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			       "abcdefghijklmnopqrstuvwxyz0123456789+/";

void
rm_base64_encode(struct rm_str *to, const void *bytes, size_t len)
{
	const unsigned char *p = bytes;
	for (size_t i = 0; i < len; i += 3) {
		size_t n = len - i < 3 ? len - i : 3;
		unsigned group = (unsigned)p[i] << 16;
		if (n > 1)
			group |= (unsigned)p[i + 1] << 8;
		if (n > 2)
			group |= p[i + 2];
		char out[4];
		for (size_t k = 0; k < 4; k++)
			out[k] = k > n ? '='
				       : alphabet[group >> (18 - 6 * k) & 0x3f];
		rm_str_add(to, out, 4);
	}
}

/* Appends the bytes of four characters; whether they are canonical. */
static int
decode_group(struct rm_str *to, const char *text, bool last)
{
	size_t chars = 4;
	while (last && chars > 2 && text[chars - 1] == '=')
		chars--;
	unsigned group = 0;
	for (size_t k = 0; k < 4; k++) {
		const char *at = k < chars && text[k] != '\0'
				     ? strchr(alphabet, text[k])
				     : NULL;
		if (k < chars && at == NULL)
			return -1;
		group = group << 6 |
			(at != NULL ? (unsigned)(at - alphabet) : 0);
	}
	unsigned char out[3] = { (unsigned char)(group >> 16),
		(unsigned char)(group >> 8), (unsigned char)group };
	for (size_t k = chars - 1; k < 3; k++)
		if (out[k] != 0)
			return -1;
	rm_str_add(to, out, chars - 1);
	return 0;
}

int
rm_base64_decode(struct rm_str *to, const char *text, size_t len)
{
	size_t before = to->len;
	bool good = len % 4 == 0;
	for (size_t i = 0; good && i < len; i += 4)
		good = decode_group(to, text + i, i + 4 == len) == 0;
	if (good)
		return 0;
	to->len = before;
	if (to->text != NULL)
		to->text[before] = '\0';
	return -1;
}
