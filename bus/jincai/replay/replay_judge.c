/* SPDX-License-Identifier: Apache-2.0 */
#include "replay_batches_parts.h"

#include <jansson.h>

#include "claim.h"
#include "journal.h"
#include "lane.h"
#include "topics.h"

/* ---- closings ---- */

static int closing_on(struct replay_batches *x, const char *topic, struct span id, unsigned partition, struct arena *a,
	struct batch_closing *ret, uint64_t *ret_offset, struct err *e)
{
	struct err first = ERR_INIT;
	unsigned handle;

	if (bus_topic(x->bus, topic, &handle, &first) != 0) {
		if (first.id == E_BUS_NO_TOPIC)
			return 0;
		*e = first;
		return -1;
	}
	return batch_closing_find(x->bus, NULL, handle, id, partition, a, ret, ret_offset, e);
}

int replay_batches_closing(struct replay_batches *x, const struct replay_batch *b, unsigned partition, struct arena *a,
	struct batch_closing *ret, struct err *e)
{
	uint64_t offset;

	return closing_on(x, b->topic, span_of(b->id), partition, a, ret, &offset, e);
}

int replay_batches_last(struct replay_batches *x, const struct replay_batch *b, struct arena *a,
	struct batch_closing *ret, struct err *e)
{
	const int got = replay_batches_closing(x, b, hash_partition(span_of(b->id), x->site->partitions ? x->site->partitions : 1), a, ret, e);

	return got == 1 && !ret->last ? 0 : got;
}

bool replay_batches_reaches(const struct replay_batches *x, const struct batch_closing *c)
{
	for (unsigned i = 0; i < c->ntypes; i++) {
		const int type = router_find(x->router, c->types[i]);

		if (type >= 0 && router_reaches(x->router, (unsigned)type, x->d))
			return true;
	}
	return false;
}

/* How far the router has read that partition. */
static int forwarded(struct replay_batches *x, const char *topic, unsigned partition, uint64_t offset, struct err *e)
{
	char name[240];
	json_t *o;
	int got;

	snprintf(name, sizeof name, SITE_ROUTER "/%s/%u", topic, partition);
	buf_clear(&x->record);
	got = bus_position_get(x->bus, name, &x->record, e);
	if (got <= 0)
		return got;
	o = json_loadb(x->record.p, x->record.n, 0, NULL);
	got = (uint64_t)json_integer_value(json_object_get(o, "offset")) > offset;
	json_decref(o);
	return got;
}

int replay_batches_returned(struct replay_batches *x, const struct replay_batch *b, struct err *e)
{
	struct arena a = ARENA_INIT;
	struct claim c = {.totals = NULL};
	int got;

	buf_clear(&x->record);
	got = claim_find(x->bus, NULL, span_of(b->id), &x->record, &a, &c, e);
	if (got >= 0)
		got = got == 0 || !span_is(c.state, "published");
	totals_free(c.totals);
	arena_done(&a);
	return got;
}

/* What that destination was told of it on a partition: REPLAY_GOES when nothing stands against it; -1. */
static int told(struct replay_batches *x, const struct replay_batch *b, unsigned partition, const char *name, struct err *e)
{
	struct arena a = ARENA_INIT;
	struct buf topic = BUF_INIT;
	struct batch_closing sent;
	uint64_t offset;
	int got;

	buf_printf(&topic, TOPIC_TO "%s", name);
	got = closing_on(x, buf_text(&topic), span_of(b->id), partition, &a, &sent, &offset, e);
	if (got == 1)
		got = strcmp(name, x->site->destinations[x->d].name) == 0 ? REPLAY_HAS
			: sent.returned && !sent.given_up		? REPLAY_RETURNED
			: sent.failed					? REPLAY_FAILED
									: REPLAY_GOES;
	else if (got == 0)
		got = REPLAY_GOES;
	buf_done(&topic);
	arena_done(&a);
	return got;
}

