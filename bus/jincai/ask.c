/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "approve.h"
#include "say.h"

int ask_secret(void *arg, char *ret, int cap)
{
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	struct termios shown, hidden;
	ssize_t got;

	if (fd < 0)
		return -1;
	if (tcgetattr(fd, &shown) != 0) {
		close(fd);
		return -1;
	}
	hidden = shown;
	/* Without signals from the keyboard: who gives up with Ctrl-C would be left with a terminal that shows nothing. */
	hidden.c_lflag &= ~(tcflag_t)(ECHO | ISIG);
	dprintf(fd, "%s %s: ", say("口令，密钥", "passphrase of"), (const char *)arg);
	tcsetattr(fd, TCSAFLUSH, &hidden);
	got = read(fd, ret, (size_t)cap - 1);
	tcsetattr(fd, TCSAFLUSH, &shown);
	dprintf(fd, "\n");
	close(fd);
	while (got > 0 && (ret[got - 1] == '\n' || ret[got - 1] == '\r'))
		got--;
	return got < 0 ? -1 : (int)got;
}

int ask_yes(const char *question, bool *ret, struct err *e)
{
	char line[32] = "";

	if (!isatty(STDIN_FILENO))
		return err_set(e, E_APPROVE_TERMINAL, "%s", "");
	fprintf(stderr, "%s", question);
	fflush(stderr);
	if (!fgets(line, sizeof line, stdin))
		line[0] = 0;
	line[strcspn(line, "\r\n")] = 0;
	*ret = strcmp(line, "yes") == 0 || strcmp(line, "是") == 0;
	return 0;
}
