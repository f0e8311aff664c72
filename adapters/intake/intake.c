/* SPDX-License-Identifier: Apache-2.0 */
#include "intake_parts.h"

#include <inttypes.h>
#include <stdlib.h>

#include "clock.h"
#include "fsys.h"
#include "index.h"
#include "jscan.h"
#include "log.h"
#include "topics.h"

#define GROWING_MS 1000              /* before a file that was still being written is read again */

void intake_attend(struct intake *in, bool held, bool other)
{
	in->held += held;
	in->other |= other;
	in->flow.attention = in->held || in->other || in->nwaiting;
}

void intake_delete_after(struct intake *in, struct span taken)
{
	char **at = &in->delete_spool[in->delete_spool[0] != NULL];

	free(*at);
	*at = mem_text(taken);
}

/* Nothing of it waits here any more. */
static bool is_end(struct span state)
{
	return span_is(state, "published") || span_is(state, "returned") || span_is(state, "known") ||
		span_is(state, "settled");
}

int intake_append_claim(struct intake *in, const struct claim *c, struct err *e)
{
	if (is_end(c->state))
		journal_ended(in->journal, c->batchid);
	buf_clear(&in->event);
	claim_write(&in->event, c, span_of(in->source));
	return flow_append(&in->flow, in->claims, 0, c->batchid, &in->event, e);
}

void intake_note_state(struct intake *in, const struct claim *c)
{
	char *name = mem_text(c->name), quoted[300];

	buf_clear(&in->said);
	buf_printf(&in->said, "batch=%.*s state=%.*s records=%" PRIu64 " file=%s", SPAN_F(c->batchid), SPAN_F(c->state),
		c->records, log_quoted(name, quoted, sizeof quoted));
	if (in->publishing && in->publishing->failed)
		buf_printf(&in->said, " not_published=%" PRIu64, in->publishing->failed);
	free(name);
}

bool intake_is_known(const struct intake *in, struct span businessdate)
{
	return in->setup.start.n && businessdate.n && span_cmp(businessdate, in->setup.start) < 0;
}

int intake_look_up_id(struct intake *in, const struct reading_event *x, enum id_verdict *ret, struct err *e)
{
	char key[INDEX_KEY_MAX];
	uint8_t fingerprint[16];
	struct bus_entry entry, again;
	int got;

	*ret = ID_NEW;
	if (!x->fingerprint.n)
		return 0;
	got = bus_look(in->flow.bus, in->flow.owner, INDEX_IDS, index_key(key, 0, x->id, SPAN_NONE), &entry, e);
	if (got <= 0)
		return got;
	/* One that came again has its newest place elsewhere. */
	got = bus_look(in->flow.bus, in->flow.owner, INDEX_AGAIN, index_key(key, INDEX_ID, x->id, SPAN_NONE), &again, e);
	if (got == 1)
		entry = again;
	if (got == 0)
		got = bus_look(in->flow.bus, in->flow.owner, INDEX_IDS, index_key(key, 0, x->id, SPAN_NONE), &entry, e);
	if (got < 0)
		return -1;
	hash_unhex(x->fingerprint, fingerprint, sizeof fingerprint);
	*ret = entry.extra.n == sizeof fingerprint && memcmp(entry.extra.p, fingerprint, sizeof fingerprint) == 0
		       ? ID_DUPLICATE
		       : ID_CONFLICT;
	got = intake_is_again(in, &entry, e);
	if (got == 1)
		*ret = ID_AGAIN;
	return got < 0 ? -1 : 0;
}

/* ---- position ---- */

