#include "state/config_digest.h"

#include <openssl/evp.h>

#include "base/json.h"
#include "base/str.h"

static jv
text_or_null(const char *text)
{
	return text != NULL ? jv_string(text) : jv_null();
}

char *
rm_config_digest(jv cluster)
{
	jv parts = JV_ARRAY(
	    text_or_null(rm_json_text(cluster, "riak_version", NULL)),
	    text_or_null(rm_json_text(cluster, "riak_config", NULL)),
	    text_or_null(rm_json_text(cluster, "advanced_config", NULL)));
	struct rm_str text = { 0 }, hex = { 0 };
	rm_json_write(&text, parts);
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	EVP_Digest(text.text, text.len, digest, &len, EVP_sha256(), NULL);
	for (unsigned i = 0; i < len; i++)
		rm_str_printf(&hex, "%02x", digest[i]);
	rm_str_free(&text);
	return rm_str_take(&hex);
}
