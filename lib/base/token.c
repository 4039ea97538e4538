#include "base/token.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "base/str.h"

char *
rm_token_make(const char *key, const char *task_id)
{
	struct rm_str hex = { 0 };
	unsigned char mac[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	HMAC(EVP_sha256(), key, (int)strlen(key),
	    (const unsigned char *)task_id, strlen(task_id), mac, &len);
	for (unsigned i = 0; i < len; i++)
		rm_str_printf(&hex, "%02x", mac[i]);
	return rm_str_take(&hex);
}