int intake_save_position(struct intake *in, struct err *e)
{
	struct buf *b = &in->position;
	const struct publishing *p = in->publishing;

	if (journal_post(in->journal, &in->flow, in->journal_topic, e) != 0)
		return -1;
	buf_clear(b);
	buf_str(b, "{\"totals\":");
	totals_write(in->totals, b);
	buf_str(b, JOURNAL_MARK);
	for (unsigned i = 0; i < in->nslips; i++) {
		buf_str(b, i ? "," : ",\"slips\":[");
		json_quote(b, span_of(in->slips[i]));
	}
	if (in->nslips)
		buf_c(b, ']');
	for (unsigned i = 0; i < in->nlines; i++)
		buf_printf(b, "%s%s", i ? "," : ",\"lines\":[", in->lines[i]);
	if (in->nlines)
		buf_c(b, ']');
	for (unsigned i = 0; i < in->nrereads; i++) {
		buf_str(b, i ? "," : ",\"rereads\":[");
		json_quote(b, span_of(in->rereads[i]));
	}
	if (in->nrereads)
		buf_c(b, ']');
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
	const json_t *slip, *line, *reread;
	const char *batchid;
	char key[sizeof in->flow.name + sizeof "/in"];
	size_t i;
	int got, ret = 0;

	snprintf(key, sizeof key, "%s/in", in->flow.name);
	buf_clear(&in->position);
	got = flow_position_get(&in->flow, "in", &in->position, e);
	if (got <= 0)
		return got;
	o = json_loadb(in->position.p, in->position.n, 0, NULL);
	if (!o)
		return err_set(e, E_FLOW_POSITION, "name=%s/in", in->name);
	json_array_foreach(json_object_get(o, "slips"), i, slip)
		intake_owe_slip(in, span_of(json_string_value(slip)));
	json_array_foreach(json_object_get(o, "lines"), i, line) {
		char *owed = json_dumps(line, JSON_COMPACT);

		intake_owe_line(in, span_of(owed));
		free(owed);
	}
	json_array_foreach(json_object_get(o, "rereads"), i, reread)
		intake_reread_add(in, span_of(json_string_value(reread)));
	batchid = json_string_value(json_object_get(o, "batch"));
	if (totals_read(in->totals, json_object_get(o, "totals"), e) != 0 || journal_found(in->journal, &in->flow, key, o, e) != 0 ||
		(batchid && intake_publish_begin(in, span_of(batchid), o, e) != 0))
		ret = -1;
	json_decref(o);
	return ret;
}

/* ---- the flow ---- */

static int intake_open(struct flow *f, struct err *e)
{
	struct intake *in = (struct intake *)f;

	in->totals = totals_new();
	in->journal = journal_new(in->totals, 0);
	in->counter = 0;
	in->held = 0;
	if (drop_open(in->folder, in->spool, in->setup.form, &in->drop, e) != 0 || fsys_make_path(in->forms, e) != 0)
		return -1;
	if (restore_position(in, e) != 0 || intake_write_slips(in, e) != 0 || intake_write_lines(in, e) != 0 ||
		intake_find_waiting(in, e) != 0 || intake_attend_suspects(in, e) != 0)
		return -1;
	return intake_sweep_spool(in, e);
}

static void report_refused(void *arg, const struct err *why)
{
	struct intake *in = arg;

	intake_attend(in, false, true);
	log_err(LOG_WARN, "intake.refused", why, "flow=%s", in->name);
}

