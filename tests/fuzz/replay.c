/* SPDX-License-Identifier: Apache-2.0 */
/* Feeds each file of the folders it is given to a fuzz target: the kept inputs are tried with every compiler. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "fsys.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define INPUT_MAX (4u << 20)

static int replay(const char *folder, unsigned *tried, struct err *e)
{
	struct buf input = BUF_INIT;
	char **names = NULL;
	int fd = -1, failed = -1;

	if (fsys_open_dir(AT_FDCWD, folder, &fd, e))
		return -1;
	if (fsys_list(AT_FDCWD, folder, &names, e))
		goto done;
	for (char **name = names; *name; name++, (*tried)++) {
		uint8_t *exact;

		buf_clear(&input);
		if (fsys_get(fd, *name, INPUT_MAX, &input, e))
			goto done;
		/* A copy of exactly that length: a byte read beyond it is noticed. */
		exact = mem_grow(NULL, input.n, 1);
		if (input.n)
			memcpy(exact, input.p, input.n);
		LLVMFuzzerTestOneInput(exact, input.n);
		free(exact);
	}
	failed = 0;
done:
	fsys_list_free(names);
	buf_done(&input);
	close(fd);
	return failed;
}

int main(int argc, char **argv)
{
	struct err e = ERR_INIT;
	unsigned tried = 0;

	for (int i = 1; i < argc; i++)
		if (replay(argv[i], &tried, &e)) {
			err_print(&e, ERR_EN, stderr);
			return 1;
		}
	printf("%u inputs\n", tried);
	return tried ? 0 : 1;
}
