/*
 * talk PORT [open|slow]: sends its input, ends its half of the connection
 * (unless open) and prints what comes until the other half ends. slow: a byte
 * at a time. Gives up after 10 seconds of silence.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
	static char text[1 << 20];
	struct sockaddr_in to = { .sin_family = AF_INET };
	struct timeval most = { 10, 0 };
	const char *how = argc > 2 ? argv[2] : "";
	size_t step = strcmp(how, "slow") == 0 ? 1 : sizeof(text);
	int on = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
	if (argc < 2)
		return 100;
	to.sin_port = htons((unsigned short)atoi(argv[1]));
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof(most));
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0) {
		perror("talk");
		return 111;
	}
	ssize_t n;
	while ((n = read(0, text, step)) > 0) {
		if (send(fd, text, (size_t)n, MSG_NOSIGNAL) != n)
			break;
		if (step == 1)
			usleep(2000);
	}
	if (strcmp(how, "open") != 0)
		shutdown(fd, SHUT_WR);
	while ((n = recv(fd, text, sizeof(text), 0)) > 0)
		if (write(1, text, (size_t)n) != n)
			return 111;
	return n == 0 ? 0 : 1;
}