/* 1 and a file is being claimed, 0 there is none. */
static int next_file(struct intake *in, struct err *e)
{
	char *waiting, taken[256];
	const char *name;
	int got;

	if (intake_find_strays(in, e) != 0)
		return -1;
	waiting = intake_next_waiting(in);
	if (waiting) {
		got = intake_claim_begin(in, waiting, NULL, e);
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
	return intake_claim_begin(in, taken, NULL, e) == 0 ? 1 : -1;
}

/* A file that is still being written is no reason to let others wait: its copy is thrown away, it comes again later. */
static int put_back(struct intake *in, const struct err *why)
{
	log_err(LOG_INFO, "intake.growing", why, "flow=%s", in->name);
	intake_wait_for(in, in->claiming->taken, clock_steady_ms() + GROWING_MS);
	intake_claiming_free(in->claiming);
	in->claiming = NULL;
	return 0;
}

static int intake_step(struct flow *f, enum flow_turn *ret, struct err *e)
{
	struct intake *in = (struct intake *)f;
	int got;

	if (in->publishing) {
		*ret = FLOW_COMMIT;
		return intake_publish_slice(in, e);
	}
	if (!in->claiming) {
		got = in->setup.finish ? 0 : intake_reread_next(in, e);
		if (got == 0 && !in->setup.finish)
			got = next_file(in, e);
		*ret = got == 2 ? FLOW_COMMIT : FLOW_IDLE;
		if (got != 1)
			return got < 0 ? -1 : 0;
	}
	*ret = FLOW_BUSY;
	got = intake_claim_slice(in, e);
	if (got == 0)
		got = intake_claim_finish(in, ret, e);
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
	/* What was on its way is in the index, or goes nowhere. */
	if (in->pays && !in->publishing && !in->claiming)
		pays_clear(in->pays);
	if (ret == 0)
		ret = intake_write_slips(in, e) != 0 || intake_write_lines(in, e) != 0 ? -1 : 0;
	if (in->said.n)
		log_line(LOG_INFO, "intake.batch", "flow=%s %s", in->name, buf_text(&in->said));
	buf_clear(&in->said);
	return ret;
}

static void intake_close(struct flow *f)
{
	struct intake *in = (struct intake *)f;

	intake_claiming_free(in->claiming);
	in->claiming = NULL;
	intake_publishing_free(in->publishing);
	in->publishing = NULL;
	buf_clear(&in->said);
	for (unsigned i = 0; i < in->nwaiting; i++)
		free(in->waiting[i].taken);
	free(in->waiting);
	in->waiting = NULL;
	in->nwaiting = 0;
	forget_deletes(in);
	intake_forget_slips(in);
	intake_forget_lines(in);
	intake_forget_rereads(in);
	drop_close(in->drop);
	in->drop = NULL;
	journal_free(in->journal);
	in->journal = NULL;
	totals_free(in->totals);
	in->totals = NULL;
}

static void intake_free(struct flow *f)
{
	struct intake *in = (struct intake *)f;

	buf_done(&in->event);
	for (unsigned i = 0; i < FORM_EVENTS_MAX; i++)
		buf_done(&in->events[i]);
	buf_done(&in->position);
	buf_done(&in->said);
	buf_done(&in->former);
	free(in->name);
	free(in->folder);
	free(in->returns);
	free(in->spool);
	free(in->forms);
	free(in->kept);
	free(in->start);
	free(in->source);
	pays_leave(in->pays);
	free(in);
}

static const struct flow_kind intake_kind = {
	.name = "adapter",
	.poll_ms = 500,
	.open = intake_open,
	.step = intake_step,
	.effect = intake_effect,
	.act = intake_act,
	.act_people = intake_act_people,
	.act_true = intake_act_true,
	.close = intake_close,
	.free = intake_free,
};

struct flow *intake_new(const struct intake_setup *s, struct err *e)
{
	struct intake *in = mem_new(sizeof *in);
	struct buf source = BUF_INIT;
	unsigned acts;

	in->flow.kind = &intake_kind;
	in->flow.bus = s->bus;
	snprintf(in->flow.name, sizeof in->flow.name, "%s", s->name);
	in->setup = *s;
	in->name = mem_text(span_of(s->name));
	in->folder = mem_text(span_of(s->folder));
	if (s->returns)
		in->setup.returns = in->returns = mem_text(span_of(s->returns));
	in->spool = mem_text(span_of(s->spool));
	/* A folder of its own: adapters of one form may keep it at the same moment. */
	buf_printf(&source, "%s/%s", s->forms, s->name);
	in->forms = mem_text(buf_as_span(&source));
	buf_clear(&source);
	in->kept = mem_text(span_of(s->kept));
	in->start = mem_text(s->start);
	in->setup.start = span_of(in->start);
	buf_printf(&source, "/%s/%s", s->library->site_name, s->name);
	in->source = mem_text(buf_as_span(&source));
	if (s->pays && pays_days(s->pays))
		in->pays = pays_join(s->pays, s->name);
	buf_done(&source);
	if (bus_topic(s->bus, topics_of_type(span_of(s->form->events[0].type)), &in->topic, e) != 0 ||
		bus_topic(s->bus, TOPIC_CLAIMS, &in->claims, e) != 0 ||
		bus_topic(s->bus, TOPIC_DEAD, &in->dead, e) != 0 ||
		bus_topic(s->bus, TOPIC_JOURNAL, &in->journal_topic, e) != 0 ||
		bus_topic(s->bus, TOPIC_ACTS, &acts, e) != 0) {
		intake_free(&in->flow);
		return NULL;
	}
	/* Where an act of another flow on a batch of ours is told: it has a slip for us then. */
	in->flow.inputs[0] = acts;
	in->flow.ninputs = 1;
	in->flow.outputs[0] = in->topic;
	in->flow.outputs[1] = in->claims;
	in->flow.outputs[2] = in->dead;
	in->flow.outputs[3] = in->journal_topic;
	in->flow.noutputs = 4;
	return &in->flow;
}
