/* SPDX-License-Identifier: Apache-2.0 */
#include "intake.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "batch.h"
#include "claim.h"
#include "clock.h"
#include "connectors/drop.h"
#include "dead.h"
#include "fsys.h"
#include "index.h"
#include "jscan.h"
#include "log.h"
#include "topics.h"
#include "utf8.h"

#define SLICE_BYTES (32u << 20)      /* of a file read in one turn while claiming */
#define GROWING_MS 1000              /* before a file that was still being written is read again */
#define BATCH_MAX 1000000u           /* records of a batch that is released whole: ids seen are kept while it is judged */
#define PARTITIONS_MAX 64u
#define KEYS_SHOWN 80                /* bytes of the keys that stand in a batch id */

/* Ids of one batch while it is judged: a set of hashes. Two ids of one hash hold the batch, the safe side. */
struct id_set {
	uint64_t *slots;
	size_t n, cap;
};

/* A file on its way to a claim record; in memory only, begun anew after a restart. */
struct claiming {
	char taken[256];
	struct drop_copy *copy;
	struct reader *reader;       /* NULL once the rest is only copied */
	struct reader_prover *prover;
	struct err unreadable;
	struct id_set ids;
	uint64_t duplicates, conflicts, known;
};

/* A batch on its way onto the bus; restored from the position. */
struct publishing {
	struct buf record;           /* of the claim */
	struct arena arena;
	struct claim claim;
	struct form *form;           /* its own, when ours has changed since */
	struct drop_spool *spool;
	struct reader *reader;
	uint64_t published[PARTITIONS_MAX], failed;
	struct buf time;
};

struct intake {
	struct flow flow;
	struct intake_setup setup;
	char *name, *folder, *spool, *forms, *start, *source;
	unsigned topic, claims, dead;
	struct drop *drop;
	struct totals *totals;
	struct waiting {             /* in .taken, without a claim record: from an earlier life, or still growing */
		char *taken;
		int64_t not_before;  /* steady ms: a file that grew is looked at again after a while, others go first */
	} *waiting;
	unsigned nwaiting, counter;
	struct claiming *claiming;
	struct publishing *publishing;
	struct buf event, position;
	char *delete_spool[2];       /* after the commit: of what has ended, and of what that took the place of */
	unsigned held;               /* batches that wait for a person */
	struct buf said;             /* what the next commit makes true, for the log */
	bool other;                  /* something else does */
};

static void attend(struct intake *in, bool held, bool other)
{
	in->held += held;
	in->other |= other;
	in->flow.attention = in->held || in->other || in->nwaiting;
}

static void delete_after(struct intake *in, struct span taken)
{
	char **at = &in->delete_spool[in->delete_spool[0] != NULL];

	free(*at);
	*at = mem_text(taken);
}

/* ---- ids of one batch ---- */

static bool id_set_add(struct id_set *s, struct span id)
{
	uint8_t digest[HASH_SHA256];
	uint64_t h, *old = s->slots;
	size_t cap = s->cap;

	hash_sha256(id.p, id.n, digest);
	memcpy(&h, digest, sizeof h);
	h |= 1;                      /* 0 is an empty place */
	if (s->n * 2 >= s->cap) {
		s->cap = cap ? cap * 2 : 1024;
		s->slots = mem_new(s->cap * sizeof h);
		s->n = 0;
		for (size_t i = 0; i < cap; i++)
			if (old[i]) {
				size_t at = (size_t)(old[i] >> 1) & (s->cap - 1);

				while (s->slots[at])
					at = (at + 1) & (s->cap - 1);
				s->slots[at] = old[i];
				s->n++;
			}
		free(old);
	}
	for (size_t at = (size_t)(h >> 1) & (s->cap - 1);; at = (at + 1) & (s->cap - 1)) {
		if (s->slots[at] == h)
			return false;
		if (!s->slots[at]) {
			s->slots[at] = h;
			s->n++;
			return true;
		}
	}
}

enum id_verdict { ID_NEW, ID_DUPLICATE, ID_CONFLICT };

/* Was this id published before, and with the same content? */
static int look_up_id(struct intake *in, const struct reading *g, enum id_verdict *ret, struct err *e)
{
	char key[INDEX_KEY_MAX];
	uint8_t fingerprint[16];
	struct bus_entry entry;
	int got;

	*ret = ID_NEW;
	if (!g->fingerprint.n)
		return 0;
	got = bus_look(in->flow.bus, in->flow.owner, INDEX_IDS, index_key(key, 0, g->id, SPAN_NONE), &entry, e);
	if (got <= 0)
		return got;
	hash_unhex(g->fingerprint, fingerprint, sizeof fingerprint);
	*ret = entry.extra.n == sizeof fingerprint && memcmp(entry.extra.p, fingerprint, sizeof fingerprint) == 0
		       ? ID_DUPLICATE
		       : ID_CONFLICT;
	return 0;
}

static bool is_known(const struct intake *in, struct span businessdate)
{
	return in->setup.start.n && businessdate.n && span_cmp(businessdate, in->setup.start) < 0;
}

/* ---- claiming: one pass that copies, digests and judges ---- */

