/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <inttypes.h>

#include "adapters_help.h"
#include "input.h"
#include "events_form.h"
#include "reader.h"

/* Forms that make several events: which they accept, what a record becomes, and what is counted. */

static bool has(const struct findings *f, const char *code)
{
	for (const struct finding *x = f->first; x; x = x->next)
		if (strcmp(err_code(x->err.id)->name, code) == 0)
			return true;
	return false;
}

static const char nine[] =
	"events:\n  a.b.v1: {}\n  a.c.v1: {}\n  a.d.v1: {}\n  a.e.v1: {}\n  a.f.v1: {}\n  a.g.v1: {}\n  a.h.v1: {}\n"
	"  a.i.v1: {}\n  a.j.v1: {}\n  payment.order.issued.v1:\n";

static void which_forms_load(void **state)
{
	static const struct {
		const char *name;
		const char *edits[4][2];
		const char *code;    /* NULL: it loads */
	} rows[] = {
		{"several events load", {{0}}, NULL},
		{"event and events exclude each other", {{"events:\n", "event: payment.order.issued.v1\nevents:\n"}}, "conf.unknown_key"},
		{"a key of one event does not stand at the top", {{"events:\n", "nature: report\nevents:\n"}}, "conf.unknown_key"},
		{"a key that no event has is refused", {{"    of: order\n", "    of: order\n    release: batch\n"}}, "conf.unknown_key"},
		{"a list of types is none, inward", {{"events:\n", "events: [payment.order.issued.v1]\nx:\n"}}, "conf.type"},
		{"no type at all is refused", {{"events:\n", "events: {}\nx:\n"}}, "form.events"},
		{"too many types are refused", {{"events:\n  payment.order.issued.v1:\n", nine}}, "form.events"},
		{"types of two systems are refused", {{"  payment.order.issued.v1:\n", "  payroll.line.v1:\n"}}, "form.systems"},
		{"a kind that does not exist makes nothing", {{"of: order", "of: orders"}}, "form.of"},
		{"the results of one mapping are unknown to the next", {{"document: [order.no]}", "document: [data.mode]}"}},
			"map.path"},
		{"the event of a head cannot name a line", {{"payer.account: order.account", "payer.account: line.account"}}, "map.path"},
		{"an instruction among the events must say how it is released", {{"release: batch\n", ""}}, "form.no_release"},
		{"a condition that names nothing is refused", {{"'order.state != \"0\"'", "'order.staat != \"0\"'"}}, "expr.name"},
		{"nor can the condition of a head name a line", {{"'order.state != \"0\"'", "'line.state != \"0\"'"}}, "expr.name"},
		{"what is declared of several amounts says of which", {{"declares: {of: payment.batch.line.v1}\n", ""}},
			"form.declared"},
		{"who declares for each is a kind of the form", {{"declares: {of: payment.batch.line.v1}",
			"declares: {sum: order.total, each: voucher, of: payment.batch.line.v1}"}}, "form.of"},
		{"it is one that the form makes", {{"of: payment.batch.line.v1}", "of: payroll.line.v1}"}}, "form.declared"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char *text = help_edit(events_form, rows[i].edits);
		struct findings f;
		struct form *form;
		struct help h;

		help_begin(&h);
		findings_init(&f);
		form = help_form(&h, text, &f);
		if ((form == NULL) != (rows[i].code != NULL) || (rows[i].code && !has(&f, rows[i].code))) {
			findings_print(&f, ERR_EN, 0, stderr);
			fail_msg("%s", rows[i].name);
		}
		form_free(form);
		findings_done(&f);
		free(text);
		help_end(&h);
	}
}

static struct form *form_of(struct help *h, const char *const (*edits)[2])
{
	char *text = help_edit(events_form, edits);
	struct findings f;
	struct form *form;

	findings_init(&f);
	form = help_form(h, text, &f);
	if (!form)
		findings_print(&f, ERR_EN, 0, stderr);
	assert_non_null(form);
	findings_done(&f);
	free(text);
	return form;
}

/* A reading in one line: "1 issued:20261205 CNY 3.00; ..." or "1 !code issued 3.00". */
static void tell(struct reader *r, const struct reading *g, struct buf *b)
{
	if (g->kind != READ_RECORD)
		return;
	buf_printf(b, "%" PRIu64, g->number);
	if (g->bad.id)
		buf_printf(b, " !%s", err_code(g->bad.id)->name);
	for (unsigned i = 0; i < g->nevents; i++) {
		const struct reading_event *x = &g->events[i];
		char amount[24];

		buf_printf(b, " %s %.*s %.*s", x->of->type, SPAN_F(x->id), SPAN_F(x->currency));
		buf_printf(b, " %s", x->readable ? money_text(x->fen, amount) : "?");
		if (!g->bad.id) {
			buf_c(b, ' ');
			reader_data(r, x, b);
		}
	}
	buf_c(b, '\n');
}

static struct reader *open_at(struct help *h, const struct form *form, struct text_input *m, const json_t *saved)
{
	struct reader_setup s = {.form = form, .library = h->library, .input = &m->in, .shown = "v",
		.name = SPAN("v_20261205.txt"), .digest = SPAN("00"), .saved = saved};
	struct reader *r = NULL;
	struct err e;

	m->at = (size_t)json_integer_value(json_object_get(saved, "offset"));
	OK(e, reader_open(&s, &r, &e));
	return r;
}

static const char file[] =
	"O|1|00000001|3.00|1\n"
	"L|1|00000011|1.00|\n"
	"B|2|00000012|2.00|x\n"
	"O|2|00000002|9.00|0\n"
	"T|2||3.00|\n";

static void a_record_makes_what_its_conditions_say(void **state)
{
	struct text_input m = text_input(span_of(file), 0);
	struct reading g = {.kind = READ_SKIPPED};
	struct buf got = BUF_INIT;
	struct help h;
	struct form *form;
	struct reader *r;
	struct err e;

	(void)state;
	help_begin(&h);
	form = form_of(&h, NULL);
	r = open_at(&h, form, &m, NULL);
	while (g.kind != READ_END) {
		OK(e, reader_next(r, &g, &e));
		tell(r, &g, &got);
	}
	assert_string_equal(buf_text(&got),
		"1 payment.order.issued.v1 payment.order.issued:1 CNY order 3.00 {\"voucher_no\":\"1\",\"businessdate\":\"2026-12-05\","
		"\"fiscal_year\":\"2026\",\"division\":\"150782\",\"mode\":\"direct\",\"kind\":\"batch\","
		"\"payer\":{\"account\":\"00000001\"},\"payee\":{\"name\":\"roster\",\"account\":\"00000001\"},"
		"\"unit\":\"602001\",\"amount\":\"3.00\",\"currency\":\"CNY\"}\n"
		"2 payment.batch.line.v1 payment.batch.line:1:1 CNY 1.00 {\"original_vt\":\"5201\",\"original_voucher_no\":\"1\","
		"\"line_no\":\"1\",\"businessdate\":\"2026-12-05\",\"fiscal_year\":\"2026\",\"division\":\"150782\","
		"\"unit\":\"602001\",\"payee\":{\"name\":\"somebody\",\"account\":\"00000011\"},\"amount\":\"1.00\",\"currency\":\"CNY\"}\n"
		"3 payment.batch.line.v1 payment.batch.line:1:2 CNY 2.00 {\"original_vt\":\"5201\",\"original_voucher_no\":\"1\","
		"\"line_no\":\"2\",\"businessdate\":\"2026-12-05\",\"fiscal_year\":\"2026\",\"division\":\"150782\","
		"\"unit\":\"602001\",\"payee\":{\"name\":\"somebody\",\"account\":\"00000012\"},\"amount\":\"2.00\",\"currency\":\"CNY\"}"
		" payment.published.v1 payment.published:00:3 CNY 2.00 {\"month\":\"2026-12\",\"unit\":\"602001\","
		"\"payee\":{\"name\":\"x\"},\"amount\":\"2.00\",\"currency\":\"CNY\"}\n"
		"4 payment.order.voided.v1 payment.order.voided:2 CNY back 9.00 {\"voucher_no\":\"2\",\"businessdate\":\"2026-12-05\","
		"\"fiscal_year\":\"2026\",\"division\":\"150782\",\"unit\":\"602001\",\"amount\":\"9.00\",\"currency\":\"CNY\"}\n");
	reader_close(r);
	buf_done(&got);
	form_free(form);
	help_end(&h);
}

static void reading_goes_on_behind_any_record(void **state)
{
	struct buf whole = BUF_INIT, parts = BUF_INIT, saved = BUF_INIT;
	struct help h;
	struct form *form;
	struct err e;

	(void)state;
	help_begin(&h);
	form = form_of(&h, NULL);
	for (unsigned stop = 0; stop <= 5; stop++) {
		struct text_input m = text_input(span_of(file), 0);
		struct reading g = {.kind = READ_SKIPPED};
		struct reader *r = open_at(&h, form, &m, NULL);

		buf_clear(&parts);
		for (unsigned n = 1; g.kind != READ_END; n++) {
			OK(e, reader_next(r, &g, &e));
			tell(r, &g, stop ? &parts : &whole);
			if (n == stop) {
				json_t *position;

				buf_clear(&saved);
				reader_save(r, &saved);
				reader_close(r);
				position = json_loadb(saved.p, saved.n, 0, NULL);
				r = open_at(&h, form, &m, position);
				json_decref(position);
			}
		}
		reader_close(r);
		if (stop)
			assert_string_equal(buf_text(&parts), buf_text(&whole));
	}
	buf_done(&whole);
	buf_done(&parts);
	buf_done(&saved);
	form_free(form);
	help_end(&h);
}

static void what_a_document_amounts_to(void **state)
{
	static const struct {
		const char *name, *text;
		unsigned records, events, dead, counted;     /* counted: in the term read */
		const char *read, *bad, *why;                /* the first record that is dead, why it is held; NULL */
	} rows[] = {
		{"records are rows and events what they make", file, 4, 5, 0, 5, "17.00", NULL, NULL},
		{"a count of the others does not prove", "O|1|00000001|1.00|1\nL|1|00000011|1.00|\nT|2||1.00|\n", 2, 2, 0, 2, "2.00", NULL,
			"batch.count"},
		{"nor does their sum", "O|1|00000001|1.00|1\nL|1|00000011|1.00|\nT|1||2.00|\n", 2, 2, 0, 2, "2.00", NULL, "batch.sum"},
		{"a record that makes nothing is dead, and counted as the first that it could have made",
			"O|1|00000001|1.00|1\nX|1|00000011|1.00|\nT|1||1.00|\n", 2, 1, 1, 2, "2.00", "record.no_event",
			"batch.dead_record"},
		{"when the second event fails, the first does not go out either", "O|1|00000001|1.00|1\nB|1|00000011|1.00|\nT|1||1.00|\n",
			2, 1, 1, 2, "2.00", "map.missing", "batch.dead_record"},
		{"a head that is a record and dead still serves the lines below", "O|1|00000001|0.00|1\nL|1|00000011|1.00|\nT|1||1.00|\n",
			2, 1, 1, 2, "1.00", "map.check", "batch.dead_record"},
		{"a head with too few columns is dead, and its lines are not those of the head before",
			"O|1|00000001|1.00|1\nL|1|00000011|1.00|\nO|2|00000001\nL|1|00000011|1.00|\nT|2||2.00|\n", 4, 2, 2, 4, "3.00",
			"record.few_columns", "batch.dead_record"},
		{"lines below a row that cannot be cut are not those of the head before: it may have been a head",
			"O|1|00000001|1.00|1\nL|1|00000011|1.00|\nO|2|0000\xff|1.00|1\nL|1|00000011|1.00|\nT|2||2.00|\n", 4, 2, 2, 4, "3.00",
			"text.invalid", "batch.count"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct text_input m = text_input(span_of(rows[i].text), 0);
		struct reading g = {.kind = READ_SKIPPED};
		const struct reader_proof *proof;
		struct reader_prover *p;
		struct money_sum read;
		struct help h;
		struct form *form;
		struct reader *r;
		char amount[24];
		struct err e;

		help_begin(&h);
		form = form_of(&h, NULL);
		r = open_at(&h, form, &m, NULL);
		p = reader_prover_new(form, "v");
		while (g.kind != READ_END) {
			OK(e, reader_next(r, &g, &e));
			OK(e, reader_prove(p, r, &g, &e));
		}
		proof = reader_proof(p);
		{
			struct money_sum orders = totals_get(proof->totals, TOTAL_READ, "", "CNY order");
			struct money_sum back = totals_get(proof->totals, TOTAL_READ, "", "CNY back");

			/* Kinds of money are counted apart; here only how much there is at all matters. */
			read = totals_get(proof->totals, TOTAL_READ, "", "CNY");
			OK(e, money_sum_merge(&read, &orders, &e));
			OK(e, money_sum_merge(&read, &back, &e));
		}
		money_text(read.plus, amount);
		if (proof->records != rows[i].records || proof->events != rows[i].events || proof->dead != rows[i].dead ||
			read.count != rows[i].counted || strcmp(amount, rows[i].read) != 0 ||
			strcmp(err_code(proof->why.id)->name, rows[i].why ? rows[i].why : err_code(E_NONE)->name) != 0 ||
			(rows[i].bad && strcmp(err_code(proof->problems[0].id)->name, rows[i].bad) != 0))
			fail_msg("%s: %u records, %u events, %u dead, %u counted of %s, held by %s, first %s", rows[i].name,
				(unsigned)proof->records, (unsigned)proof->events, (unsigned)proof->dead, (unsigned)read.count,
				amount, err_code(proof->why.id)->name, err_code(proof->problems[0].id)->name);
		reader_prover_free(p);
		reader_close(r);
		form_free(form);
		help_end(&h);
	}
}

/* Each order declares the sum of its own lines. */
static void each_head_proves_for_itself(void **state)
{
	static const char *const edits[][2] = {{"trailer: {when: 'line.kind = \"T\"', count: line.no, sum: line.amount}\n", ""},
		{"declares: {of: payment.batch.line.v1}", "declares: {sum: order.total, of: payment.batch.line.v1, each: order}"},
		{"    when: 'order.state != \"0\"'\n", ""}, {NULL, NULL}};
	static const struct {
		const char *name, *text, *why, *line;        /* NULL: it proves */
	} rows[] = {
		{"two that add up", "O|1|00000001|3.00|1\nL|1|00000011|1.00|\nL|2|00000011|2.00|\nO|2|00000001|4.00|1\nL|1|00000011|4.00|\n",
			NULL, NULL},
		{"the sums together are no proof", "O|1|00000001|3.00|1\nL|1|00000011|4.00|\nO|2|00000001|4.00|1\nL|1|00000011|3.00|\n",
			"batch.sum", "v:1"},
		{"the last one counts as well", "O|1|00000001|3.00|1\nL|1|00000011|3.00|\nO|2|00000001|4.00|1\n", "batch.sum", "v:3"},
		{"a head that declares nothing", "O|1|00000001|3.00|1\nL|1|00000011|3.00|\nO|2|00000001||1\nL|1|00000011|3.00|\n",
			"batch.undeclared", "v:3"},
		{"lines above all heads", "L|1|00000011|3.00|\nO|1|00000001|3.00|1\nL|1|00000011|3.00|\n", "batch.undeclared", "v:0"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct text_input m = text_input(span_of(rows[i].text), 0);
		struct reading g = {.kind = READ_SKIPPED};
		const struct reader_proof *proof;
		struct reader_prover *p;
		struct help h;
		struct form *form;
		struct reader *r;
		struct err e;

		help_begin(&h);
		form = form_of(&h, edits);
		r = open_at(&h, form, &m, NULL);
		p = reader_prover_new(form, "v");
		while (g.kind != READ_END) {
			OK(e, reader_next(r, &g, &e));
			OK(e, reader_prove(p, r, &g, &e));
		}
		proof = reader_proof(p);
		if (strcmp(err_code(proof->why.id)->name, rows[i].why ? rows[i].why : err_code(E_NONE)->name) != 0 ||
			(rows[i].line && strcmp(proof->why.where, rows[i].line) != 0))
			fail_msg("%s: %s at %s", rows[i].name, err_code(proof->why.id)->name, proof->why.where);
		assert_int_equal(proof->verdict == PROOF_HELD, rows[i].why != NULL);
		reader_prover_free(p);
		reader_close(r);
		form_free(form);
		help_end(&h);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(which_forms_load),
		cmocka_unit_test(a_record_makes_what_its_conditions_say),
		cmocka_unit_test(reading_goes_on_behind_any_record),
		cmocka_unit_test(what_a_document_amounts_to),
		cmocka_unit_test(each_head_proves_for_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
