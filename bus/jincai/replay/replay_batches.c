/* SPDX-License-Identifier: Apache-2.0 */
#include "replay_batches_parts.h"

#include <inttypes.h>
#include <stdlib.h>

#include "clock.h"
#include "index.h"

const char *const replay_verdicts[REPLAY_VERDICTS] = {"goes", "not all of it is selected", "was offered before",
	"something of it failed", "was returned or never published", "has not ended yet", "a line cannot be shaped",
	"all of it was given to another bank", "the ledger of another bank has it",
	"its own ledger has it"};
const char *const replay_verdicts_zh[REPLAY_VERDICTS] = {"交付", "未全部选中", "该去向已处理过", "其中有未能通过的",
	"已退回或未发布", "尚未办结", "有一行无法成形", "全部已交给其他付款去向", "其他付款去向的台账上已有",
	"该去向自己的台账上已有"};

struct replay_batches *replay_batches_new(struct site *s, struct bus *b, unsigned d, const char *plan, const json_t *ends, struct err *e)
{
	struct replay_batches *x = mem_new(sizeof *x);
	int pays;

	x->site = s;
	x->bus = b;
	x->d = d;
	x->plan = plan;
	x->hash = hash_sha256_new();
	x->picker = picker_new(b);
	x->router = site_router(s, NULL, e);
	pays = !x->router ? -1 : d < s->ndestinations ? replay_pays(b, &s->destinations[d], e) : 0;
	if (pays == 1)
		x->handed = replay_handed_new(s, b, d, ends, e);
	if (pays == 0 || x->handed)
		return x;
	replay_batches_free(x);
	return NULL;
}

struct replay_handed *replay_batches_others(const struct replay_batches *x)
{
	return x->handed;
}

void replay_batches_free(struct replay_batches *x)
{
	if (!x)
		return;
	for (unsigned i = 0; i < x->n; i++) {
		for (struct replay_sum *one; (one = x->list[i]->sums);) {
			x->list[i]->sums = one->next;
			free(one);
		}
		free(x->list[i]->here);
		free(x->list[i]);
	}
	free(x->list);
	if (x->router)
		router_flow(x->router)->kind->free(router_flow(x->router));
	replay_handed_free(x->handed);
	picker_free(x->picker);
	bus_unread(x->journal);
	hash_sha256_free(x->hash);
	buf_done(&x->record);
	free(x);
}

struct replay_batch **replay_batches_slot(struct replay_batches *x, struct span id)
{
	struct replay_batch **at = &x->table[hash_partition(id, REPLAY_TABLE)];

	while (*at && !span_is(id, (*at)->id))
		at = &(*at)->next;
	return at;
}

struct replay_batch *replay_batches_of(struct replay_batches *x, struct span id)
{
	struct replay_batch **at = replay_batches_slot(x, id);

	if (!*at) {
		*at = mem_new(sizeof **at + id.n + 1);
		if (id.n)
			memcpy((*at)->id, id.p, id.n);
		x->list = mem_grow(x->list, x->n + 1u, sizeof(struct replay_batch *));
		x->list[x->n++] = *at;
	}
	return *at;
}

/* ---- lines ---- */

/* One event, as the destination would have it. */
struct line {
	struct span text, currency;
	int64_t fen;
	bool readable;
	struct handed_at at;
};

enum { LINE_NONE, LINE_GOES, LINE_HANDED };

/* Was another that moves money given it? Then nobody asks how it would look. */
static int of_others(struct replay_batches *x, const struct selected *v, struct line *ret, struct err *e)
{
	const int got = replay_handed_look(x->handed, v->event.id, &ret->at, e);

	return got == 2 && x->plan ? err_set(e, E_REPLAY_CHANGED, "plan=%s", x->plan) : got ? got < 0 ? -1 : LINE_HANDED : LINE_NONE;
}