static void claiming_free(struct claiming *c)
{
	if (!c)
		return;
	reader_close(c->reader);
	reader_prover_free(c->prover);
	drop_copy_close(c->copy);
	free(c->ids.slots);
	free(c);
}

static int claim_begin(struct intake *in, const char *taken, struct err *e)
{
	struct claiming *c = mem_new(sizeof *c);
	struct reader_setup setup = {.form = in->setup.form, .library = in->setup.library};

	snprintf(c->taken, sizeof c->taken, "%s", taken);
	in->claiming = c;
	if (drop_copy_open(in->drop, taken, &c->copy, e) != 0)
		return -1;
	setup.input = drop_copy_input(c->copy);
	setup.shown = drop_name(c->taken);
	setup.name = span_of(setup.shown);
	c->prover = reader_prover_new(in->setup.form, setup.shown);
	if (reader_open(&setup, &c->reader, &c->unreadable) != 0 && err_kind(&c->unreadable) != ERR_DATA) {
		*e = c->unreadable;
		return -1;
	}
	return 0;
}

/* What only a batch that is released whole needs to know before its first record goes out. */
static int judge_id(struct intake *in, struct claiming *c, const struct reading *g, struct err *e)
{
	struct event attributes = {0};
	enum id_verdict verdict;

	if (g->bad.id)
		return 0;
	reader_attributes(c->reader, g, &attributes);
	c->known += is_known(in, attributes.businessdate);
	if (in->setup.form->release != RELEASE_BATCH || !g->fingerprint.n)
		return 0;
	if (look_up_id(in, g, &verdict, e) != 0)
		return -1;
	c->conflicts += verdict == ID_CONFLICT;
	c->duplicates += verdict == ID_DUPLICATE || (c->ids.n < BATCH_MAX && !id_set_add(&c->ids, g->id));
	return 0;
}

/* Reads on; 1 when there is more, 0 at the end of the file. */
static int claim_slice(struct intake *in, struct err *e)
{
	struct claiming *c = in->claiming;
	uint64_t from = c->reader ? reader_offset(c->reader) : 0;
	struct reading g;

	while (c->reader) {
		if (reader_next(c->reader, &g, e) != 0 || reader_prove(c->prover, c->reader, &g, e) != 0) {
			if (err_kind(e) != ERR_DATA)
				return -1;
			c->unreadable = *e;
			reader_close(c->reader);
			c->reader = NULL;
			break;
		}
		if (g.kind == READ_END)
			return 0;
		if (g.kind == READ_RECORD && judge_id(in, c, &g, e) != 0)
			return -1;
		if (reader_offset(c->reader) - from >= SLICE_BYTES)
			return 1;
	}
	return drop_copy_rest(c->copy, SLICE_BYTES, e);
}

static int append_claim(struct intake *in, const struct claim *c, struct err *e)
{
	buf_clear(&in->event);
	claim_write(&in->event, c, span_of(in->source));
	return flow_append(&in->flow, in->claims, 0, c->batchid, &in->event, e);
}

struct move {
	struct totals *to;
	enum total_term term;
	int sign;
	struct err *e;
	int failed;
};

static void move_line(void *arg, const struct total_line *line)
{
	struct move *m = arg;

	if (line->term == TOTAL_READ)
		m->failed |= totals_move(m->to, m->term, "", span_of(line->currency), &line->sum, m->sign, m->e);
}

/* Adds what a batch holds to a term of ours, or takes it away. */
static int count_batch(struct intake *in, const struct totals *batch, enum total_term term, int sign, struct err *e)
{
	struct move m = {in->totals, term, sign, e, 0};

	totals_each(batch, move_line, &m);
	return m.failed ? -1 : 0;
}

static int count_skipped(struct intake *in, const struct claim *c, struct err *e)
{
	struct money_sum sum = {.count = c->skipped};

	return c->skipped ? totals_move(in->totals, TOTAL_SKIPPED, "", SPAN(""), &sum, 1, e) : 0;
}

/* What the keys of a file were claimed for before. */
struct before {
	bool found;
	char batchid[300], state[24], digest[2 * HASH_SHA256 + 1];
};

static void copy_part(struct span *from, char *ret, size_t cap)
{
	const char *end = memchr(from->p, 0, from->n);
	size_t n = end ? (size_t)(end - from->p) : from->n;

	snprintf(ret, cap, "%.*s", (int)n, from->p);
	from->p += n + (end ? 1 : 0);
	from->n -= n + (end ? 1 : 0);
}

static int look_up_keys(struct intake *in, struct span keys, struct before *ret, struct err *e)
{
	char key[INDEX_KEY_MAX];
	struct bus_entry entry;
	struct span extra;
	int got = bus_look(in->flow.bus, in->flow.owner, INDEX_CLAIMS,
		index_key(key, INDEX_KEYS, span_of(in->name), keys), &entry, e);

	if (got <= 0)
		return got;
	ret->found = true;
	extra = entry.extra;
	copy_part(&extra, ret->batchid, sizeof ret->batchid);
	copy_part(&extra, ret->state, sizeof ret->state);
	copy_part(&extra, ret->digest, sizeof ret->digest);
	return 0;
}

