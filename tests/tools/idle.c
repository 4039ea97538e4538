/*
 * idle PORT CONNECTIONS SECONDS: connects so often, asks for /ping on each once,
 * says "held" and keeps them. For figures of memory.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
	static const char ask[] = "GET /ping HTTP/1.1\r\nHost: h\r\n\r\n";
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	struct rlimit files;
	char answer[4096];
	if (argc != 4)
		return 100;
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	to.sin_port = htons((unsigned short)atoi(argv[1]));
	for (int i = 0; i < atoi(argv[2]); i++) {
		int fd = socket(AF_INET, SOCK_STREAM, 0);
		if (connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0 ||
		    send(fd, ask, strlen(ask), 0) < 0 ||
		    recv(fd, answer, sizeof(answer), 0) <= 0) {
			perror("idle");
			return 111;
		}
	}
	printf("held\n");
	fflush(stdout);
	sleep((unsigned)atoi(argv[3]));
	return 0;
}