/* LINE_...; -1: *ret_shaped is false when that is because it cannot be shaped. */
static int line_of(struct replay_batches *x, const struct selected *v, struct line *ret, bool *ret_shaped, struct err *e)
{
	const int type = router_find(x->router, v->event.type);
	struct err why = ERR_INIT;
	int got, others;

	*ret_shaped = type >= 0;
	if (type < 0)
		return err_set(e, E_ROUTE_NONE, "type=%.*s", SPAN_F(v->event.type));
	*ret_shaped = router_look(x->router, (unsigned)type, &v->event, e) == 0;
	if (!*ret_shaped)
		return -1;
	ret->currency = router_money(x->router, (unsigned)type, &ret->fen, &ret->readable);
	got = router_record(x->router, (unsigned)type, x->d, &v->event, &ret->text, &why);
	others = got && x->handed ? of_others(x, v, ret, e) : LINE_NONE;
	if (others)
		return others;
	*ret_shaped = got >= 0;
	if (got < 0)
		*e = why;
	return got < 0 ? -1 : got == 1 ? LINE_GOES : LINE_NONE;
}

int replay_batches_line(struct replay_batches *x, const struct selected *v, struct span *ret, struct span *ret_currency,
	int64_t *ret_fen, bool *ret_readable, struct err *e)
{
	struct line l = {.fen = 0};
	bool shaped;
	const int got = line_of(x, v, &l, &shaped, e);

	*ret = l.text;
	*ret_currency = l.currency;
	*ret_fen = l.fen;
	*ret_readable = l.readable;
	return got == LINE_HANDED ? 0 : got;
}

static void hash_line(struct replay_batches *x, const struct selected *v, const struct line *l, int is)
{
	char at[160];

	hash_sha256_add(x->hash, v->event.id.p, v->event.id.n);
	if (is == LINE_HANDED) {
		snprintf(at, sizeof at, "=%s/%u@%" PRIu64 "\n", l->at.topic, l->at.partition, l->at.offset);
		hash_sha256_add(x->hash, at, strlen(at));
		return;
	}
	hash_sha256_add(x->hash, is == LINE_GOES ? "\n" : "-\n", is == LINE_GOES ? 1 : 2);
	if (is == LINE_GOES)
		hash_sha256_add(x->hash, l->text.p, l->text.n);
}

static struct replay_sum *sum_in(struct replay_batch *b, struct span currency, bool goes)
{
	struct replay_sum *s = b->sums;

	while (s && (s->goes != goes || !span_is(currency, s->currency)))
		s = s->next;
	if (s)
		return s;
	s = mem_new(sizeof *s);
	s->goes = goes;
	if (currency.n)
		memcpy(s->currency, currency.p, currency.n);
	s->next = b->sums;
	return b->sums = s;
}

static int add_money(struct replay_batches *x, struct replay_batch *b, const struct selected *v, const struct line *l,
	int is, struct err *e)
{
	struct replay_sum *s;

	if (l->currency.n >= TOTALS_CURRENCY_MAX)
		return err_set(e, E_TOTALS_NAME, "name=%.*s", SPAN_F(l->currency));
	s = sum_in(b, l->currency, is == LINE_GOES);
	if (!l->readable)
		money_sum_unreadable(&s->sum);
	else if (money_sum_add(&s->sum, l->fen, e) != 0)
		return -1;
	return is == LINE_HANDED
		? replay_handed_note(x->handed, v->event.id, span_of(b->id), l->currency, l->fen, l->readable, &l->at, e)
		: 0;
}

int replay_batches_add(struct replay_batches *x, const struct selected *v, struct err *e)
{
	struct replay_batch *b = replay_batches_of(x, v->event.batchid);
	struct line l = {.fen = 0};
	struct bus_entry at;
	char key[INDEX_KEY_MAX];
	struct err why = ERR_INIT;
	unsigned topic;
	bool shaped;
	int is, got;

	if (!b->topic && bus_topic(x->bus, v->topic, &topic, e) != 0)
		return -1;
	b->topic = b->topic ? b->topic : bus_topic_name(x->bus, topic);
	is = line_of(x, v, &l, &shaped, &why);
	if (is < 0 && shaped) {
		*e = why;
		return -1;
	}
	b->seen++;
	b->lines += is == LINE_GOES;
	b->handed += is == LINE_HANDED;
	b->unshaped += is < 0;
	hash_line(x, v, &l, is);
	if (x->handed && is > 0 && add_money(x, b, v, &l, is, e) != 0)
		return -1;
	got = bus_look(x->bus, NULL, INDEX_TO,
		index_key(key, 0, span_of(x->site->destinations[x->d].name), v->event.id), &at, e);
	b->has += got == 1;
	return got < 0 ? -1 : 0;
}

