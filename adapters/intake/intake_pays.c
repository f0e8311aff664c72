/* SPDX-License-Identifier: Apache-2.0 */
#include "intake_parts.h"

#include <inttypes.h>

#include "clock.h"
#include "index.h"
#include "jscan.h"

/*
 * Suspected doubles of a file, found while it is judged. A batch that is released whole is held for them; of one that is released
 * record by record the claim lists them, for somebody to look at.
 */
#define LISTED_MAX 1000u             /* in the claim record; how many there are, and the digest, speak of all */
#define LISTED_BYTES (400u << 10)

void intake_suspects_free(struct suspects *s)
{
	hash_sha256_free(s->digest);
	buf_done(&s->list);
	buf_done(&s->first);
}

static void add_day(char ret[11], int64_t day)
{
	clock_date(day < 0 ? 0 : day, ret);
}

/* What the digest and the list say of one, as a JSON object. */
static void write_suspect(struct buf *b, const struct pay *p, const struct reading_event *x, const struct pay_twin *twin)
{
	char amount[24], day[11];

	add_day(day, twin->day);
	buf_printf(b, "{\"line\":%" PRIu64 ",\"amount\":\"%s\",\"day\":\"%s\"", p->line, money_text(x->fen, amount), day);
	json_member(b, "id", p->id);
	if (twin->adapter) {
		json_member(b, "adapter", span_of(twin->adapter));
		buf_printf(b, ",\"twin\":%" PRIu64, twin->line);
	} else {
		json_member(b, "other", twin->id);
		json_member(b, "batch", twin->batchid);
	}
	buf_c(b, '}');
}

static void note_first(struct intake *in, struct suspects *s, const struct pay *p, const struct pay_twin *twin)
{
	char day[11];

	add_day(day, twin->day);
	s->line = p->line;
	if (!twin->adapter)
		buf_printf(&s->first, "day=%s\nother=%.*s", day, SPAN_F(twin->id));
	else if (strcmp(twin->adapter, in->name) == 0)
		buf_printf(&s->first, "day=%s\ntwin=%" PRIu64, day, twin->line);
	else
		buf_printf(&s->first, "day=%s\nthere=%" PRIu64 "\nadapter=%s", day, twin->line, twin->adapter);
}

static void add_suspect(struct intake *in, struct suspects *s, const struct pay *p, const struct reading_event *x,
	const struct pay_twin *twin)
{
	size_t from = s->list.n;

	if (!s->digest)
		s->digest = hash_sha256_new();
	if (!s->count++)
		note_first(in, s, p, twin);
	if (from)
		buf_c(&s->list, ',');
	from = s->list.n;
	write_suspect(&s->list, p, x, twin);
	hash_sha256_add(s->digest, s->list.p + from, s->list.n - from);
	if (s->listed < LISTED_MAX && s->list.n < LISTED_BYTES)
		s->listed++;
	else
		s->list.n = from ? from - 1 : 0;
}

static int note_open(void *arg, struct span key, const struct bus_entry *entry)
{
	struct intake *in = arg;

	(void)key;
	intake_attend(in, false, span_is(entry->extra, "open"));
	return 0;
}

int intake_attend_suspects(struct intake *in, struct err *e)
{
	struct buf prefix = BUF_INIT;
	int ret;

	buf_printf(&prefix, "%c%s:", INDEX_SUSPECTS, in->name);
	ret = bus_entries(in->flow.bus, INDEX_CLAIMS, buf_as_span(&prefix), note_open, in, e);
	buf_done(&prefix);
	return ret;
}

int intake_judge_pay(struct intake *in, struct claiming *c, uint64_t line, const struct reading_event *x,
	const struct event *v, struct err *e)
{
	struct pay p = {.id = x->id, .day = clock_day(clock_now_ms()), .line = line};
	struct pay_twin twin;
	enum id_verdict verdict = ID_NEW;
	int got;

	if (!in->pays || !pays_days(in->setup.pays))
		return 0;
	p.paykey = reader_paykey(c->reader, x);
	if (!p.paykey.n)
		return 0;
	if (v->businessdate.n >= 10)
		(void)clock_date_read((struct span){v->businessdate.p, 10}, &p.day);
	got = pays_look(in->pays, in->flow.bus, in->flow.owner, &p, &twin, e);
	/* One that does not go out a second time is none. Of a batch that is released whole this is known already. */
	if (got == 1 && in->setup.form->release == RELEASE_RECORD)
		got = intake_look_up_id(in, x, &verdict, e) == 0 ? verdict == ID_NEW : -1;
	if (got == 1)
		add_suspect(in, &c->suspects, &p, x, &twin);
	return got < 0 ? -1 : 0;
}

bool intake_suspects_claim(const struct suspects *s, struct claim *c, struct arena *a)
{
	struct buf text = BUF_INIT, first = BUF_INIT;
	uint8_t digest[HASH_SHA256];
	struct err why;

	if (!s->count)
		return false;
	hash_sha256_get(s->digest, digest);
	hash_hex(&text, digest, sizeof digest);
	c->suspects = arena_span(a, buf_as_span(&text));
	c->suspected = s->count;
	buf_clear(&text);
	buf_c(&text, '[');
	buf_span(&text, buf_as_span(&s->list));
	buf_c(&text, ']');
	c->suspect_list = arena_span(a, buf_as_span(&text));
	if (claim_is_suspected(c)) {
		buf_span(&first, buf_as_span(&s->first));
		err_set(&why, E_BATCH_SUSPECTED, "count=%" PRIu64 "\nline=%" PRIu64 "\n%s", s->count, s->line,
			buf_text(&first));
		claim_reason(c, a, &why);
	}
	buf_done(&text);
	buf_done(&first);
	return claim_is_suspected(c);
}
