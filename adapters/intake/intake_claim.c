/* SPDX-License-Identifier: Apache-2.0 */
#include "intake_parts.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "dead.h"
#include "fsys.h"
#include "index.h"
#include "kept.h"
#include "utf8.h"

#define SLICE_BYTES (32u << 20)      /* of a file read in one turn while claiming */
#define BATCH_MAX 1000000u           /* records of a batch that is released whole: ids seen are kept while it is judged */
#define KEYS_SHOWN 80                /* bytes of the keys that stand in a batch id */

/* ---- ids of one batch ---- */

static bool add_id(struct u64set *s, struct span id)
{
	uint8_t digest[HASH_SHA256];
	uint64_t h;

	hash_sha256(id.p, id.n, digest);
	memcpy(&h, digest, sizeof h);
	return u64set_add(s, h ? h : 1);
}

/* ---- claiming: one pass that copies, digests and judges ---- */

void intake_claiming_free(struct claiming *c)
{
	if (!c)
		return;
	intake_reread_free(c->again);
	reader_close(c->reader);
	reader_prover_free(c->prover);
	drop_copy_close(c->copy);
	u64set_done(&c->ids);
	intake_suspects_free(&c->suspects);
	free(c);
}

int intake_claim_begin(struct intake *in, const char *taken, struct reread *again, struct err *e)
{
	struct claiming *c = mem_new(sizeof *c);
	struct reader_setup setup = {.form = in->setup.form, .library = in->setup.library};

	snprintf(c->taken, sizeof c->taken, "%s", taken);
	c->again = again;
	if (in->pays)
		pays_clear(in->pays);
	buf_clear(&in->former);
	in->claiming = c;
	if (drop_copy_open(in->drop, taken, &c->copy, e) != 0)
		return -1;
	setup.input = drop_copy_input(c->copy);
	setup.shown = drop_name(c->taken);
	setup.name = span_of(setup.shown);
	setup.overlays = again ? &again->claim.overlays : NULL;
	c->prover = reader_prover_new(in->setup.form, setup.shown);
	if (reader_open(&setup, &c->reader, &c->unreadable) != 0 && err_kind(&c->unreadable) != ERR_DATA) {
		*e = c->unreadable;
		return -1;
	}
	return 0;
}

/* What only a batch that is released whole needs to know before its first record goes out: *ret_new, this goes out too. */
static int judge_id(struct intake *in, struct claiming *c, const struct reading_event *x, bool *ret_new, struct err *e)
{
	enum id_verdict verdict;
	bool twice;

	if (in->setup.form->release != RELEASE_BATCH || !x->fingerprint.n)
		return 0;
	if (intake_look_up_id(in, x, &verdict, e) != 0)
		return -1;
	twice = verdict == ID_DUPLICATE || (c->ids.n < BATCH_MAX && !add_id(&c->ids, x->id));
	c->conflicts += verdict == ID_CONFLICT;
	c->duplicates += twice;
	*ret_new = verdict == ID_NEW && !twice;
	return 0;
}

static int judge_event(struct intake *in, struct claiming *c, uint64_t line, const struct reading_event *x, struct err *e)
{
	struct event attributes = {0};
	bool known, is_new = true;

	reader_attributes(c->reader, x, &attributes);
	known = intake_is_known(in, attributes.businessdate);
	c->known += known;
	if (judge_id(in, c, x, &is_new, e) != 0)
		return -1;
	return known || !is_new ? 0 : intake_judge_pay(in, c, line, x, &attributes, e);
}

static int judge_record(struct intake *in, struct claiming *c, const struct reading *g, struct err *e)
{
	for (unsigned i = 0; i < g->nevents && !g->bad.id; i++)
		if (judge_event(in, c, g->line, &g->events[i], e) != 0)
			return -1;
	return 0;
}

static void stop_reading(struct claiming *c)
{
	reader_close(c->reader);
	c->reader = NULL;
}

int intake_claim_slice(struct intake *in, struct err *e)
{
	struct claiming *c = in->claiming;
	uint64_t from = c->reader ? reader_offset(c->reader) : 0;
	struct reading g;

	while (c->reader) {
		if (reader_next(c->reader, &g, e) != 0 || reader_prove(c->prover, c->reader, &g, e) != 0) {
			if (err_kind(e) != ERR_DATA)
				return -1;
			c->unreadable = *e;
			stop_reading(c);
			break;
		}
		/* Something may lie behind a document's end: it is copied as well. */
		if (g.kind == READ_END) {
			c->no_line = reader_overlays_left(c->reader);
			stop_reading(c);
			break;
		}
		if (g.kind == READ_RECORD && judge_record(in, c, &g, e) != 0)
			return -1;
		if (reader_offset(c->reader) - from >= SLICE_BYTES)
			return 1;
	}
	return drop_copy_rest(c->copy, SLICE_BYTES, e);
}