/* Which of the lines that others were given count: those of batches that would have gone. */
static int end_handed(struct replay_batches *x, struct err *e)
{
	if (!x->handed)
		return 0;
	for (unsigned i = 0; i < x->n; i++) {
		const struct replay_batch *b = x->list[i];

		if (b->handed && b->verdict != REPLAY_GOES && b->verdict != REPLAY_PAID &&
			replay_handed_not(x->handed, b->id, replay_verdicts[b->verdict], e) != 0)
			return -1;
	}
	x->mode = replay_mode(x->bus, &x->site->destinations[x->d], e);
	return x->mode ? replay_handed_end(x->handed, x->handed_sha256, e) : -1;
}

int replay_batches_decide(struct replay_batches *x, int64_t ms, struct err *e)
{
	const int got = replay_batches_judge(x, clock_steady_ms() + ms, e);

	if (got != 0)
		return got;
	for (unsigned i = 0; i < x->n; i++) {
		const struct replay_batch *b = x->list[i];

		hash_sha256_add(x->hash, b->id, strlen(b->id) + 1);
		hash_sha256_add(x->hash, replay_verdicts[b->verdict], strlen(replay_verdicts[b->verdict]) + 1);
	}
	return end_handed(x, e);
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

/* Rows of one term over all batches that go, or of which others have all. */
static int sum_of(const struct replay_batches *x, enum total_term term, json_t **ret, struct err *e)
{
	struct totals *all = totals_new();
	struct buf rows = BUF_INIT;
	int failed = 0;

	for (unsigned i = 0; i < x->n; i++) {
		const struct replay_batch *b = x->list[i];

		if (b->verdict != REPLAY_GOES && b->verdict != REPLAY_PAID)
			continue;
		for (const struct replay_sum *s = b->sums; s && !failed; s = s->next)
			if (s->goes == (term == TOTAL_ROUTED))
				failed = totals_move(all, term, "", span_of(s->currency), &s->sum, 1, e) != 0;
	}
	totals_write(all, &rows);
	*ret = json_loadb(rows.p, rows.n, 0, NULL);
	buf_done(&rows);
	totals_free(all);
	return failed ? -1 : 0;
}

int replay_batches_goes(const struct replay_batches *x, json_t **ret, struct err *e)
{
	uint64_t lines = 0;
	unsigned goes = 0;
	char digest[65];
	json_t *rows;

	for (unsigned i = 0; i < x->n; i++) {
		goes += x->list[i]->verdict == REPLAY_GOES;
		lines += x->list[i]->verdict == REPLAY_GOES ? x->list[i]->lines : 0;
	}
	replay_batches_digest(x, digest);
	if (x->handed && sum_of(x, TOTAL_ROUTED, &rows, e) != 0)
		return -1;
	*ret = json_pack("{s:i,s:I,s:s}", "batches", (int)goes, "lines", (json_int_t)lines, "digest", digest);
	if (x->handed) {
		json_object_set_new(*ret, "money", rows);
		json_object_set_new(*ret, "mode", json_string(x->mode));
	}
	return 0;
}

int replay_batches_handed(const struct replay_batches *x, json_t **ret, struct err *e)
{
	uint64_t lines = 0;
	json_t *rows;

	*ret = NULL;
	if (!x->handed)
		return 0;
	if (sum_of(x, TOTAL_ALREADY, &rows, e) != 0)
		return -1;
	for (unsigned i = 0; i < x->n; i++)
		lines += x->list[i]->verdict == REPLAY_GOES || x->list[i]->verdict == REPLAY_PAID ? x->list[i]->handed
												  : 0;
	*ret = json_pack("{s:I,s:o,s:s}", "lines", (json_int_t)lines, "money", rows, "sha256", x->handed_sha256);
	return 0;
}
