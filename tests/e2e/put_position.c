/* SPDX-License-Identifier: Apache-2.0 */
/* put_position FOLDER KEY < value: what a flow would have left on an embedded bus, for states that take a power cut;
 * put_position FOLDER KEY show: what it has left. */
#include <stdio.h>

#include "bus.h"

static int show(struct bus *b, const char *key, struct buf *value, struct err *e)
{
	if (bus_position_get(b, key, value, e) < 0)
		return -1;
	fwrite(value->p, 1, value->n, stdout);
	return 0;
}

static int put(struct bus *b, const char *key, struct buf *value, struct err *e)
{
	struct bus_owner *o = NULL;
	int ch, failed;

	while ((ch = getchar()) != EOF)
		buf_c(value, (char)ch);
	failed = bus_own(b, "put-position", &o, e) || bus_position_put(o, key, buf_as_span(value), e) || bus_commit(o, e);
	bus_disown(o);
	return failed;
}

int main(int argc, char **argv)
{
	struct buf url = BUF_INIT, value = BUF_INIT;
	struct bus_conf c = {.partitions = 1};
	struct bus *b = NULL;
	struct err e = ERR_INIT;
	int failed;

	if (argc != 3 && argc != 4)
		return 2;
	buf_printf(&url, "embedded:%s", argv[1]);
	c.url = buf_text(&url);
	failed = bus_open(&c, BUS_OWN, &b, &e) || (argc == 4 ? show : put)(b, argv[2], &value, &e);
	if (failed)
		err_print(&e, ERR_EN, stderr);
	if (b)
		bus_close(b);
	buf_done(&url);
	buf_done(&value);
	return failed ? 1 : 0;
}
