/* SPDX-License-Identifier: Apache-2.0 */
#include "planted.h"

#include <inttypes.h>
#include <stdlib.h>

#include "fsys.h"
#include "letter.h"
#include "say.h"
#include "topics.h"
#include "waiting.h"

#define FILE_MAX (1u << 20)          /* of planted.json */

int planted_load(struct planted *p, int dir, struct err *e)
{
	struct buf text = BUF_INIT;
	int ret = fsys_get(dir, "planted.json", FILE_MAX, &text, e);

	*p = (struct planted){.dir = dir, .arena = ARENA_INIT};
	if (ret == 0) {
		p->root = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, NULL);
		if (!json_is_array(json_object_get(p->root, "files")) ||
			!json_is_array(json_object_get(p->root, "out")))
			ret = err_set(e, E_DEMO_PLANTED, "file=planted.json");
	}
	buf_done(&text);
	return ret;
}

void planted_done(struct planted *p)
{
	for (unsigned i = 0; i < p->nclaims; i++) {
		totals_free(p->claims[i].claim.totals);
		buf_done(&p->claims[i].letters);
		buf_done(&p->claims[i].held);
		buf_done(&p->claims[i].words);
	}
	free(p->claims);
	arena_done(&p->arena);
	json_decref(p->root);
}

int64_t planted_fen(const json_t *o, const char *name)
{
	struct err ignored;
	int64_t fen = 0;

	money_read(span_of(json_text(o, name)), &MONEY_YUAN, &fen, &ignored);
	return fen;
}

static void add_read(void *arg, const struct total_line *line)
{
	int64_t *sum = arg;

	if (line->term == TOTAL_READ)
		*sum += line->sum.plus + line->sum.minus;
}

/* Of all records of a claim that could be read. */
static int64_t sum_read(const struct claim *c)
{
	int64_t sum = 0;

	totals_each(c->totals, add_read, &sum);
	return sum;
}

/* ---- what is on the bus ---- */

static struct planted_claim *claim_of(struct planted *p, struct span batchid)
{
	for (unsigned i = 0; i < p->nclaims; i++)
		if (span_eq(p->claims[i].claim.batchid, batchid))
			return &p->claims[i];
	return NULL;
}

/* The newest record of a batch counts. */
static void keep_claim(struct planted *p, const struct claim *c)
{
	struct planted_claim *have = claim_of(p, c->batchid);

	if (have) {
		totals_free(have->claim.totals);
		have->claim = *c;
		return;
	}
	p->claims = mem_grow(p->claims, p->nclaims + 1u, sizeof *p->claims);
	p->claims[p->nclaims++] = (struct planted_claim){.claim = *c};
}

static int load_claims(struct planted *p, struct bus *b, struct err *e)
{
	struct bus_reader *r = NULL;
	struct bus_message m;
	struct event v;
	struct claim c;
	unsigned topic;
	int got;

	if (bus_topic(b, TOPIC_CLAIMS, &topic, e) != 0 || bus_read(b, topic, 0, &r, e) != 0)
		return -1;
	while ((got = bus_next(r, &m, e)) == 1) {
		if (event_read(m.value, &v, e) != 0) {
			got = -1;
			break;
		}
		if (!span_is(v.type, EVENT_CLAIM))
			continue;
		if (claim_read(&v, &p->arena, &c, e) != 0) {
			got = -1;
			break;
		}
		keep_claim(p, &c);
	}
	bus_unread(r);
	return got;
}

static void word(struct buf *b, const char *text)
{
	buf_printf(b, "%s%s", b->n ? " " : "", text);
}

static void keep_letter(struct planted *p, struct letter *l)
{
	struct planted_claim *c = claim_of(p, l->d.batchid);
	struct span to = l->d.destination;

	if (!c)
		return;
	c->nletters++;
	word(&c->letters, "");
	buf_printf(&c->letters, "%.*s%s%.*s", SPAN_F(to), to.n ? ":" : "", SPAN_F(l->d.code));
	buf_printf(&c->words, "    %.*s: %s\n", SPAN_F(to.n ? to : l->d.place), buf_text(&l->words));
}

