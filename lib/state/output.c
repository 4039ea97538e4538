#include "state/output.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/exit.h"
#include "base/log.h"

int
rm_output(struct rm_str *text, int code)
{
	size_t done = 0;
	while (done < text->len) {
		ssize_t n = write(
		    STDOUT_FILENO, text->text + done, text->len - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			if (errno != EPIPE)
				rm_log_error(
				    "standard output: %s", strerror(errno));
			code = RM_EXIT_OUTSIDE;
			break;
		}
		done += (size_t)n;
	}
	rm_str_free(text);
	return code;
}
