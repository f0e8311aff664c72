/* SPDX-License-Identifier: Apache-2.0 */
#include "replay_batches_parts.h"

#include <jansson.h>

#include "clock.h"
#include "index.h"
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
	return batch_closing_pick(x->bus, x->picker, handle, id, partition, a, ret, ret_offset, e);
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
	char key[INDEX_KEY_MAX];
	struct bus_entry at;
	const int got = bus_look(x->bus, NULL, INDEX_CLAIMS, index_key(key, INDEX_BATCH, span_of(b->id), SPAN_NONE), &at, e);

	return got < 0 ? -1 : got == 0 || !span_is(at.extra, "published");
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

static int told_on_all(struct replay_batches *x, const struct replay_batch *b, const char *name, struct err *e)
{
	int ret = REPLAY_GOES;

	for (unsigned p = 0; p < REPLAY_PARTITIONS && ret == REPLAY_GOES; p++)
		if (b->on >> p & 1)
			ret = told(x, b, p, name, e);
	return ret;
}

/* Where money moves also those that the site no longer has: a letter of theirs may be tried again when it has them once more. */
static const char *who_is_told(const struct replay_batches *x, unsigned i)
{
	const unsigned n = x->site->ndestinations;

	if (i < n)
		return x->site->destinations[i].name;
	return x->handed && i - n < replay_handed_count(x->handed) ? replay_handed_name(x->handed, i - n) : NULL;
}

/* ---- the questions, each of one batch: a verdict, REPLAY_GOES when nothing stands against it, -1 ---- */

/* The closing on its own partition says where it lies, and how much of it. */
static int ask_batch(struct replay_batches *x, struct replay_batch *b, struct err *e)
{
	struct arena a = ARENA_INIT;
	struct batch_closing last;
	int got = replay_batches_returned(x, b, e);

	if (got != 0 || b->has || b->counted)
		return got < 0 ? -1 : got ? REPLAY_RETURNED : REPLAY_HAS;
	got = replay_batches_last(x, b, &a, &last, e);
	b->on = b->published = 0;
	b->all = got == 1 ? last.all : 0;
	for (unsigned i = 0; got == 1 && i < last.npartitions; i++)
		b->on |= last.partitions[i] < REPLAY_PARTITIONS ? 1ull << last.partitions[i] : 0;
	arena_done(&a);
	return got < 0 ? -1 : got ? REPLAY_GOES : REPLAY_OPEN_YET;
}

static int ask_partition(struct replay_batches *x, struct replay_batch *b, unsigned partition, struct err *e)
{
	struct arena a = ARENA_INIT;
	struct batch_closing c;
	uint64_t offset;
	int got = closing_on(x, b->topic, span_of(b->id), partition, &a, &c, &offset, e);

	if (got == 1) {
		b->published += c.published;
		got = c.failed ? 2 : forwarded(x, b->topic, partition, offset, e);
	}
	arena_done(&a);
	return got < 0 ? -1 : got == 0 ? REPLAY_OPEN_YET : got == 2 ? REPLAY_FAILED : REPLAY_GOES;
}

static int ask_partitions(struct replay_batches *x, struct replay_batch *b, struct err *e)
{
	int ret = REPLAY_GOES;

	for (unsigned p = 0; p < REPLAY_PARTITIONS && ret == REPLAY_GOES; p++)
		if (b->on >> p & 1)
			ret = ask_partition(x, b, p, e);
	return ret;
}

static int ask_rest(const struct replay_batch *b)
{
	return b->published != b->all         ? REPLAY_FAILED
		: b->seen != b->all           ? REPLAY_PART
		: b->unshaped                 ? REPLAY_UNSHAPED
		: b->own_ledger               ? REPLAY_OWN_LEDGER
		: b->ledger                   ? REPLAY_LEDGER
		: b->handed && !b->lines      ? REPLAY_PAID
					      : REPLAY_GOES;
}

/* ---- one question after the other ---- */

static void next_question(struct replay_batches *x)
{
	x->question++;
	x->at = 0;
}

/* 1 there is one more, 0 that was the last. */
static int ask_next(struct replay_batches *x, struct err *e)
{
	/* The told ones are asked one after the other. */
	const unsigned told = x->question == REPLAY_ASK_TOLD ? x->at / x->n : 0;
	struct replay_batch *b = x->list[x->at % x->n];
	const char *name = x->question == REPLAY_ASK_TOLD ? who_is_told(x, told) : NULL;
	int got = REPLAY_GOES;

	if (x->question == REPLAY_ASK_TOLD ? !name : x->at == x->n) {
		next_question(x);
		return x->question <= REPLAY_ASK_REST;
	}
	x->at++;
	if (b->verdict != REPLAY_GOES)
		return 1;
	got = x->question == REPLAY_ASK_BATCHES    ? ask_batch(x, b, e)
		: x->question == REPLAY_ASK_PARTITIONS ? ask_partitions(x, b, e)
		: x->question == REPLAY_ASK_TOLD       ? told_on_all(x, b, name, e)
						       : ask_rest(b);
	if (got >= 0)
		b->verdict = (enum replay_verdict)got;
	return got < 0 ? -1 : 1;
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

static int open_journal(struct replay_batches *x, struct err *e)
{
	struct err first = ERR_INIT;
	unsigned topic;

	if (x->journal)
		return 1;
	if (bus_topic(x->bus, TOPIC_JOURNAL, &topic, &first) == 0 && bus_read(x->bus, topic, 0, &x->journal, &first) == 0)
		return 1;
	if (first.id == E_BUS_NO_TOPIC)
		return 0;
	*e = first;
	return -1;
}

/* Reads the journal: of which batches the router, or an earlier replay, has counted for the destination. 1 there is more, 0, -1. */
static int read_journal(struct replay_batches *x, int64_t until, struct err *e)
{
	struct posting p = {.more = totals_new(), .less = totals_new()};
	struct bus_message m;
	int got = open_journal(x, e);

	while (got == 1 && clock_steady_ms() < until && (got = lane_next(x->bus, x->journal, &m, e)) == 1)
		if (read_posting(x, m.value, &p, e) != 0)
			got = -1;
	totals_free(p.more);
	totals_free(p.less);
	return got;
}

int replay_batches_judge(struct replay_batches *x, int64_t until, struct err *e)
{
	int got = 1;

	while (got == 1 && clock_steady_ms() < until)
		if (x->question <= REPLAY_ASK_LEDGERS) {
			got = x->question == REPLAY_ASK_JOURNAL ? read_journal(x, until, e) : replay_batches_ledgers(x, e);
			if (got == 0)
				next_question(x);
			got = got < 0 ? -1 : 1;
		} else {
			got = x->n ? ask_next(x, e) : 0;
		}
	return got;
}