/* A held batch whose keys come again is returned: nothing of it was sent, and the new one takes its place. */
static int supersede(struct intake *in, const struct before *b, struct span by, struct err *e)
{
	struct buf record = BUF_INIT;
	struct arena a = ARENA_INIT;
	struct claim old;
	struct err why;
	int ret = claim_find(in->flow.bus, in->flow.owner, span_of(b->batchid), &record, &a, &old, e);

	if (ret == 1) {
		err_set(&why, E_BATCH_SUPERSEDED, "by=%.*s", SPAN_F(by));
		old.state = SPAN("returned");
		old.nreasons = 0;
		claim_reason(&old, &a, &why);
		ret = append_claim(in, &old, e);
		if (ret == 0)
			ret = count_batch(in, old.totals, TOTAL_HELD, -1, e);
		if (ret == 0)
			ret = count_batch(in, old.totals, TOTAL_RETURNED, 1, e);
		totals_free(old.totals);
		delete_after(in, old.taken);
		in->held -= in->held > 0;
		attend(in, false, false);
	}
	arena_done(&a);
	buf_done(&record);
	return ret < 0 ? -1 : 0;
}

static void reason(struct claim *c, struct arena *a, enum err_id id, const char *name, const char *value)
{
	struct err why;

	err_set(&why, id, "%s=%s", name, value);
	claim_reason(c, a, &why);
}

static void reason_count(struct claim *c, struct arena *a, enum err_id id, uint64_t count)
{
	char n[24];

	snprintf(n, sizeof n, "%" PRIu64, count);
	reason(c, a, id, "count", n);
}

/* State and reasons from what the pass found; the order is that of weight. */
static void decide(struct intake *in, struct claiming *g, const struct before *b, struct claim *c, struct arena *a)
{
	const struct reader_proof *proof = reader_proof(g->prover);
	bool whole = in->setup.form->release == RELEASE_BATCH;
	bool same = b->found && span_is(c->digest, b->digest);

	if (g->unreadable.id || !proof->records) {
		c->state = SPAN("unreadable");
		if (g->unreadable.id)
			claim_reason(c, a, &g->unreadable);
		else
			reason(c, a, E_BATCH_EMPTY, "file", "");
	} else if (same && strcmp(b->state, "returned") != 0) {
		c->state = SPAN("duplicate");
		reason(c, a, E_BATCH_DUPLICATE, "before", b->batchid);
	} else if (b->found && strcmp(b->state, "held") != 0 && strcmp(b->state, "returned") != 0) {
		struct err why;

		c->state = SPAN("conflict");
		err_set(&why, E_BATCH_CONFLICT, "before=%s\nkeys=%.*s", b->batchid, SPAN_F(c->keys));
		claim_reason(c, a, &why);
	} else if (whole && g->duplicates == proof->records && !g->conflicts) {
		c->state = SPAN("duplicate");
		reason_count(c, a, E_BATCH_DUPLICATE_LINE, g->duplicates);
	} else if (g->known == proof->records) {
		c->state = SPAN("known");
	} else {
		bool mixed = whole && g->known;
		bool too_many = whole && in->setup.form->content && proof->events > BATCH_MAX;

		if (proof->verdict == PROOF_HELD)
			claim_reason(c, a, &proof->why);
		if (proof->suspect.id)
			claim_reason(c, a, &proof->suspect);
		if (g->conflicts)
			reason_count(c, a, E_BATCH_CONFLICT_LINE, g->conflicts);
		if (g->duplicates)
			reason_count(c, a, E_BATCH_DUPLICATE_LINE, g->duplicates);
		if (mixed)
			reason_count(c, a, E_BATCH_MIXED_START, g->known);
		if (too_many)
			reason(c, a, E_BATCH_TOO_MANY, "max", "1000000");
		c->state = proof->verdict == PROOF_HELD || g->conflicts || g->duplicates || mixed || too_many
				   ? SPAN("held")
				   : SPAN("publishing");
		for (unsigned i = 0; i < proof->nproblems; i++)
			claim_reason(c, a, &proof->problems[i]);
	}
}

static enum total_term term_of(struct span state)
{
	return span_is(state, "held")	     ? TOTAL_HELD
	       : span_is(state, "duplicate") ? TOTAL_DUPLICATE
	       : span_is(state, "conflict")  ? TOTAL_CONFLICT
	       : span_is(state, "known")     ? TOTAL_KNOWN
					     : TOTAL_DEAD;
}

static int file_dead(struct intake *in, const struct claim *c, const char *kind, struct err *e)
{
	struct dead_letter d = {.flow = span_of(in->name), .batchid = c->batchid, .kind = span_of(kind),
		.code = c->reasons[0].code, .args = c->reasons[0].args, .place = c->name, .file = c->taken};

	buf_clear(&in->event);
	dead_write(&in->event, &d, c->time_ms);
	return flow_append(&in->flow, in->dead, 0, c->batchid, &in->event, e);
}

static int save_position(struct intake *in, struct err *e);
static int publish_begin(struct intake *in, struct span batchid, const json_t *saved, struct err *e);

