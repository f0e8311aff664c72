/* SPDX-License-Identifier: Apache-2.0 */
#include "picker.h"

#include <stdlib.h>

#define READERS 16u                  /* each may have read a MiB ahead */
#define KEPT 64u                     /* what was just looked at is often asked for again: before a batch, and behind it */
#define KEPT_BYTES 8192u

struct reading {
	struct bus_reader *reader;
	unsigned topic, partition;
	uint64_t used;
};

struct kept {
	unsigned topic, partition;
	bool is;
	struct bus_message m;        /* points into text */
	struct buf text;
};

struct picker {
	struct bus *bus;
	struct reading readings[READERS];
	unsigned n, next;
	uint64_t used;
	struct kept kept[KEPT];
};

struct picker *picker_new(struct bus *b)
{
	struct picker *p = mem_new(sizeof *p);

	p->bus = b;
	return p;
}

void picker_free(struct picker *p)
{
	if (!p)
		return;
	for (unsigned i = 0; i < p->n; i++)
		bus_unread(p->readings[i].reader);
	for (unsigned i = 0; i < KEPT; i++)
		buf_done(&p->kept[i].text);
	free(p);
}

static void drop(struct picker *p, struct reading *r)
{
	bus_unread(r->reader);
	*r = p->readings[--p->n];
}

/* Of the partition; when there are too many, in the place of the one that was asked longest ago. */
static struct reading *reading_of(struct picker *p, unsigned topic, unsigned partition, struct err *e)
{
	struct reading *oldest = p->readings, *r;
	struct bus_reader *reader;

	for (unsigned i = 0; i < p->n; i++) {
		if (p->readings[i].topic == topic && p->readings[i].partition == partition)
			return &p->readings[i];
		if (p->readings[i].used < oldest->used)
			oldest = &p->readings[i];
	}
	if (p->n == READERS)
		drop(p, oldest);
	if (bus_read(p->bus, topic, partition, &reader, e) != 0)
		return NULL;
	r = &p->readings[p->n++];
	*r = (struct reading){.reader = reader, .topic = topic, .partition = partition};
	return r;
}

static const struct bus_message *look(const struct picker *p, const struct bus_entry *at)
{
	for (unsigned i = 0; i < KEPT; i++) {
		const struct kept *k = &p->kept[i];

		if (k->is && k->m.offset == at->offset && k->topic == at->topic && k->partition == at->partition)
			return &k->m;
	}
	return NULL;
}

static void keep(struct picker *p, const struct bus_entry *at, const struct bus_message *m)
{
	struct kept *k = &p->kept[p->next];

	if (m->offset != at->offset || m->key.n + m->value.n > KEPT_BYTES)
		return;
	p->next = (p->next + 1) % KEPT;
	buf_clear(&k->text);
	buf_span(&k->text, m->key);
	buf_span(&k->text, m->value);
	k->topic = at->topic;
	k->partition = at->partition;
	k->is = true;
	k->m = *m;
	k->m.key = (struct span){k->text.p, m->key.n};
	k->m.value = (struct span){k->text.p + m->key.n, m->value.n};
}

int picker_get(struct picker *p, const struct bus_entry *at, struct bus_message *ret, struct err *e)
{
	const struct bus_message *there = look(p, at);
	struct reading *r;
	int got;

	if (there) {
		*ret = *there;
		return 1;
	}
	r = reading_of(p, at->topic, at->partition, e);
	if (!r)
		return -1;
	r->used = ++p->used;
	bus_seek(r->reader, at->offset);
	got = bus_next(r->reader, ret, e);
	if (got == 1)
		keep(p, at, ret);
	else
		drop(p, r);              /* where it stands by now nobody knows */
	return got;
}
