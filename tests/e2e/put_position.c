/* SPDX-License-Identifier: Apache-2.0 */
/* put_position FOLDER KEY < value: what a flow would have left on an embedded bus, for states that take a power cut. */
#include <stdio.h>

#include "bus.h"

int main(int argc, char **argv)
{
	struct buf url = BUF_INIT, value = BUF_INIT;
	struct bus_conf c = {.partitions = 1};
	struct bus_owner *o = NULL;
	struct bus *b = NULL;
	struct err e = ERR_INIT;
	int ch, failed;

	if (argc != 3)
		return 2;
	while ((ch = getchar()) != EOF)
		buf_c(&value, (char)ch);
	buf_printf(&url, "embedded:%s", argv[1]);
	c.url = buf_text(&url);
	failed = bus_open(&c, BUS_OWN, &b, &e) || bus_own(b, "put-position", &o, &e) ||
		bus_position_put(o, argv[2], buf_as_span(&value), &e) || bus_commit(o, &e);
	if (failed)
		err_print(&e, ERR_EN, stderr);
	bus_disown(o);
	if (b)
		bus_close(b);
	buf_done(&url);
	buf_done(&value);
	return failed ? 1 : 0;
}