/* Keeps the form that the batch is read with, by digest, so that it also ends with it. */
static int keep_form(struct intake *in, struct err *e)
{
	struct buf name = BUF_INIT;
	int dir = -1, ret = 0;

	hash_hex(&name, in->setup.form->digest, HASH_SHA256);
	buf_str(&name, ".yaml");
	if (fsys_make_path(in->forms, e) != 0 || fsys_open_dir(AT_FDCWD, in->forms, &dir, e) != 0)
		ret = -1;
	else if (!fsys_exists(dir, buf_text(&name)))
		ret = fsys_put(dir, buf_text(&name), conf_source(in->setup.form->conf), e);
	if (dir >= 0)
		close(dir);
	buf_done(&name);
	return ret;
}

static void name_batch(struct intake *in, const struct claim *c, const char *taken, struct buf *ret)
{
	struct span keys = utf8_cut(c->keys, KEYS_SHOWN);
	const char *name = drop_name(taken);
	struct span ours = name > taken ? (struct span){taken, (size_t)(name - taken) - 1} : utf8_cut(span_of(taken), KEYS_SHOWN);

	buf_printf(ret, "%s:%.*s", in->name, SPAN_F(keys));
	if (keys.n < c->keys.n)
		buf_printf(ret, "%08" PRIx32, hash_crc32c(0, c->keys.p, c->keys.n));
	buf_printf(ret, ":%.12s", c->digest.p);
	/* What is no batch of its own must not take the place of the one that is. One that a person put into .taken may have no
	 * number of ours in front. */
	if (!span_is(c->state, "publishing") && !span_is(c->state, "held"))
		buf_printf(ret, "~%.*s", SPAN_F(ours));
}

static int record_claim(struct intake *in, struct claim *c, const struct before *b, struct err *e)
{
	bool publish = span_is(c->state, "publishing");

	if (b->found && strcmp(b->state, "held") == 0 && !span_is(c->state, "duplicate") &&
		!span_is(c->state, "unreadable") && supersede(in, b, c->batchid, e) != 0)
		return -1;
	if (append_claim(in, c, e) != 0 || count_skipped(in, c, e) != 0)
		return -1;
	if (span_is(c->state, "unreadable") && file_dead(in, c, "dead", e) != 0)
		return -1;
	if (span_is(c->state, "conflict") && file_dead(in, c, "conflict", e) != 0)
		return -1;
	if (publish)
		return 0;
	attend(in, span_is(c->state, "held"), !span_is(c->state, "held") && !span_is(c->state, "known"));
	/* What stood before the place where a file became unreadable are no records of ours: it has none. */
	if (span_is(c->state, "unreadable"))
		return 0;
	if (count_batch(in, c->totals, TOTAL_READ, 1, e) != 0)
		return -1;
	return count_batch(in, c->totals, term_of(c->state), 1, e);
}

static void note_state(struct intake *in, const struct claim *c)
{
	char *name = mem_text(c->name), quoted[300];

	buf_clear(&in->said);
	buf_printf(&in->said, "batch=%.*s state=%.*s records=%" PRIu64 " file=%s", SPAN_F(c->batchid), SPAN_F(c->state),
		c->records, log_quoted(name, quoted, sizeof quoted));
	free(name);
}

static int claim_finish(struct intake *in, enum flow_turn *ret, struct err *e)
{
	struct claiming *g = in->claiming;
	const struct reader_proof *proof = reader_proof(g->prover);
	struct claim c = {.adapter = span_of(in->name), .taken = span_of(g->taken), .name = span_of(drop_name(g->taken)),
		.form = span_of(in->setup.form->name), .time_ms = clock_now_ms(), .records = proof->records,
		.events = proof->events, .dead = proof->dead, .skipped = proof->skipped, .has_count = proof->has_count,
		.has_sum = proof->has_sum, .count = proof->count, .sum = proof->sum, .totals = proof->totals};
	static const char *const verdicts[] = {"ok", "held", "no_control"};
	struct buf digest = BUF_INIT, keys = BUF_INIT, form = BUF_INIT, batchid = BUF_INIT;
	struct arena a = ARENA_INIT;
	struct slots slots;
	struct before before = {0};
	uint8_t raw[HASH_SHA256];
	int failed = -1;

	slots_init(&slots, names_count(in->setup.form->names));
	if (drop_copy_finish(g->copy, e) != 0 || keep_form(in, e) != 0)
		goto out;
	c.size = drop_copy_size(g->copy);
	c.crcs = buf_as_span(drop_copy_crcs(g->copy));
	drop_copy_digest(g->copy, raw);
	hash_hex(&digest, raw, sizeof raw);
	c.digest = buf_as_span(&digest);
	hash_hex(&form, in->setup.form->digest, HASH_SHA256);
	c.form_digest = buf_as_span(&form);
	pattern_match(in->setup.form->file, c.name, &a, &slots);
	pattern_keys(in->setup.form->file, &slots, &keys);
	if (!keys.n)
		buf_printf(&keys, "sha256:%.*s", SPAN_F(c.digest));
	c.keys = buf_as_span(&keys);
	c.verdict = span_of(verdicts[proof->verdict]);
	if (look_up_keys(in, c.keys, &before, e) != 0)
		goto out;
	decide(in, g, &before, &c, &a);
	name_batch(in, &c, g->taken, &batchid);
	c.batchid = buf_as_span(&batchid);
	if (record_claim(in, &c, &before, e) != 0)
		goto out;
	*ret = FLOW_COMMIT;
	failed = 0;
	note_state(in, &c);
	if (span_is(c.state, "publishing")) {
		in->publishing = mem_new(sizeof *in->publishing);
		buf_span(&in->publishing->record, c.batchid);      /* loaded from its record after the commit */
	} else if (!span_is(c.state, "held")) {
		delete_after(in, c.taken);
	}
	claiming_free(g);
	in->claiming = NULL;
	failed = save_position(in, e);
out:
	slots_done(&slots);
	arena_done(&a);
	buf_done(&digest);
	buf_done(&keys);
	buf_done(&form);
	buf_done(&batchid);
	return failed;
}

