#include "executor/interface.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/exit.h"
#include "base/str.h"

/* Of this family, the caller's, or NULL. */
static char *
find(const struct ifaddrs *all, const char *name, int family)
{
	char text[INET6_ADDRSTRLEN];
	for (; all != NULL; all = all->ifa_next) {
		if (all->ifa_addr == NULL || strcmp(all->ifa_name, name) != 0 ||
		    all->ifa_addr->sa_family != family)
			continue;
		const void *at = family == AF_INET
				     ? (const void *)&(
					   (const struct sockaddr_in *)(
					       const void *)all->ifa_addr)
					   ->sin_addr
				     : (const void *)&(
					   (const struct sockaddr_in6 *)(
					       const void *)all->ifa_addr)
					   ->sin6_addr;
		if (family == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(
					      (const struct in6_addr *)at))
			continue;
		if (inet_ntop(family, at, text, sizeof(text)) != NULL)
			return rm_strdup(text);
	}
	return NULL;
}

static void
none_found(const char *name, struct rm_error *err)
{
	struct if_nameindex *list = if_nameindex();
	struct rm_str names = { 0 };
	for (size_t i = 0; list != NULL && list[i].if_name != NULL; i++)
		rm_str_printf(
		    &names, "%s%s", i > 0 ? ", " : "", list[i].if_name);
	if (if_nametoindex(name) != 0)
		rm_error_set(err, RM_EXIT_OUTSIDE,
		    "interface %s has no address", name);
	else
		rm_error_set(err, RM_EXIT_OUTSIDE,
		    "no interface %s here (there is %s)", name,
		    names.len > 0 ? names.text : "none");
	rm_str_free(&names);
	if_freenameindex(list);
}

char *
rm_interface_address(const char *name, struct rm_error *err)
{
	struct ifaddrs *all = NULL;
	if (getifaddrs(&all) != 0)
		all = NULL;
	char *address = find(all, name, AF_INET);
	if (address == NULL)
		address = find(all, name, AF_INET6);
	if (all != NULL)
		freeifaddrs(all);
	if (address == NULL)
		none_found(name, err);
	return address;
}