/* Where money moves also those that the site no longer has: a letter of theirs may be tried again when it has them once more. */
static int told_others(struct replay_batches *x, const struct replay_batch *b, unsigned partition, struct err *e)
{
	const unsigned n = x->handed ? replay_handed_count(x->handed) : 0;
	int ret = REPLAY_GOES;

	for (unsigned d = 0; d < x->site->ndestinations && ret == REPLAY_GOES; d++)
		ret = told(x, b, partition, x->site->destinations[d].name, e);
	for (unsigned i = 0; i < n && ret == REPLAY_GOES; i++)
		ret = told(x, b, partition, replay_handed_name(x->handed, i), e);
	return ret;
}

/* REPLAY_GOES when nothing of that partition stands against it; -1. */
static int judge_partition(struct replay_batches *x, const struct replay_batch *b, unsigned partition, uint64_t *published, struct err *e)
{
	struct arena a = ARENA_INIT;
	struct batch_closing c;
	uint64_t offset;
	int got = closing_on(x, b->topic, span_of(b->id), partition, &a, &c, &offset, e);

	if (got == 1) {
		*published += c.published;
		got = c.failed ? 2 : forwarded(x, b->topic, partition, offset, e);
	}
	arena_done(&a);
	return got < 0 ? -1 : got == 0 ? REPLAY_OPEN_YET : got == 2 ? REPLAY_FAILED : told_others(x, b, partition, e);
}

int replay_batches_judge(struct replay_batches *x, const struct replay_batch *b, struct err *e)
{
	struct arena a = ARENA_INIT;
	struct batch_closing last;
	uint64_t published = 0;
	int got = replay_batches_returned(x, b, e), ret = got < 0 ? -1 : got ? REPLAY_RETURNED : REPLAY_GOES;

	if (ret == REPLAY_GOES && (b->has || b->counted))
		ret = REPLAY_HAS;
	if (ret == REPLAY_GOES && (got = replay_batches_last(x, b, &a, &last, e)) != 1)
		ret = got < 0 ? -1 : REPLAY_OPEN_YET;
	for (unsigned i = 0; ret == REPLAY_GOES && i < last.npartitions; i++)
		ret = judge_partition(x, b, last.partitions[i], &published, e);
	if (ret == REPLAY_GOES && (published != last.all || b->seen != last.all))
		ret = published != last.all ? REPLAY_FAILED : REPLAY_PART;
	if (ret == REPLAY_GOES && b->unshaped)
		ret = REPLAY_UNSHAPED;
	if (ret == REPLAY_GOES && b->ledger)
		ret = REPLAY_LEDGER;
	if (ret == REPLAY_GOES && b->handed && !b->lines)
		ret = REPLAY_PAID;
	arena_done(&a);
	return ret;
}

/* ---- what the router, or an earlier replay, has counted for the destination ---- */

struct counted {
	const char *destination;
	bool any;
};

static void note_counted(void *arg, const struct total_line *line)
{
	struct counted *c = arg;

	c->any |= (line->term == TOTAL_ROUTED || line->term == TOTAL_NOT_ROUTED || line->term == TOTAL_UNSHAPED) &&
		strcmp(line->destination, c->destination) == 0;
}

static int read_posting(struct replay_batches *x, struct span record, struct posting *p, struct err *e)
{
	struct counted c = {x->site->destinations[x->d].name, false};
	struct replay_batch *b;
	int is;

	is = journal_read(record, p, e);
	if (is != 1 || !p->batchid.n || !(b = *replay_batches_slot(x, p->batchid)))
		return is < 0 ? -1 : 0;
	totals_each(p->more, note_counted, &c);
	b->counted |= c.any;
	return 0;
}

int replay_batches_counted(struct replay_batches *x, struct err *e)
{
	struct posting p = {.more = totals_new(), .less = totals_new()};
	struct bus_reader *reader = NULL;
	struct err first = ERR_INIT;
	struct bus_message m;
	unsigned topic;
	int got = 0;

	if (bus_topic(x->bus, TOPIC_JOURNAL, &topic, &first) != 0 || bus_read(x->bus, topic, 0, &reader, &first) != 0) {
		got = first.id == E_BUS_NO_TOPIC ? 0 : -1;
		*e = got ? first : *e;
	}
	while (reader && (got = lane_next(x->bus, reader, &m, e)) == 1)
		if (read_posting(x, m.value, &p, e) != 0) {
			got = -1;
			break;
		}
	bus_unread(reader);
	totals_free(p.more);
	totals_free(p.less);
	return got;
}
