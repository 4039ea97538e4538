#include "base/utf8.h"

#include <stdint.h>
#include <string.h>

size_t
rm_utf8_length(const unsigned char *p, size_t left)
{
	static const struct {
		unsigned char mask, lead;
		unsigned least;
	} form[] = { { 0, 0, 0 }, { 0x80, 0x00, 0 }, { 0xe0, 0xc0, 0x80 },
		{ 0xf0, 0xe0, 0x800 }, { 0xf8, 0xf0, 0x10000 } };

	for (size_t n = 1; n <= 4 && n <= left; n++) {
		if ((p[0] & form[n].mask) != form[n].lead)
			continue;
		unsigned code = p[0] & (unsigned char)~form[n].mask;
		for (size_t i = 1; i < n; i++) {
			if ((p[i] & 0xc0) != 0x80)
				return 0;
			code = code << 6 | (p[i] & 0x3f);
		}
		if (code < form[n].least || code > 0x10ffff ||
		    (code >= 0xd800 && code <= 0xdfff))
			return 0;
		return n;
	}
	return 0;
}

bool
rm_utf8_valid(const char *text, size_t len)
{
	const unsigned char *p = (const unsigned char *)text;
	for (size_t i = 0; i < len;) {
		uint64_t eight;
		if (len - i >= sizeof(eight)) {
			memcpy(&eight, p + i, sizeof(eight));
			if ((eight & UINT64_C(0x8080808080808080)) == 0) {
				i += sizeof(eight);
				continue;
			}
		}
		size_t n = rm_utf8_length(p + i, len - i);
		if (n == 0)
			return false;
		i += n;
	}
	return true;
}
