#include "local/uuid.h"

#include <stdio.h>
#include <sys/random.h>

#include "base/base64.h"

static void
make(unsigned char bytes[16])
{
	while (getrandom(bytes, 16, 0) != 16)
		;
	bytes[6] = (unsigned char)((bytes[6] & 0x0f) | 0x40);
	bytes[8] = (unsigned char)((bytes[8] & 0x3f) | 0x80);
}

void
rm_uuid_text(char text[RM_UUID_SIZE])
{
	unsigned char b[16];
	make(b);
	snprintf(text, RM_UUID_SIZE,
	    "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-"
	    "%02x%02x%02x%02x%02x%02x",
	    b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10],
	    b[11], b[12], b[13], b[14], b[15]);
}

char *
rm_uuid_bytes(void)
{
	unsigned char b[16];
	make(b);
	struct rm_str text = { 0 };
	rm_base64_encode(&text, b, sizeof(b));
	return rm_str_take(&text);
}
