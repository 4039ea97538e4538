/*
 * hold PORT COMMAND [ARGUMENT...]: listens on 127.0.0.1, and becomes the
 * command, which has that socket as descriptor 3.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
	int on = 1;
	if (argc < 3)
		return 100;
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)atoi(argv[1])),
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (fd < 0 || bind(fd, (struct sockaddr *)&to, sizeof(to)) != 0 ||
	    listen(fd, 128) != 0 || (fd != 3 && dup2(fd, 3) < 0)) {
		perror("hold");
		return 111;
	}
	if (fd != 3)
		close(fd);
	execvp(argv[2], argv + 2);
	perror(argv[2]);
	return 111;
}
