#include "mesos/address.h"

#include <stdlib.h>
#include <string.h>

#include "base/exit.h"
#include "base/json.h"
#include "base/str.h"

#define HTTPS "https://"
#define HTTP  "http://"
#define ZK    "zk://"

static bool
begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* host:port, [v6]:port; no user, no path. */
static bool
is_host_port(const char *text, size_t len)
{
	const char *end = text + len;
	const char *at = memrchr(text, ':', len);
	if (at == NULL || at == text || end - at < 2 || end - at > 6)
		return false;
	long port = 0;
	for (const char *digit = at + 1; digit < end; digit++) {
		if (*digit < '0' || *digit > '9')
			return false;
		port = port * 10 + (*digit - '0');
	}
	if (port < 1 || port > 65535)
		return false;
	bool v6 = text[0] == '[' && at[-1] == ']' && at - text > 3;
	for (const char *c = text + v6; c < at - v6; c++)
		if ((unsigned char)*c <= ' ' || strchr("/@?#[]\\\"", *c) ||
		    (*c == ':' && !v6))
			return false;
	return true;
}

static char *
make(const char *host_port, size_t len, bool tls)
{
	return rm_format("%s%.*s", tls ? HTTPS : "", (int)len, host_port);
}

static int
add(struct rm_masters *to, const char *word, size_t len, bool tls)
{
	if (len > 0 && word[len - 1] == '/')
		len--;
	if (!is_host_port(word, len))
		return -1;
	to->addresses = rm_realloc(
	    to->addresses, (to->count + 1) * sizeof(*to->addresses));
	to->addresses[to->count++] = make(word, len, tls);
	return 0;
}

static int
parse_list(const char *text, struct rm_masters *to, struct rm_error *err)
{
	bool tls = false;
	for (const char *word = text;; word++) {
		size_t len = strcspn(word, ",");
		const char *host = word;
		if (begins(word, HTTPS) || begins(word, HTTP)) {
			tls = begins(word, HTTPS);
			host += strlen(tls ? HTTPS : HTTP);
		}
		if (host > word + len ||
		    add(to, host, len - (size_t)(host - word), tls) != 0)
			return rm_error_set(err, RM_EXIT_USAGE,
			    "not a master's HOST:PORT: '%.*s'", (int)len, word);
		word += len;
		if (*word == '\0')
			return 0;
	}
}

static int
parse_zk(const char *text, struct rm_masters *to, struct rm_error *err)
{
	const char *hosts = text + strlen(ZK);
	size_t len = strcspn(hosts, "/");
	const char *path = hosts + len;
	if (memchr(hosts, '@', len) != NULL)
		return rm_error_set(err, RM_EXIT_USAGE,
		    "no user and password belong into zk://: anybody may "
		    "read who leads");
	for (size_t at = 0, n; at <= len; at += n + 1) {
		n = strcspn(hosts + at, ",/");
		if (!is_host_port(hosts + at, n))
			return rm_error_set(err, RM_EXIT_USAGE,
			    "not a ZooKeeper's HOST:PORT: '%.*s'", (int)n,
			    hosts + at);
	}
	size_t end = strlen(path);
	if (end < 2 || path[end - 1] == '/')
		return rm_error_set(err, RM_EXIT_USAGE,
		    "no znode of the masters in '%s' (zk://HOST:PORT/mesos)",
		    text);
	to->zk_hosts = rm_format("%.*s", (int)len, hosts);
	to->zk_path = rm_strdup(path);
	return 0;
}

int
rm_masters_parse(const char *text, struct rm_masters *to, struct rm_error *err)
{
	int rc = begins(text, ZK) ? parse_zk(text, to, err)
				  : parse_list(text, to, err);
	if (rc != 0)
		rm_masters_free(to);
	return rc;
}

void
rm_masters_free(struct rm_masters *masters)
{
	for (size_t i = 0; i < masters->count; i++)
		free(masters->addresses[i]);
	free(masters->addresses);
	free(masters->zk_hosts);
	free(masters->zk_path);
	*masters = (struct rm_masters){ 0 };
}

char *
rm_address_of_location(const char *location, bool tls)
{
	if (begins(location, HTTPS) || begins(location, HTTP)) {
		tls = begins(location, HTTPS);
		location += strcspn(location, "/");
	}
	if (!begins(location, "//"))
		return NULL;
	location += 2;
	size_t len = strcspn(location, "/");
	return is_host_port(location, len) ? make(location, len, tls) : NULL;
}

char *
rm_address_of_master(jv info, bool tls)
{
	const char *ip = rm_json_path_text(info, "address.ip");
	const char *name = rm_json_path_text(info, "address.hostname");
	const char *host = (tls && name != NULL) || ip == NULL ? name : ip;
	jv address = rm_json_get(info, "address");
	double port = rm_json_number(address, "port", 0);
	jv_free(address);
	if (host == NULL)
		return NULL;
	bool v6 = strchr(host, ':') != NULL;
	char *text = rm_format(
	    "%s%s%s:%.0f", v6 ? "[" : "", host, v6 ? "]" : "", port);
	char *made = is_host_port(text, strlen(text))
			 ? make(text, strlen(text), tls)
			 : NULL;
	free(text);
	return made;
}

bool
rm_address_is_tls(const char *address)
{
	return begins(address, HTTPS);
}

char *
rm_address_url(const char *address, const char *path)
{
	return rm_format(
	    "%s%s%s", rm_address_is_tls(address) ? "" : HTTP, address, path);
}