struct move {
	struct journal *to;
	struct span batchid;
	enum total_term term;
	int sign;
	struct err *e;
	int failed;
};

static void move_line(void *arg, const struct total_line *line)
{
	struct move *m = arg;

	if (line->term == TOTAL_READ)
		m->failed |= journal_move(m->to, m->batchid, m->term, "", span_of(line->currency), &line->sum, m->sign, m->e);
}

int intake_count_batch(struct intake *in, struct span batchid, const struct totals *batch, enum total_term term,
	int sign, struct err *e)
{
	struct move m = {in->journal, batchid, term, sign, e, 0};

	totals_each(batch, move_line, &m);
	return m.failed ? -1 : 0;
}

/* The term that all of a batch in this state counts under; what is not published stands under one. */
static enum total_term term_of(struct span state)
{
	return span_is(state, "held")	     ? TOTAL_HELD
	       : span_is(state, "returned")  ? TOTAL_RETURNED
	       : span_is(state, "duplicate") ? TOTAL_DUPLICATE
	       : span_is(state, "conflict")  ? TOTAL_CONFLICT
	       : span_is(state, "known")     ? TOTAL_KNOWN
					     : TOTAL_DEAD;
}

int intake_count_claim(struct intake *in, const struct claim *c, struct span state, int sign, struct err *e)
{
	struct money_sum skipped = {.count = c->skipped};

	if (c->skipped && journal_move(in->journal, c->batchid, TOTAL_SKIPPED, "", SPAN(""), &skipped, sign, e) != 0)
		return -1;
	/* What stood before the place where a file became unreadable are no records of ours: it has none. What is published is
	 * counted record by record. */
	if (span_is(state, "unreadable") || span_is(state, "publishing"))
		return 0;
	if (intake_count_batch(in, c->batchid, c->totals, TOTAL_READ, sign, e) != 0)
		return -1;
	return intake_count_batch(in, c->batchid, c->totals, term_of(state), sign, e);
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
		bool held = span_is(old.state, "held");

		err_set(&why, E_BATCH_SUPERSEDED, "by=%.*s", SPAN_F(by));
		/* One that was to be read again is counted nowhere. */
		if (held)
			ret = intake_count_claim(in, &old, SPAN("held"), -1, e) != 0 ? -1 : 0;
		else
			intake_reread_done(in, old.batchid);
		in->held -= held && in->held > 0;
		old.state = SPAN("returned");
		old.was = SPAN("");
		old.nreasons = 0;
		claim_reason(&old, &a, &why);
		if (ret >= 0)
			ret = intake_append_claim(in, &old, e);
		if (ret == 0)
			ret = intake_count_claim(in, &old, old.state, 1, e);
		totals_free(old.totals);
		intake_delete_after(in, old.taken);
		intake_attend(in, false, false);
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

/* Is there an event that is known again by its content? */
static bool form_has_ids(const struct form *f)
{
	for (unsigned i = 0; i < f->nevents; i++)
		if (f->events[i].content)
			return true;
	return false;
}

/* State and reasons from what the pass found; the order is that of weight. */
static void decide(struct intake *in, struct claiming *g, const struct before *b, struct claim *c, struct arena *a)
{
	const struct reader_proof *proof = reader_proof(g->prover);
	bool whole = in->setup.form->release == RELEASE_BATCH;
	uint64_t all = proof->events + proof->dead;
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
	} else if (b->found && (g->again || strcmp(b->state, "held") != 0) && strcmp(b->state, "returned") != 0) {
		struct err why;

		c->state = SPAN("conflict");
		err_set(&why, E_BATCH_CONFLICT, "before=%s\nkeys=%.*s", b->batchid, SPAN_F(c->keys));
		claim_reason(c, a, &why);
	} else if (whole && g->duplicates == all && !g->conflicts) {
		c->state = SPAN("duplicate");
		reason_count(c, a, E_BATCH_DUPLICATE_LINE, g->duplicates);
	} else if (g->known == all) {
		c->state = SPAN("known");
	} else {
		bool mixed = whole && g->known;
		bool suspected;
		bool too_many = whole && form_has_ids(in->setup.form) && proof->events > BATCH_MAX;

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
		if (g->no_line)
			reason_count(c, a, E_REPAIR_NO_LINE, g->no_line);
		suspected = intake_suspects_claim(&g->suspects, c, a);
		c->state = proof->verdict == PROOF_HELD || g->conflicts || g->duplicates || mixed || too_many ||
				g->no_line || (whole && suspected)
			? SPAN("held")
			: SPAN("publishing");
		for (unsigned i = 0; i < proof->nproblems; i++)
			claim_reason(c, a, &proof->problems[i]);
	}
}

