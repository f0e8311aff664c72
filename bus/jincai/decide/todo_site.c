/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "claim.h"
#include "clock.h"
#include "fsys.h"
#include "lane.h"
#include "say.h"
#include "todo.h"
#include "topics.h"

/* ---- silent sources ---- */

struct publishing {
	const char *adapter;
	struct arena scratch;
};

/* 1 it is a batch that the adapter has published, 0 not, -1. */
static int is_published(void *arg, const struct event *v, struct err *e)
{
	struct publishing *p = arg;
	struct claim c;

	arena_clear(&p->scratch);
	if (claim_read(v, &p->scratch, &c, e) != 0)
		return -1;
	totals_free(c.totals);
	return span_is(c.state, "published") && span_is(c.adapter, p->adapter);
}

/* 1 the adapter has published a batch since then, 0 not, -1. */
static int has_published(struct bus *b, const char *adapter, int64_t since_ms, struct err *e)
{
	struct publishing p = {adapter, ARENA_INIT};
	const int got = lane_each(b, TOPIC_CLAIMS, EVENT_CLAIM, since_ms, is_published, &p, e);

	arena_done(&p.scratch);
	return got;
}

/* Names in the drop folder that nobody takes: not begun with a dot, not that of a folder. */
static unsigned lying_there(const char *folder)
{
	struct err ignored;
	char **names = NULL;
	unsigned n = 0;
	int fd;

	if (fsys_open_dir(AT_FDCWD, folder, &fd, &ignored) != 0)
		return 0;
	if (fsys_list(fd, ".", &names, &ignored) == 0) {
		for (char **name = names; *name; name++) {
			struct stat st;

			n += (*name)[0] != '.' && fstatat(fd, *name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
				S_ISREG(st.st_mode);
		}
		fsys_list_free(names);
	}
	close(fd);
	return n;
}

static void add_silent(struct todo *t, const struct site_adapter *a, const struct expect_period *p)
{
	struct buf subject = BUF_INIT;
	char first[11], deadline[11];
	struct todo_item *i;
	unsigned n = lying_there(a->folder);

	clock_date(p->first, first);
	clock_date(p->deadline, deadline);
	buf_printf(&subject, "silent:%s/%s", a->name, deadline);
	i = todo_add(t, "silent", buf_as_span(&subject));
	i->since_ms = clock_day_begin(p->deadline + 1);
	strcpy(i->deadline, deadline);
	todo_set(&i->flow, span_of(a->name));
	buf_printf(&i->happened,
		say("来源 %s 应于 %s 前报送，自 %s 起没有收到可以发布的批次",
			"the source %s was expected by %s; since %s no batch of it could be published"),
		a->name, deadline, first);
	if (n)
		buf_printf(&i->happened, n == 1 ? say("；接入文件夹里有 %u 个文件没有被接收", "; %u file lies in its drop folder untaken")
			: say("；接入文件夹里有 %u 个文件没有被接收", "; %u files lie in its drop folder untaken"), n);
	if (!bus_in_use(t->bus)) {
		buf_str(&i->happened, say("；站点没有在运行", "; the site does not run"));
		buf_str(&i->next, "run");
	}
	buf_done(&subject);
}

int todo_sources(struct todo *t, struct err *e)
{
	for (unsigned i = 0; i < t->site->nadapters; i++) {
		const struct site_adapter *a = &t->site->adapters[i];
		struct expect_period p;
		char deadline[11];
		int got;

		if (a->expect.every == EXPECT_NEVER)
			continue;
		p = expect_passed(&a->expect, todo_today(t), todo_works, t);
		clock_date(p.deadline, deadline);
		if (a->start && strcmp(deadline, a->start) < 0)
			continue;
		got = has_published(t->bus, a->name, clock_day_begin(p.first), e);
		if (got < 0)
			return -1;
		if (!got)
			add_silent(t, a, &p);
	}
	return 0;
}

/* ---- room ---- */

#define STORE_FULL_PERCENT 80u       /* of the store's limit; at 90 it refuses */
#define DISK_FREE_PERCENT 5u

static int add_store(struct todo *t, struct err *e)
{
	uint64_t used = 0, max = 0;
	struct todo_item *i;
	int got = bus_room(t->bus, &used, &max, e);

	/* max is nine tenths of the limit: where the store refuses. */
	if (got <= 0 || used / STORE_FULL_PERCENT < max / 90)
		return got < 0 ? -1 : 0;
	i = todo_add(t, "store", SPAN("store"));
	buf_printf(&i->happened,
		say("库已用 %llu MiB，到 %llu MiB 停止接收",
			"the store uses %llu MiB; at %llu MiB it takes nothing more in"),
		(unsigned long long)(used >> 20), (unsigned long long)(max >> 20));
	return 0;
}

/* A file system is looked at once, under the first folder of it. */
struct disks {
	struct todo *todo;
	dev_t seen[2 * 64 + 1];
	unsigned n;
};

static void look_at_disk(struct disks *d, const char *folder)
{
	struct buf subject = BUF_INIT;
	struct statvfs fs;
	struct todo_item *i;
	struct stat st;

	if (stat(folder, &st) != 0 || statvfs(folder, &fs) != 0 || !fs.f_blocks)
		return;
	for (unsigned k = 0; k < d->n; k++)
		if (d->seen[k] == st.st_dev)
			return;
	if (d->n < sizeof d->seen / sizeof *d->seen)
		d->seen[d->n++] = st.st_dev;
	if (fs.f_bavail > fs.f_blocks / 100 * DISK_FREE_PERCENT)
		return;
	buf_printf(&subject, "disk:%s", folder);
	i = todo_add(d->todo, "disk", buf_as_span(&subject));
	buf_printf(&i->happened,
		say("%s 所在的磁盘只剩 %llu MiB，共 %llu MiB", "the file system of %s has %llu MiB left of %llu MiB"),
		folder, (unsigned long long)(fs.f_bavail * fs.f_frsize >> 20),
		(unsigned long long)(fs.f_blocks * fs.f_frsize >> 20));
	buf_done(&subject);
}

int todo_disks(struct todo *t, struct err *e)
{
	struct disks d = {.todo = t};

	look_at_disk(&d, bus_folder(t->bus));
	for (unsigned i = 0; i < t->site->nadapters; i++)
		look_at_disk(&d, t->site->adapters[i].folder);
	for (unsigned i = 0; i < t->site->ndestinations; i++)
		if (t->site->destinations[i].folder)
			look_at_disk(&d, t->site->destinations[i].folder);
	return add_store(t, e);
}
