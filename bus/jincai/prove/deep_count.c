/* SPDX-License-Identifier: Apache-2.0 */
#include "deep_parts.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "fsys.h"
#include "verbs.h"

static int where_we_are(const struct site *s, struct bus *bus, struct deep *d, struct err *e)
{
	struct deep_host *h = d->hosts = mem_new(sizeof *d->hosts);
	struct buf id = BUF_INIT;
	char *folder = realpath(bus_folder(bus), NULL), name[72] = "", boot[40];
	int got = bus_cluster(bus, &id, e);

	gethostname(name, sizeof name - 1);
	clock_boot_id(boot);
	*h = (struct deep_host){mem_text(span_of(name)), mem_text(span_of(folder ? folder : bus_folder(bus))), mem_text(span_of(boot)),
		clock_now_ms()};
	d->nhosts = 1;
	d->site = mem_text(span_of(s->name));
	d->cluster = mem_text(got == 1 ? buf_as_span(&id) : SPAN(""));
	free(folder);
	buf_done(&id);
	return got < 0 ? -1 : 0;
}

static bool has(const char *folder, const char *name)
{
	struct buf path = BUF_INIT;
	bool there;

	buf_printf(&path, "%s/%s", folder, name);
	there = fsys_exists(AT_FDCWD, buf_text(&path));
	buf_done(&path);
	return there;
}

/* On a cluster its files lie on the host that runs it: who never ran it here has a folder at most. */
static bool destination_is_here(const struct site *s, const struct bus *bus, const struct site_destination *to)
{
	struct buf shadow = BUF_INIT;
	bool here;

	site_shadow_folder(&shadow, bus, to->name);
	here = !site_on_kafka(s) || !to->folder || has(to->folder, ".staging") || has(buf_text(&shadow), ".staging");
	buf_done(&shadow);
	return here;
}

static void add_site_flow(struct deep *d, const char *name, enum deep_kind kind, bool here)
{
	struct deep_flow *f = deep_flow_add(d, span_of(name), kind);
	struct buf by = BUF_INIT;

	if (!here)
		return;
	f->hosts = 1;
	buf_printf(&by, "%s:%s", d->hosts->name, d->hosts->folder);
	free(f->by);
	f->by = mem_text(buf_as_span(&by));
	buf_done(&by);
}

static int begin(struct site *s, struct bus *bus, const struct balance *b, struct deep *d, struct err *e)
{
	unsigned known;

	if (where_we_are(s, bus, d, e) != 0)
		return -1;
	for (unsigned i = 0; i < s->nadapters; i++)
		add_site_flow(d, s->adapters[i].name, DEEP_ADAPTER,
			!site_on_kafka(s) || has(s->adapters[i].folder, ".taken"));
	add_site_flow(d, SITE_ROUTER, DEEP_ROUTER, true);
	for (unsigned i = 0; i < s->ndestinations; i++)
		add_site_flow(d, s->destinations[i].name, DEEP_DESTINATION, destination_is_here(s, bus, &s->destinations[i]));
	known = d->nflows;
	for (unsigned i = 0; i < b->nflows; i++)
		if (totals_merge(deep_flow_of(d, span_of(b->flows[i].name))->kept, b->flows[i].totals, e) != 0)
			return -1;
	/* What the site no longer names differs: its files are nobody's. */
	for (unsigned i = known; i < d->nflows; i++)
		d->flows[i].hosts = !site_on_kafka(s);
	return 0;
}

int deep_count(struct site *s, struct bus *bus, const struct balance *b, struct deep *ret, struct err *e)
{
	struct recount c = {.site = s, .bus = bus, .deep = ret, .e = e};
	int failed;

	*e = ERR_INIT;
	*ret = (struct deep){0};
	failed = begin(s, bus, b, ret, e) != 0 || deep_count_topics(&c) != 0 || deep_count_journal(&c, b) != 0;
	verb_progress("", -1, 0);
	deep_count_done(&c);
	if (failed)
		deep_done(ret);
	return failed ? -1 : 0;
}
