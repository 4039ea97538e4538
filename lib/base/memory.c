#include "base/memory.h"

#include <event2/event.h>
#include <openssl/crypto.h>
#include <stdlib.h>

#include "base/exit.h"
#include "base/log.h"
#include "base/str.h"

/* Of libjq, declared in a header of its own that is not installed. */
void jv_nomem_handler(void (*handler)(void *arg), void *arg);

/* Only where a program has it by other need: half of them do without. */
#pragma weak CRYPTO_set_mem_functions

void
rm_memory_exhausted(void)
{
	rm_log_error("out of memory");
	_Exit(RM_EXIT_OUTSIDE);
}

static void
of_libjq(void *arg)
{
	(void)arg;
	rm_memory_exhausted();
}

/* No zeros: buffers of connections come from here. */
static void *
take(size_t size)
{
	void *p = malloc(size > 0 ? size : 1);
	if (p == NULL)
		rm_memory_exhausted();
	return p;
}

static void *
take_for_crypto(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return take(size);
}

static void *
grow_for_crypto(void *p, size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return rm_realloc(p, size);
}

static void
free_for_crypto(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	free(p);
}

void
rm_memory_guard(void)
{
	jv_nomem_handler(of_libjq, NULL);
	event_set_mem_functions(take, rm_realloc, free);
	if (CRYPTO_set_mem_functions != NULL)
		CRYPTO_set_mem_functions(
		    take_for_crypto, grow_for_crypto, free_for_crypto);
}