/* ---- publishing ---- */

static void publishing_free(struct publishing *p)
{
	if (!p)
		return;
	reader_close(p->reader);
	drop_spool_close(p->spool);
	form_free(p->form);
	totals_free(p->claim.totals);
	arena_done(&p->arena);
	buf_done(&p->record);
	buf_done(&p->time);
	free(p);
}

/* The form that the claim names: ours, or the kept one when ours has changed since. */
static int form_of_claim(struct intake *in, struct publishing *p, const struct form **ret, struct err *e)
{
	struct buf path = BUF_INIT, ours = BUF_INIT;
	struct findings f;
	int failed = 0;

	hash_hex(&ours, in->setup.form->digest, HASH_SHA256);
	*ret = in->setup.form;
	if (!span_eq(buf_as_span(&ours), p->claim.form_digest)) {
		findings_init(&f);
		buf_printf(&path, "%s/%.*s.yaml", in->forms, SPAN_F(p->claim.form_digest));
		p->form = form_load(in->setup.library, buf_text(&path), &f);
		*ret = p->form;
		if (!p->form)
			failed = err_set(e, E_FORM_STATE, "file=%.*s", SPAN_F(p->claim.name));
		findings_done(&f);
	}
	buf_done(&ours);
	buf_done(&path);
	return failed;
}

static int publish_begin(struct intake *in, struct span batchid, const json_t *saved, struct err *e)
{
	struct publishing *p = mem_new(sizeof *p);
	struct reader_setup setup = {.library = in->setup.library, .saved = json_object_get(saved, "reader")};
	const json_t *counts = json_object_get(saved, "published"), *n;
	size_t i;
	int got;

	in->publishing = p;
	got = claim_find(in->flow.bus, in->flow.owner, batchid, &p->record, &p->arena, &p->claim, e);
	if (got != 1)
		return got < 0 ? -1 : err_set(e, E_CLAIM_RECORD, "id=%.*s", SPAN_F(batchid));
	json_array_foreach(counts, i, n)
		if (i < PARTITIONS_MAX)
			p->published[i] = (uint64_t)json_integer_value(n);
	p->failed = (uint64_t)json_integer_value(json_object_get(saved, "failed"));
	clock_write(&p->time, p->claim.time_ms);
	if (form_of_claim(in, p, &setup.form, e) != 0 ||
		drop_spool_open(in->drop, arena_text(&p->arena, p->claim.taken), p->claim.crcs, p->claim.size,
			(uint64_t)json_integer_value(json_object_get(setup.saved, "offset")), &p->spool, e) != 0)
		return -1;
	setup.input = drop_spool_input(p->spool);
	setup.shown = arena_text(&p->arena, p->claim.name);
	setup.name = p->claim.name;
	setup.digest = p->claim.digest;
	return reader_open(&setup, &p->reader, e);
}

static int dead_record(struct intake *in, const struct reading *g, const struct err *why, const char *kind,
	struct err *e)
{
	struct publishing *p = in->publishing;
	struct dead_letter d = {.flow = span_of(in->name), .batchid = p->claim.batchid, .id = g->id,
		.kind = span_of(kind), .code = span_of(err_code(why->id)->name), .args = span_of(why->args),
		.place = span_of(why->where), .file = p->claim.taken, .line = g->line, .record = g->number,
		.offset = g->offset, .raw = g->raw, .has_amount = g->readable, .amount_fen = g->fen,
		.currency = g->currency};

	attend(in, false, true);
	buf_clear(&in->event);
	dead_write(&in->event, &d, p->claim.time_ms);
	return flow_append(&in->flow, in->dead, 0, p->claim.batchid, &in->event, e);
}

static int append_event(struct intake *in, struct event *v, struct err *e)
{
	struct publishing *p = in->publishing;
	struct span key = v->partitionkey.n ? v->partitionkey : span_of(in->name);
	unsigned partition = hash_partition(key, bus_partitions(in->flow.bus, in->topic));

	v->source = span_of(in->source);
	v->time = buf_as_span(&p->time);
	v->partitionkey = key;
	v->batchid = p->claim.batchid;
	buf_clear(&in->event);
	event_begin(&in->event, v);
	reader_data(p->reader, &in->event);
	if (flow_append(&in->flow, in->topic, partition, key, &in->event, e) != 0)
		return -1;
	p->published[partition]++;
	return 0;
}

static int count_record(struct intake *in, const struct reading *g, enum total_term term, struct err *e)
{
	if (totals_add(in->totals, TOTAL_READ, "", g->currency, g->fen, g->readable, e) != 0)
		return -1;
	return totals_add(in->totals, term, "", g->currency, g->fen, g->readable, e);
}