static int file_dead(struct intake *in, const struct claim *c, const char *kind, struct err *e)
{
	struct dead_letter d = {.flow = span_of(in->name), .batchid = c->batchid, .kind = span_of(kind),
		.code = c->reasons[0].code, .args = c->reasons[0].args, .place = c->name, .file = c->taken};

	buf_clear(&in->event);
	dead_write(&in->event, &d, c->time_ms);
	return flow_append(&in->flow, in->dead, 0, c->batchid, &in->event, e);
}

/* Keeps the form that the batch is read with and its tables, by digest, so that it also ends with them. */
static int keep_form(struct intake *in, struct err *e)
{
	const struct form *form = in->setup.form;
	struct buf name = BUF_INIT;
	int dir = -1, ret = 0;

	hash_hex(&name, in->setup.form->digest, HASH_SHA256);
	buf_str(&name, ".yaml");
	if (fsys_open_dir(AT_FDCWD, in->forms, &dir, e) != 0)
		ret = -1;
	else if (!fsys_exists(dir, buf_text(&name)))
		ret = fsys_put(dir, buf_text(&name), conf_source(in->setup.form->conf), e);
	for (unsigned i = 0; i < form->ntables && ret == 0; i++)
		ret = kept_table(in->kept, form->tables[i], e);
	if (dir >= 0)
		close(dir);
	buf_done(&name);
	return ret;
}

static int name_batch(struct intake *in, const struct claim *c, const char *taken, struct buf *ret, struct err *e)
{
	int twice;
	struct span keys = utf8_cut(c->keys, KEYS_SHOWN);
	const char *name = drop_name(taken);
	struct span ours = name > taken ? (struct span){taken, (size_t)(name - taken) - 1}
					: utf8_cut(span_of(taken), KEYS_SHOWN);

	buf_printf(ret, "%s:%.*s", in->name, SPAN_F(keys));
	if (keys.n < c->keys.n)
		buf_printf(ret, "%08" PRIx32, hash_crc32c(0, c->keys.p, c->keys.n));
	buf_printf(ret, ":%.12s", c->digest.p);
	twice = intake_was_returned(in, buf_as_span(ret), e);
	/* What is no batch of its own must not take the place of the one that is, and the same bytes again not that of a batch that
	 * was published and returned. One that a person put into .taken may have no number of ours in front. */
	if (twice > 0 || (!span_is(c->state, "publishing") && !span_is(c->state, "held")))
		buf_printf(ret, "~%.*s", SPAN_F(ours));
	return twice < 0 ? -1 : 0;
}

/* A letter about the whole file; when it was read again and is as before, there is one. */
static int letter_of_file(struct intake *in, const struct claim *c, const struct reread *again, struct err *e)
{
	if (again && span_eq(again->claim.was, c->state))
		return 0;
	if (again && intake_end_file_letter(in, c, again->claim.was, "retried", c->batchid, e) != 0)
		return -1;
	return span_is(c->state, "unreadable")	? file_dead(in, c, "dead", e)
	       : span_is(c->state, "conflict") ? file_dead(in, c, "conflict", e)
					       : 0;
}

static int record_claim(struct intake *in, struct claim *c, const struct before *b, const struct reread *again, struct err *e)
{
	if (b->found && !again && strcmp(b->state, "held") == 0 && !span_is(c->state, "duplicate") &&
		!span_is(c->state, "unreadable") && supersede(in, b, c->batchid, e) != 0)
		return -1;
	if (!again)
		journal_begun(in->journal, c->batchid);
	if (intake_append_claim(in, c, e) != 0 || letter_of_file(in, c, again, e) != 0 ||
		intake_count_claim(in, c, c->state, 1, e) != 0)
		return -1;
	if (!span_is(c->state, "publishing"))
		intake_attend(in, span_is(c->state, "held"), !span_is(c->state, "held") && !span_is(c->state, "known"));
	return 0;
}

/* The original must be the one that was claimed, and the batch is known by the same name as before. */
static int take_from_before(struct claim *c, const struct reread *again, struct before *b, struct buf *batchid, struct err *e)
{
	if (!span_eq(c->digest, again->claim.digest))
		return err_set(e, E_BATCH_ALTERED, "subject=%.*s", SPAN_F(again->claim.batchid));
	c->time_ms = again->claim.time_ms;
	c->overlays = again->claim.overlays;
	c->confirmed = again->claim.confirmed;
	b->found = b->found && !span_is(again->claim.batchid, b->batchid);
	buf_span(batchid, again->claim.batchid);
	return 0;
}

