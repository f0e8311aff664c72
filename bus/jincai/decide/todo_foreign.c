/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "foreign.h"
#include "say.h"
#include "todo.h"

static int add(void *arg, const struct foreign *f, struct err *e)
{
	struct todo *t = arg;
	struct buf subject = BUF_INIT;
	struct todo_item *i;

	(void)e;
	buf_printf(&subject, FOREIGN "%s", f->topic);
	i = todo_add(t, "foreign", buf_as_span(&subject));
	todo_set(&i->batch, buf_as_span(&subject));
	todo_set(&i->word, span_of(f->topic));
	todo_contact(t, SPAN(""), &i->contact);
	buf_printf(&i->happened, say("主题 %s 上有 %" PRIu64 " 条记录不是本站点的流写入的：%s 至 %s", "topic %s holds %" PRIu64 " records that no flow of this "
		"site wrote: %s to %s"), f->topic, f->count, f->first, f->last);
	buf_done(&subject);
	return 0;
}

int todo_foreign(struct todo *t, struct err *e)
{
	return foreign_each(t->bus, add, t, e);
}