/* One record ends as exactly one of: published, dead, duplicate, conflict, known. */
static int publish_record(struct intake *in, const struct reading *g, struct err *e)
{
	struct publishing *p = in->publishing;
	struct event v = {0};
	enum id_verdict verdict;
	struct err why;

	if (g->bad.id) {
		p->failed++;
		return dead_record(in, g, &g->bad, "dead", e) != 0 ? -1 : count_record(in, g, TOTAL_DEAD, e);
	}
	reader_attributes(p->reader, g, &v);
	if (is_known(in, v.businessdate)) {
		p->failed++;
		return count_record(in, g, TOTAL_KNOWN, e);
	}
	if (look_up_id(in, g, &verdict, e) != 0)
		return -1;
	if (verdict == ID_DUPLICATE) {
		p->failed++;
		attend(in, false, true);
		return count_record(in, g, TOTAL_DUPLICATE, e);
	}
	if (verdict == ID_CONFLICT) {
		p->failed++;
		err_set(&why, E_RECORD_CONFLICT, "id=%.*s", SPAN_F(g->id));
		err_at(&why, "%.*s:%" PRIu64, SPAN_F(p->claim.name), g->line);
		return dead_record(in, g, &why, "conflict", e) != 0 ? -1 : count_record(in, g, TOTAL_CONFLICT, e);
	}
	if (append_event(in, &v, e) != 0) {
		if (err_kind(e) != ERR_DATA)
			return -1;
		why = *e;
		p->failed++;
		return dead_record(in, g, &why, "dead", e) != 0 ? -1 : count_record(in, g, TOTAL_DEAD, e);
	}
	return count_record(in, g, TOTAL_PUBLISHED, e);
}

/* The batch's own partition is that of its id; its closing is the last and says which others there are. */
static int close_batch(struct intake *in, struct err *e)
{
	struct publishing *p = in->publishing;
	unsigned n = bus_partitions(in->flow.bus, in->topic), own = hash_partition(p->claim.batchid, n);
	struct event attributes = {.source = span_of(in->source), .time = buf_as_span(&p->time)};
	const struct form *form = p->form ? p->form : in->setup.form;    /* a batch ends with the form that it began with */
	struct batch_closing c = {.batchid = p->claim.batchid, .adapter = span_of(in->name), .type = span_of(form->type),
		.whole = form->release == RELEASE_BATCH};

	for (unsigned i = 0; i < n; i++)
		if (p->published[i] || i == own) {
			c.partitions[c.npartitions++] = i;
			c.all += p->published[i];
		}
	for (unsigned k = 0; k <= n; k++) {
		unsigned i = k < n ? k : own;

		if (k < n && (i == own || !p->published[i]))
			continue;
		c.last = i == own;
		c.partition = i;
		c.published = p->published[i];
		c.failed = c.last ? p->failed : 0;
		buf_clear(&in->event);
		batch_closing_write(&in->event, &c, &attributes);
		if (flow_append(&in->flow, in->topic, i, p->claim.batchid, &in->event, e) != 0)
			return -1;
	}
	return 0;
}

static int publish_end(struct intake *in, struct err *e)
{
	struct publishing *p = in->publishing;

	if (close_batch(in, e) != 0 || (p->claim.state = SPAN("published"), append_claim(in, &p->claim, e)) != 0)
		return -1;
	note_state(in, &p->claim);
	delete_after(in, p->claim.taken);
	publishing_free(p);
	in->publishing = NULL;
	return 0;
}

static int publish_slice(struct intake *in, struct err *e)
{
	struct publishing *p = in->publishing;
	struct reading g = {0};

	if (!p->reader) {
		struct buf batchid = p->record;
		int ret;

		p->record = BUF_INIT;
		publishing_free(p);
		in->publishing = NULL;
		ret = publish_begin(in, buf_as_span(&batchid), NULL, e);
		buf_done(&batchid);
		if (ret != 0)
			return -1;
		p = in->publishing;
	}
	while (!flow_step_full(&in->flow)) {
		if (reader_next(p->reader, &g, e) != 0)
			return -1;
		if (g.kind == READ_END)
			break;
		if (g.kind == READ_RECORD && publish_record(in, &g, e) != 0)
			return -1;
	}
	if (g.kind == READ_END && publish_end(in, e) != 0)
		return -1;
	return save_position(in, e);
}

/* ---- position ---- */

static int save_position(struct intake *in, struct err *e)
{
	struct buf *b = &in->position;
	const struct publishing *p = in->publishing;

	buf_clear(b);
	buf_str(b, "{\"totals\":");
	totals_write(in->totals, b);
	if (p) {
		buf_str(b, ",\"batch\":");
		json_quote(b, p->reader ? p->claim.batchid : buf_as_span(&p->record));
		buf_printf(b, ",\"failed\":%" PRIu64 ",\"published\":[", p->failed);
		for (unsigned i = 0; i < bus_partitions(in->flow.bus, in->topic); i++)
			buf_printf(b, "%s%" PRIu64, i ? "," : "", p->published[i]);
		buf_c(b, ']');
		if (p->reader) {
			buf_str(b, ",\"reader\":");
			reader_save(p->reader, b);
		}
	}
	buf_c(b, '}');
	return flow_position_put(&in->flow, "in", buf_as_span(b), e);
}