/* What was read is not what was claimed: of no use, and neither is our copy. */
static int throw_away(struct intake *in, enum flow_turn *ret, struct err *e)
{
	struct claiming *g = in->claiming;
	struct err why = *e;
	int failed = intake_reread_back(in, g->again, &why, e);

	intake_delete_after(in, span_of(g->taken));
	intake_claiming_free(g);
	in->claiming = NULL;
	*ret = FLOW_COMMIT;
	return failed;
}

/* The texts of a claim that is being made. */
struct describing {
	struct buf digest, keys, form, tables, batchid;
	struct arena arena;
	struct slots slots;
};

static void describing_done(struct describing *d)
{
	slots_done(&d->slots);
	arena_done(&d->arena);
	buf_done(&d->digest);
	buf_done(&d->keys);
	buf_done(&d->form);
	buf_done(&d->tables);
	buf_done(&d->batchid);
}

/* What the file is, and what was proved of it. */
static void describe(const struct intake *in, const struct claiming *g, struct describing *d, struct claim *ret)
{
	static const char *const verdicts[] = {"ok", "held", "no_control"};
	const struct reader_proof *proof = reader_proof(g->prover);
	const struct form *form = in->setup.form;
	uint8_t raw[HASH_SHA256];

	drop_copy_digest(g->copy, raw);
	hash_hex(&d->digest, raw, sizeof raw);
	hash_hex(&d->form, form->digest, HASH_SHA256);
	form_tables_text(form, &d->tables);
	pattern_match(form->file, span_of(drop_name(g->taken)), &d->arena, &d->slots);
	pattern_keys(form->file, &d->slots, &d->keys);
	if (!d->keys.n)
		buf_printf(&d->keys, "sha256:%.*s", SPAN_F(buf_as_span(&d->digest)));
	*ret = (struct claim){.adapter = span_of(in->name), .taken = span_of(g->taken), .name = span_of(drop_name(g->taken)),
		.form = span_of(form->name), .time_ms = clock_now_ms(), .records = proof->records, .events = proof->events,
		.dead = proof->dead, .skipped = proof->skipped, .has_count = proof->has_count, .has_sum = proof->has_sum,
		.count = proof->count, .sum = proof->sum, .totals = proof->totals, .size = drop_copy_size(g->copy),
		.digests = buf_as_span(drop_copy_digests(g->copy)), .digest = buf_as_span(&d->digest),
		.form_digest = buf_as_span(&d->form), .tables = buf_as_span(&d->tables), .keys = buf_as_span(&d->keys),
		.verdict = span_of(verdicts[proof->verdict])};
}

/* It is staged: what comes next of it. */
static int go_on_with(struct intake *in, const struct claim *c, struct err *e)
{
	intake_note_state(in, c);
	if (span_is(c->state, "publishing")) {
		in->publishing = mem_new(sizeof *in->publishing);
		buf_span(&in->publishing->record, c->batchid);      /* loaded from its record after the commit */
	} else if (!span_is(c->state, "held")) {
		intake_delete_after(in, c->taken);
	}
	intake_claiming_free(in->claiming);
	in->claiming = NULL;
	return intake_save_position(in, e);
}

int intake_claim_finish(struct intake *in, enum flow_turn *ret, struct err *e)
{
	struct claiming *g = in->claiming;
	const struct err *why = &reader_proof(g->prover)->why;
	struct describing d = {.arena = ARENA_INIT};
	struct before before = {0};
	struct claim c;
	int failed = -1;

	slots_init(&d.slots, names_count(in->setup.form->names));
	if (drop_copy_finish(g->copy, e) != 0) {
		if (e->id == E_DROP_GROWING && g->again) {
			err_set(e, E_BATCH_ALTERED, "subject=%.*s", SPAN_F(g->again->claim.batchid));
			failed = throw_away(in, ret, e);
		}
		goto out;
	}
	if (keep_form(in, e) != 0)
		goto out;
	describe(in, g, &d, &c);
	if (look_up_keys(in, c.keys, &before, e) != 0)
		goto out;
	if (g->again && take_from_before(&c, g->again, &before, &d.batchid, e) != 0) {
		failed = throw_away(in, ret, e);
		goto out;
	}
	decide(in, g, &before, &c, &d.arena);
	if (!g->again && name_batch(in, &c, g->taken, &d.batchid, e) != 0)
		goto out;
	c.batchid = buf_as_span(&d.batchid);
	if (record_claim(in, &c, &before, g->again, e) != 0)
		goto out;
	intake_reread_done(in, c.batchid);
	/* The next file would fare as this one did. Who has it read again looks at it himself. */
	if (span_is(c.state, "held") && why->id == E_BATCH_MOSTLY_DEAD && !g->again &&
		flow_stop(&in->flow, why, e) != 0)
		goto out;
	*ret = FLOW_COMMIT;
	failed = go_on_with(in, &c, e);
out:
	describing_done(&d);
	return failed;
}
