/* SPDX-License-Identifier: Apache-2.0 */
#include "intake_parts.h"

#include <inttypes.h>
#include <stdlib.h>

#include "batch.h"
#include "clock.h"
#include "dead.h"

void intake_publishing_free(struct publishing *p)
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

int intake_publish_begin(struct intake *in, struct span batchid, const json_t *saved, struct err *e)
{
	struct publishing *p = mem_new(sizeof *p);
	struct reader_setup setup = {.library = in->setup.library, .saved = json_object_get(saved, "reader")};
	const json_t *counts = json_object_get(saved, "published"), *n;
	uint64_t offset = (uint64_t)json_integer_value(json_object_get(setup.saved, "offset"));
	size_t i;
	int got;

	in->publishing = p;
	got = claim_find(in->flow.bus, in->flow.owner, batchid, &p->record, &p->arena, &p->claim, e);
	if (got != 1)
		return got < 0 ? -1 : err_set(e, E_CLAIM_RECORD, "id=%.*s", SPAN_F(batchid));
	json_array_foreach(counts, i, n)
		if (i < INTAKE_PARTITIONS_MAX)
			p->published[i] = (uint64_t)json_integer_value(n);
	p->failed = (uint64_t)json_integer_value(json_object_get(saved, "failed"));
	clock_write(&p->time, p->claim.time_ms);
	if (form_of_claim(in, p, &setup.form, e) != 0 ||
		drop_spool_open(in->drop, arena_text(&p->arena, p->claim.taken), p->claim.crcs, p->claim.size,
			form_whole(setup.form) ? 0 : offset, &p->spool, e) != 0)
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

	intake_attend(in, false, true);
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
	if (intake_is_known(in, v.businessdate)) {
		p->failed++;
		return count_record(in, g, TOTAL_KNOWN, e);
	}
	if (intake_look_up_id(in, g, &verdict, e) != 0)
		return -1;
	if (verdict == ID_DUPLICATE) {
		p->failed++;
		intake_attend(in, false, true);
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

	if (close_batch(in, e) != 0 || (p->claim.state = SPAN("published"), intake_append_claim(in, &p->claim, e)) != 0)
		return -1;
	intake_note_state(in, &p->claim);
	intake_delete_after(in, p->claim.taken);
	intake_publishing_free(p);
	in->publishing = NULL;
	return 0;
}

int intake_publish_slice(struct intake *in, struct err *e)
{
	struct publishing *p = in->publishing;
	struct reading g = {0};

	if (!p->reader) {
		struct buf batchid = p->record;
		int ret;

		p->record = BUF_INIT;
		intake_publishing_free(p);
		in->publishing = NULL;
		ret = intake_publish_begin(in, buf_as_span(&batchid), NULL, e);
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
	return intake_save_position(in, e);
}