static int restore_position(struct intake *in, struct err *e)
{
	json_t *o = NULL;
	const char *batchid;
	int got, ret = 0;

	buf_clear(&in->position);
	got = flow_position_get(&in->flow, "in", &in->position, e);
	if (got <= 0)
		return got;
	o = json_loadb(in->position.p, in->position.n, 0, NULL);
	if (!o)
		return err_set(e, E_FLOW_POSITION, "name=%s/in", in->name);
	batchid = json_string_value(json_object_get(o, "batch"));
	if (totals_read(in->totals, json_object_get(o, "totals"), e) != 0 ||
		(batchid && publish_begin(in, span_of(batchid), o, e) != 0))
		ret = -1;
	json_decref(o);
	return ret;
}

/* ---- the flow ---- */

/* 1 when the taken name has a claim record; *ret_state is its state, or "". */
static int claimed(struct intake *in, const char *taken, char ret_state[24], struct err *e)
{
	char key[INDEX_KEY_MAX], batchid[INDEX_KEY_MAX];
	struct bus_entry entry;
	int got = bus_look(in->flow.bus, in->flow.owner, INDEX_CLAIMS,
		index_key(key, INDEX_TAKEN, span_of(in->name), span_of(taken)), &entry, e);

	ret_state[0] = 0;
	if (got <= 0)
		return got;
	snprintf(batchid, sizeof batchid, "%.*s", SPAN_F(entry.extra));
	got = bus_look(in->flow.bus, in->flow.owner, INDEX_CLAIMS,
		index_key(key, INDEX_BATCH, span_of(batchid), SPAN_NONE), &entry, e);
	if (got == 1)
		snprintf(ret_state, 24, "%.*s", SPAN_F(entry.extra));
	return got < 0 ? -1 : 1;
}

static bool ended(const char *state)
{
	return state[0] && strcmp(state, "held") != 0 && strcmp(state, "publishing") != 0;
}

static void wait_for(struct intake *in, const char *taken, int64_t not_before)
{
	in->waiting = mem_grow(in->waiting, in->nwaiting + 1u, sizeof *in->waiting);
	in->waiting[in->nwaiting++] = (struct waiting){mem_text(span_of(taken)), not_before};
	attend(in, false, false);
}

/* One name in .taken: nobody has claimed it, or it waits for a person, or its time is past. */
static int look_at_taken(struct intake *in, const char *taken, int64_t keep_since, struct err *e)
{
	char state[24];
	int got = claimed(in, taken, state, e);

	if (got < 0)
		return -1;
	if (got == 0)
		wait_for(in, taken, 0);
	attend(in, strcmp(state, "held") == 0, strcmp(state, "conflict") == 0 || strcmp(state, "unreadable") == 0);
	if (in->setup.keep_days && ended(state) && drop_taken_time(in->drop, taken) < keep_since)
		drop_forget(in->drop, taken);
	return 0;
}

static int find_waiting(struct intake *in, struct err *e)
{
	int64_t keep_since = clock_now_ms() - (int64_t)in->setup.keep_days * 86400000;
	char **names;
	int ret = 0;

	if (drop_taken(in->drop, &names, e) != 0)
		return -1;
	for (unsigned i = 0; names[i] && ret == 0; i++)
		ret = look_at_taken(in, names[i], keep_since, e);
	fsys_list_free(names);
	return ret;
}

/* Spool files of batches that have ended, or that never came to a claim: an earlier life died before deleting them. */
static int sweep_spool(struct intake *in, struct err *e)
{
	char **names;
	int ret = 0;

	if (drop_spool_list(in->drop, &names, e) != 0)
		return -1;
	for (unsigned i = 0; names[i] && ret == 0; i++) {
		char state[24];
		int got = claimed(in, names[i], state, e);

		if (got < 0 || ((got == 0 || ended(state)) && drop_spool_delete(in->drop, names[i], e) != 0))
			ret = -1;
	}
	fsys_list_free(names);
	return ret;
}

static int intake_open(struct flow *f, struct err *e)
{
	struct intake *in = (struct intake *)f;

	in->totals = totals_new();
	in->counter = 0;
	in->held = 0;
	if (drop_open(in->folder, in->spool, in->setup.form, &in->drop, e) != 0)
		return -1;
	if (restore_position(in, e) != 0 || find_waiting(in, e) != 0)
		return -1;
	return sweep_spool(in, e);
}

static void report_refused(void *arg, const struct err *why)
{
	struct intake *in = arg;

	attend(in, false, true);
	log_err(LOG_WARN, "intake.refused", why, "flow=%s", in->name);
}

/* The first of those in .taken whose time has come, taken off the list; NULL. To be freed. */
static char *next_waiting(struct intake *in)
{
	int64_t now = clock_steady_ms();

	for (unsigned i = 0; i < in->nwaiting; i++)
		if (in->waiting[i].not_before <= now) {
			char *taken = in->waiting[i].taken;

			memmove(&in->waiting[i], &in->waiting[i + 1], (--in->nwaiting - i) * sizeof *in->waiting);
			attend(in, false, false);
			return taken;
		}
	return NULL;
}