static int load_letters(struct planted *p, struct bus *b, struct err *e)
{
	struct letter l = {.words = BUF_INIT};
	struct bus_reader *r = NULL;
	struct bus_message m;
	int got = letter_open(b, &r, e);

	while (got == 1 && (got = bus_next(r, &m, e)) == 1) {
		int is = letter_read(&m, &p->arena, &l, e);

		if (is == 1)
			keep_letter(p, &l);
		got = is < 0 ? -1 : 1;
	}
	bus_unread(r);
	buf_done(&l.words);
	return got;
}

static int keep_held(void *arg, const struct waiting *w, struct err *e)
{
	struct planted_claim *c = w->gathering ? claim_of(arg, w->batchid) : NULL;

	(void)e;
	if (c)
		word(&c->held, w->destination);
	return 0;
}

/* ---- beside what was planted ---- */

static struct span code_of(const struct claim *c)
{
	return c->nreasons ? c->reasons[0].code : SPAN("");
}

static bool is_planted(const struct planted_claim *pc, const json_t *file)
{
	const struct claim *c = &pc->claim;

	return span_is(c->adapter, json_text(file, "from")) && span_is(c->name, json_text(file, "file")) &&
	       span_is(c->state, json_text(file, "state")) && span_is(code_of(c), json_text(file, "code")) &&
	       c->records == planted_number(file, "records") && sum_read(c) == planted_fen(file, "sum") &&
	       span_is(buf_as_span(&pc->letters), json_text(file, "letters")) &&
	       span_is(buf_as_span(&pc->held), json_text(file, "held"));
}

static struct planted_claim *match(struct planted *p, const json_t *file)
{
	for (unsigned i = 0; i < p->nclaims; i++)
		if (!p->claims[i].matched && is_planted(&p->claims[i], file)) {
			p->claims[i].matched = true;
			return &p->claims[i];
		}
	return NULL;
}

/* What was planted and did not come, and what came and was not planted. */
static void report(struct planted *p, const json_t *files, struct planted_claim *const *found)
{
	const json_t *file;
	char sum[24];
	size_t i;

	fflush(stdout);
	json_array_foreach(files, i, file)
		if (!found[i]) {
			p->wrong++;
			fprintf(stderr,
				say("与预埋不符：第 %" PRIu64 " 步的 %s 应为 %s %s，死信 [%s]，挂起于 [%s]\n",
					"not as planted: %" PRIu64
					" %s should have become %s %s, letters [%s], held at [%s]\n"),
				planted_number(file, "step"), json_text(file, "file"), json_text(file, "state"),
				json_text(file, "code"), json_text(file, "letters"), json_text(file, "held"));
		}
	for (i = 0; i < p->nclaims; i++) {
		struct planted_claim *pc = &p->claims[i];
		const struct claim *c = &pc->claim;

		if (pc->matched)
			continue;
		p->wrong++;
		fprintf(stderr, say("与预埋不符：%.*s 成了 %.*s %.*s，%" PRIu64 " 笔，%s，死信 [%s]，挂起于 [%s]\n",
			"not as planted: %.*s became %.*s %.*s, %" PRIu64 " records, %s, letters [%s], held at [%s]\n"),
			SPAN_F(c->name), SPAN_F(c->state), SPAN_F(code_of(c)), c->records,
			money_text(sum_read(c), sum), buf_text(&pc->letters), buf_text(&pc->held));
	}
}

int planted_claims(struct planted *p, struct bus *b, struct err *e)
{
	const json_t *files = json_object_get(p->root, "files"), *file;
	struct planted_claim **found;
	size_t i;

	if (load_claims(p, b, e) != 0 || load_letters(p, b, e) != 0 || waiting_walk(b, keep_held, p, e) != 0)
		return -1;
	found = mem_new((json_array_size(files) + 1) * sizeof *found);
	json_array_foreach(files, i, file)
		found[i] = match(p, file);
	planted_show(files, found);
	report(p, files, found);
	free(found);
	return 0;
}
