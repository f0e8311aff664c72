/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "say.h"
#include "todo.h"

static int add_clock(void *arg, const char *host, int64_t ahead_ms)
{
	struct todo *t = arg;
	const int64_t minutes = ((ahead_ms > 0 ? ahead_ms : -ahead_ms) + 30000) / 60000;
	struct buf subject = BUF_INIT;
	struct todo_item *i;

	buf_printf(&subject, "clock:%s", host);
	if (!todo_of_subject(t, buf_text(&subject))) {
		i = todo_add(t, "clock", buf_as_span(&subject));
		todo_set(&i->word, span_of(host));
		buf_printf(&i->happened, ahead_ms > 0 ? say("主机 %s 的时钟比 Kafka 服务器快 %" PRId64 " 分钟", "the clock of host %s is %" PRId64 " minutes ahead of the brokers'")
			: say("主机 %s 的时钟比 Kafka 服务器慢 %" PRId64 " 分钟", "the clock of host %s is %" PRId64 " minutes behind the brokers'"), host, minutes);
	}
	buf_done(&subject);
	return 0;
}

int todo_clocks(struct todo *t, struct err *e)
{
	return bus_clocks(t->bus, add_clock, t, e);
}