/* 1 and a file is being claimed, 0 there is none. */
static int next_file(struct intake *in, struct err *e)
{
	char *waiting = next_waiting(in), taken[256];
	const char *name;
	int got;

	if (waiting) {
		got = claim_begin(in, waiting, e);
		free(waiting);
		return got == 0 ? 1 : -1;
	}
	got = drop_find(in->drop, &name, report_refused, in, e);
	if (got <= 0)
		return got;
	got = drop_take(in->drop, name, bus_generation(in->flow.owner), in->counter, taken, e);
	if (got != 0)
		return got < 0 ? -1 : 0;
	in->counter++;
	return claim_begin(in, taken, e) == 0 ? 1 : -1;
}

/* A file that is still being written is no reason to let others wait: its copy is thrown away, it comes again later. */
static int put_back(struct intake *in, const struct err *why)
{
	log_err(LOG_INFO, "intake.growing", why, "flow=%s", in->name);
	wait_for(in, in->claiming->taken, clock_steady_ms() + GROWING_MS);
	claiming_free(in->claiming);
	in->claiming = NULL;
	return 0;
}

static int intake_step(struct flow *f, enum flow_turn *ret, struct err *e)
{
	struct intake *in = (struct intake *)f;
	int got;

	if (in->publishing) {
		*ret = FLOW_COMMIT;
		return publish_slice(in, e);
	}
	if (!in->claiming) {
		got = next_file(in, e);
		*ret = FLOW_IDLE;
		if (got <= 0)
			return got;
	}
	*ret = FLOW_BUSY;
	got = claim_slice(in, e);
	if (got == 0)
		got = claim_finish(in, ret, e);
	if (got < 0 && e->id == E_DROP_GROWING)
		return put_back(in, e);
	return got < 0 ? -1 : 0;
}

static void forget_deletes(struct intake *in)
{
	for (unsigned i = 0; i < 2; i++) {
		free(in->delete_spool[i]);
		in->delete_spool[i] = NULL;
	}
}

static int intake_effect(struct flow *f, struct err *e)
{
	struct intake *in = (struct intake *)f;
	int ret = 0;

	for (unsigned i = 0; i < 2 && ret == 0; i++)
		if (in->delete_spool[i])
			ret = drop_spool_delete(in->drop, in->delete_spool[i], e);
	forget_deletes(in);
	if (in->said.n)
		log_line(LOG_INFO, "intake.batch", "flow=%s %s", in->name, buf_text(&in->said));
	buf_clear(&in->said);
	return ret;
}

static void intake_close(struct flow *f)
{
	struct intake *in = (struct intake *)f;

	claiming_free(in->claiming);
	in->claiming = NULL;
	publishing_free(in->publishing);
	in->publishing = NULL;
	buf_clear(&in->said);
	for (unsigned i = 0; i < in->nwaiting; i++)
		free(in->waiting[i].taken);
	free(in->waiting);
	in->waiting = NULL;
	in->nwaiting = 0;
	forget_deletes(in);
	drop_close(in->drop);
	in->drop = NULL;
	totals_free(in->totals);
	in->totals = NULL;
}

static void intake_free(struct flow *f)
{
	struct intake *in = (struct intake *)f;

	buf_done(&in->event);
	buf_done(&in->position);
	buf_done(&in->said);
	free(in->name);
	free(in->folder);
	free(in->spool);
	free(in->forms);
	free(in->start);
	free(in->source);
	free(in);
}

static const struct flow_kind intake_kind = {
	.name = "adapter",
	.poll_ms = 500,
	.open = intake_open,
	.step = intake_step,
	.effect = intake_effect,
	.close = intake_close,
	.free = intake_free,
};

struct flow *intake_new(const struct intake_setup *s, struct err *e)
{
	struct intake *in = mem_new(sizeof *in);
	struct buf source = BUF_INIT;

	in->flow.kind = &intake_kind;
	in->flow.bus = s->bus;
	snprintf(in->flow.name, sizeof in->flow.name, "%s", s->name);
	in->setup = *s;
	in->name = mem_text(span_of(s->name));
	in->folder = mem_text(span_of(s->folder));
	in->spool = mem_text(span_of(s->spool));
	/* A folder of its own: adapters of one form may keep it at the same moment. */
	buf_printf(&source, "%s/%s", s->forms, s->name);
	in->forms = mem_text(buf_as_span(&source));
	buf_clear(&source);
	in->start = mem_text(s->start);
	in->setup.start = span_of(in->start);
	buf_printf(&source, "/%s/%s", s->library->site_name, s->name);
	in->source = mem_text(buf_as_span(&source));
	buf_done(&source);
	if (bus_topic(s->bus, topics_of_type(span_of(s->form->type)), &in->topic, e) != 0 ||
		bus_topic(s->bus, TOPIC_CLAIMS, &in->claims, e) != 0 || bus_topic(s->bus, TOPIC_DEAD, &in->dead, e) != 0) {
		intake_free(&in->flow);
		return NULL;
	}
	in->flow.outputs[0] = in->topic;
	in->flow.outputs[1] = in->claims;
	in->flow.outputs[2] = in->dead;
	in->flow.noutputs = 3;
	return &in->flow;
}
