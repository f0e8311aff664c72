/* SPDX-License-Identifier: Apache-2.0 */
#include "replay_batches.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>

#include "claim.h"
#include "hash.h"
#include "index.h"
#include "journal.h"
#include "lane.h"
#include "topics.h"

#define TABLE 4096u

const char *const replay_verdicts[REPLAY_VERDICTS] = {"goes", "not all of it is selected", "was offered before", "something of it failed",
	"was returned or never published", "has not ended yet", "a line cannot be shaped"};
const char *const replay_verdicts_zh[REPLAY_VERDICTS] = {"交付", "未全部选中", "该去向已处理过", "其中有未能通过的", "已退回或未发布", "尚未办结", "有一行无法成形"};

struct replay_batches {
	struct site *site;
	struct bus *bus;
	struct router *router;
	unsigned d;
	struct replay_batch **list, *table[TABLE];
	unsigned n;
	struct hash_sha256 *hash;
	struct buf record;
};

struct replay_batches *replay_batches_new(struct site *s, struct bus *b, unsigned d, struct err *e)
{
	struct replay_batches *x = mem_new(sizeof *x);

	x->site = s;
	x->bus = b;
	x->d = d;
	x->hash = hash_sha256_new();
	x->router = site_router(s, NULL, e);
	if (!x->router) {
		replay_batches_free(x);
		return NULL;
	}
	return x;
}

void replay_batches_free(struct replay_batches *x)
{
	if (!x)
		return;
	for (unsigned i = 0; i < x->n; i++) {
		free(x->list[i]->id);
		free(x->list[i]->here);
		free(x->list[i]);
	}
	free(x->list);
	if (x->router)
		router_flow(x->router)->kind->free(router_flow(x->router));
	hash_sha256_free(x->hash);
	buf_done(&x->record);
	free(x);
}

static struct replay_batch **slot_of(struct replay_batches *x, struct span id)
{
	struct replay_batch **at = &x->table[hash_partition(id, TABLE)];

	while (*at && !span_is(id, (*at)->id))
		at = &(*at)->next;
	return at;
}

struct replay_batch *replay_batches_of(struct replay_batches *x, struct span id)
{
	struct replay_batch **at = slot_of(x, id);

	if (!*at) {
		*at = mem_new(sizeof **at);
		(*at)->id = mem_text(id);
		x->list = mem_grow(x->list, x->n + 1u, sizeof(struct replay_batch *));
		x->list[x->n++] = *at;
	}
	return *at;
}

int replay_batches_line(struct replay_batches *x, const struct selected *v, struct span *ret, struct span *ret_currency, int64_t *ret_fen,
	bool *ret_readable, struct err *e)
{
	const int type = router_find(x->router, v->event.type);

	if (type < 0)
		return err_set(e, E_ROUTE_NONE, "type=%.*s", SPAN_F(v->event.type));
	if (router_look(x->router, (unsigned)type, &v->event, e) != 0)
		return -1;
	*ret_currency = router_money(x->router, (unsigned)type, ret_fen, ret_readable);
	return router_record(x->router, (unsigned)type, x->d, &v->event, ret, e);
}

int replay_batches_add(struct replay_batches *x, const struct selected *v, struct err *e)
{
	struct replay_batch *b = replay_batches_of(x, v->event.batchid);
	struct span line, currency;
	struct err why = ERR_INIT;
	struct bus_entry at;
	char key[INDEX_KEY_MAX];
	bool readable;
	unsigned topic;
	int64_t fen;
	int got;

	if (!b->topic && bus_topic(x->bus, v->topic, &topic, e) != 0)
		return -1;
	b->topic = b->topic ? b->topic : bus_topic_name(x->bus, topic);
	got = replay_batches_line(x, v, &line, &currency, &fen, &readable, &why);
	b->seen++;
	b->lines += got == 1;
	b->unshaped += got < 0;
	hash_sha256_add(x->hash, v->event.id.p, v->event.id.n);
	hash_sha256_add(x->hash, got == 1 ? "\n" : "-\n", got == 1 ? 1 : 2);
	if (got == 1)
		hash_sha256_add(x->hash, line.p, line.n);
	got = bus_look(x->bus, NULL, INDEX_TO, index_key(key, 0, span_of(x->site->destinations[x->d].name), v->event.id), &at, e);
	b->has += got == 1;
	return got < 0 ? -1 : 0;
}

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

int replay_batches_last(struct replay_batches *x, const struct replay_batch *b, struct arena *a, struct batch_closing *ret, struct err *e)
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

/* What the others were told of it on a partition: REPLAY_GOES when nothing stands against it; -1. */
static int told_others(struct replay_batches *x, const struct replay_batch *b, unsigned partition, struct err *e)
{
	struct arena a = ARENA_INIT;
	int ret = REPLAY_GOES;

	for (unsigned d = 0; d < x->site->ndestinations && ret == REPLAY_GOES; d++) {
		struct buf topic = BUF_INIT;
		struct batch_closing sent;
		uint64_t offset;
		int got;

		buf_printf(&topic, TOPIC_TO "%s", x->site->destinations[d].name);
		got = closing_on(x, buf_text(&topic), span_of(b->id), partition, &a, &sent, &offset, e);
		buf_done(&topic);
		ret = got < 0 ? -1 : got == 0 ? ret : d == x->d ? REPLAY_HAS : sent.returned && !sent.given_up ? REPLAY_RETURNED : sent.failed ? REPLAY_FAILED : ret;
	}
	arena_done(&a);
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

/* A verdict, -1. */
static int judge(struct replay_batches *x, struct replay_batch *b, struct err *e)
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
	if (is != 1 || !p->batchid.n || !(b = *slot_of(x, p->batchid)))
		return is < 0 ? -1 : 0;
	totals_each(p->more, note_counted, &c);
	b->counted |= c.any;
	return 0;
}

static int read_journal(struct replay_batches *x, struct err *e)
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

int replay_batches_decide(struct replay_batches *x, struct err *e)
{
	if (read_journal(x, e) != 0)
		return -1;
	for (unsigned i = 0; i < x->n; i++) {
		struct replay_batch *b = x->list[i];
		const int got = judge(x, b, e);

		if (got < 0)
			return -1;
		b->verdict = (enum replay_verdict)got;
		hash_sha256_add(x->hash, b->id, strlen(b->id) + 1);
		hash_sha256_add(x->hash, replay_verdicts[got], strlen(replay_verdicts[got]) + 1);
	}
	return 0;
}

unsigned replay_batches_count(const struct replay_batches *x)
{
	return x->n;
}

const struct replay_batch *replay_batches_at(const struct replay_batches *x, unsigned i)
{
	return x->list[i];
}

void replay_batches_digest(const struct replay_batches *x, char ret[65])
{
	uint8_t digest[HASH_SHA256];
	struct buf hex = BUF_INIT;

	hash_sha256_get(x->hash, digest);
	hash_hex(&hex, digest, sizeof digest);
	snprintf(ret, 65, "%s", buf_text(&hex));
	buf_done(&hex);
}
