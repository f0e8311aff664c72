/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <inttypes.h>

#include "adapters_help.h"
#include "input.h"
#include "reader.h"

static struct reader *open_at(struct help *h, const struct form *form, const char *name, struct text_input *m, const json_t *saved,
	struct err *e)
{
	struct reader *r = NULL;
	struct reader_setup s = {.form = form, .library = h->library, .input = &m->in, .shown = name, .name = span_of(name),
		.digest = SPAN("00112233445566778899aabbccddeeff"), .saved = saved};

	m->at = (size_t)json_integer_value(json_object_get(saved, "offset"));
	return reader_open(&s, &r, e) == 0 ? r : NULL;
}

/* What a reading is, in one text. */
static void tell(struct reader *r, const struct reading *g, struct buf *b)
{
	buf_printf(b, "%d %" PRIu64 " %" PRIu64 " %" PRIu64 " %.*s %s %s\n", g->kind, g->number, g->line, g->offset,
		SPAN_F(g->raw), err_code(g->bad.id)->name, g->bad.where);
	for (unsigned i = 0; i < g->nevents; i++) {
		const struct reading_event *x = &g->events[i];
		struct event v = {0};

		buf_printf(b, " %s %d %" PRId64 " %.*s ", x->of->type, x->readable, x->fen, SPAN_F(x->currency));
		if (!g->bad.id) {
			reader_attributes(r, x, &v);
			buf_printf(b, "%.*s %.*s %.*s %.*s %.*s ", SPAN_F(v.id), SPAN_F(v.fingerprint), SPAN_F(v.partitionkey),
				SPAN_F(v.unit), SPAN_F(v.businessdate));
			reader_data(r, x, b);
		}
		buf_c(b, '\n');
	}
}

static const char payroll[] =
	"F|000001|20261215|602001|103|61|4|10.10\n"
	"\n"
	"0001|\xcd\xf5\xab\x7c|1.01|6222020600000000015|602001|01|150702198001010017|1\n"
	"0002|\xcd\xf5\xab\x7c|2.02|6222020600000000023|602001|01|150702198001010025|1\n"
	"0003|Li|x|6222020600000000031|602001|01|150702198001010033|1\n"
	"0004|Li|4.04|6222020600000000049|602001|01|150702198001010041|1";

static const char council[] =
	"Payments of a month,\n"
	"Supplier Name,Total\n"
	"A,1.00\n"
	",\n"
	"\"B, and\nC\",2.5\n"
	"D\n"
	"Grand Total,3.50\n";

static void it_goes_on_behind_any_row(void **state)
{
	static const struct {
		const char *form, *name;
		struct span bytes;
	} documents[] = {
		{"payroll/pipe/batch", "gz_202612_001.txt", {payroll, sizeof payroll - 1}},
		{"payment/lambeth/month", "2026-12-payments.csv", {council, sizeof council - 1}},
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct help h;
		struct form *form;
		struct buf whole = BUF_INIT, parts = BUF_INIT, saved = BUF_INIT;
		unsigned rows = 0;

		help_begin(&h);
		form = help_good(&h, documents[i].form, NULL);
		for (unsigned stop = 0; stop <= rows; stop++) {
			struct text_input m = text_input(documents[i].bytes, 1 + stop % 7);
			struct reading g = {.kind = READ_SKIPPED};
			json_t *position = NULL;
			struct reader *r;
			struct err e;

			buf_clear(&parts);
			r = open_at(&h, form, documents[i].name, &m, NULL, &e);
			assert_non_null(r);
			for (unsigned n = 0; g.kind != READ_END; n++) {
				if (stop && n == stop) {
					buf_clear(&saved);
					reader_save(r, &saved);
					assert_true(saved.n < 4096);
					reader_close(r);
					json_decref(position);
					position = json_loadb(saved.p, saved.n, 0, NULL);
					r = open_at(&h, form, documents[i].name, &m, position, &e);
					assert_non_null(r);
				}
				OK(e, reader_next(r, &g, &e));
				tell(r, &g, &parts);
				rows += stop == 0;
			}
			if (!stop)
				buf_span(&whole, buf_as_span(&parts));
			assert_string_equal(buf_text(&parts), buf_text(&whole));
			json_decref(position);
			reader_close(r);
		}
		assert_true(rows > 5);
		buf_done(&whole);
		buf_done(&parts);
		buf_done(&saved);
		form_free(form);
		help_end(&h);
	}
}

/* Reads all, gives the proof; the first bad record's code into ret_bad. */
static void prove(struct help *h, const struct form *form, const char *name, const char *text, struct reader_proof *ret,
	char ret_bad[40], struct err *e)
{
	struct text_input m = text_input(span_of(text), 0);
	struct reader_prover *p = reader_prover_new(form, name);
	struct reading g = {.kind = READ_SKIPPED};
	struct reader *r = open_at(h, form, name, &m, NULL, e);

	assert_non_null(r);
	ret_bad[0] = 0;
	*e = ERR_INIT;
	while (g.kind != READ_END && reader_next(r, &g, e) == 0) {
		if (reader_prove(p, r, &g, e) != 0)
			break;
		if (g.bad.id && !ret_bad[0])
			snprintf(ret_bad, 40, "%s", err_code(g.bad.id)->name);
	}
	*ret = *reader_proof(p);
	ret->totals = NULL;
	reader_prover_free(p);
	reader_close(r);
}

#define HEAD "F|000001|20261215|602001|103|61|"
#define LINE(no, net) "000" no "|Li|" net "|622202060000000001" no "|602001|01|15070219800101001" no "|1\n"
#define LAMBETH "payment/lambeth/month", "2026-12-payments.csv"
#define PAYROLL "payroll/pipe/batch", "gz_202612_001.txt"

static void each_verdict_has_its_reason(void **state)
{
	static const struct verdict {
		const char *name, *form, *file;
		const char *edits[3][2];
		const char *text, *why, *bad, *fails;        /* NULL: none */
	} rows[] = {
		{"count and sum agree: it proves", PAYROLL, {{0}}, HEAD "2|3.00\n" LINE("1", "1.00") LINE("2", "2.00"), NULL, NULL, NULL},
		{"another count holds it", PAYROLL, {{0}}, HEAD "3|3.00\n" LINE("1", "1.00") LINE("2", "2.00"), "batch.count", NULL, NULL},
		{"another sum holds it", PAYROLL, {{0}}, HEAD "2|3.01\n" LINE("1", "1.00") LINE("2", "2.00"), "batch.sum", NULL, NULL},
		{"a dead record holds it", PAYROLL, {{0}}, HEAD "2|1.00\n" LINE("1", "1.00") LINE("2", "-"), "batch.dead_record",
			"money.syntax", NULL},
		{"a count that is none holds it", PAYROLL, {{0}}, HEAD "two|1.00\n" LINE("1", "1.00"), "batch.undeclared", "batch.declared",
			NULL},
		{"a sum that is none holds it", PAYROLL, {{0}}, HEAD "1|1,00\n" LINE("1", "1.00"), "batch.count", "batch.declared",
			NULL},
		{"a trailer that is not there holds it", LAMBETH, {{", optional: true", ""}}, "Supplier Name,Total\nA,1.00\n",
			"batch.no_trailer", NULL, NULL},
		{"a trailer that may be missing may", LAMBETH, {{0}}, "Supplier Name,Total\nA,1.00\n", NULL, NULL, NULL},
		{"a trailer that says another sum holds it", LAMBETH, {{0}}, "Supplier Name,Total\nA,1.00\nGrand Total,2.00\n", "batch.sum",
			NULL, NULL},
		{"a row with too few columns is dead", LAMBETH, {{0}}, "Supplier Name,Total\nA\n", "batch.dead_record",
			"record.few_columns", NULL},
		{"a row with too many columns is dead", PAYROLL, {{0}}, HEAD "1|1.00\n0001|Li|1.00|62220206|602001|01|1|1|x\n", "batch.sum",
			"record.more_columns", NULL},
		{"a key with an empty part is none", PAYROLL, {{0}}, HEAD "1|1.00\n0001|Li|1.00|62220206|602001|01|1|\n",
			"batch.dead_record", "record.no_key", NULL},
		{"a key that is too long is none", PAYROLL, {{"head.unit, file.month", "head.no, file.month"}},
			"F|" "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
			"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
			"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
			"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
			"|20261215|602001|103|61|1|1.00\n" LINE("1", "1.00"), "batch.dead_record", "record.long_key", NULL},
		{"an amount beyond all reason is none", PAYROLL, {{0}}, HEAD "1|1.00\n" LINE("1", "6222020600000000.00"), "batch.sum",
			"record.amount", NULL},
		{"a document without its header row cannot be read", LAMBETH, {{0}}, "Name,Total\nA,1.00\n", NULL, NULL, "form.no_header"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct verdict *x = &rows[i];
		struct reader_proof proof;
		struct help h;
		struct form *form;
		char bad[40];
		struct err e;

		help_begin(&h);
		form = help_good(&h, x->form, x->edits);
		prove(&h, form, x->file, x->text, &proof, bad, &e);
		if (strcmp(err_code(proof.why.id)->name, x->why ? x->why : err_code(E_NONE)->name) != 0 ||
			strcmp(bad, x->bad ? x->bad : "") != 0 || strcmp(err_code(e.id)->name, x->fails ? x->fails : err_code(E_NONE)->name) != 0)
			fail_msg("%s: held by %s, bad record %s, failed by %s", x->name, err_code(proof.why.id)->name, bad,
				err_code(e.id)->name);
		assert_int_equal(proof.verdict == PROOF_HELD, x->why != NULL);
		form_free(form);
		help_end(&h);
	}
}

static void amounts_that_leave_the_range_together_end_the_document(void **state)
{
	struct buf text = BUF_INIT;
	struct reader_proof proof;
	struct help h;
	struct form *form;
	char bad[40];
	struct err e;

	(void)state;
	help_begin(&h);
	form = help_good(&h, "payment/lambeth/month", NULL);
	buf_str(&text, "Supplier Name,Total\n");
	for (unsigned i = 0; i < 11; i++)
		buf_str(&text, "A,9999999999999.99\n");
	prove(&h, form, "2026-12-payments.csv", buf_text(&text), &proof, bad, &e);
	assert_string_equal(err_code(e.id)->name, "batch.amount");
	buf_done(&text);
	form_free(form);
	help_end(&h);
}

/* Rows are looked at as one kind after another: what an earlier look decoded must not move what the last one did. */
static void kinds_by_condition_and_long_rows(void **state)
{
	static const char *const edits[][2] = {
		{"  line: {columns", "  note: {when: 'note.a = \"N\"', columns: [a, b]}\n  more: {when: 'more.a = \"M\"', columns: [a, b]}\n"
			"  line: {columns"}, {NULL, NULL}};
	struct buf text = BUF_INIT;
	struct reader_proof proof;
	struct help h;
	struct form *form;
	char bad[40];
	struct err e;

	(void)state;
	help_begin(&h);
	form = help_good(&h, "payroll/pipe/batch", edits);
	buf_str(&text, HEAD "200|200.00\nN|x\nM|y\n");
	for (unsigned i = 0; i < 200; i++) {
		buf_printf(&text, "%04u|", i);
		for (unsigned k = 0; k < 10 + i % 18; k++)
			buf_str(&text, "\xcd\xf5");
		buf_printf(&text, "|1.00|62220206%04u|602001|01|1507021980010%04u|1\n", i, i);
	}
	prove(&h, form, "gz_202612_001.txt", buf_text(&text), &proof, bad, &e);
	assert_string_equal(bad, "");
	assert_int_equal(proof.records, 200);
	assert_int_equal(proof.verdict, PROOF_OK);
	buf_done(&text);
	form_free(form);
	help_end(&h);
}

static void a_row_that_lost_its_separator_is_pointed_at(void **state)
{
	struct reader_proof proof;
	struct help h;
	struct form *form;
	char bad[40];
	struct err e;

	(void)state;
	help_begin(&h);
	form = help_good(&h, "payment/lambeth/month", NULL);
	prove(&h, form, "2026-12-payments.csv", "Supplier Name,Total\nA,1.00\nB Ltd 23.45\nGrand Total,24.45\n", &proof, bad, &e);
	assert_string_equal(err_code(proof.suspect.id)->name, "batch.lost_separator");
	assert_string_equal(err_arg(&proof.suspect, "line"), "3");
	form_free(form);
	help_end(&h);
}

/* 2011-10 as published: a row lost its separator. It counts among the others, as one whose amount nobody can read. */
static void an_unreadable_record_counts_under_the_currency_of_its_form(void **state)
{
	static const char path[] = SHARED_DIR "/data/payments_lambeth/2011-10-payments.csv";
	struct text_input m = text_input(SPAN_NONE, 0);
	struct reading g = {.kind = READ_SKIPPED};
	struct reader_prover *p;
	struct reader *r;
	struct buf bytes = BUF_INIT;
	struct money_sum sum;
	struct help h;
	struct form *form;
	struct err e;

	(void)state;
	if (access(path, R_OK) != 0) {
		print_message("skipped: %s is not here\n", path);
		return;
	}
	help_begin(&h);
	form = help_good(&h, "payment/lambeth/month", NULL);
	OK(e, fsys_get(AT_FDCWD, path, 16u << 20, &bytes, &e));
	m.text = buf_as_span(&bytes);
	p = reader_prover_new(form, "2011-10-payments.csv");
	r = open_at(&h, form, "2011-10-payments.csv", &m, NULL, &e);
	assert_non_null(r);
	while (g.kind != READ_END) {
		OK(e, reader_next(r, &g, &e));
		OK(e, reader_prove(p, r, &g, &e));
	}
	sum = totals_get(reader_proof(p)->totals, TOTAL_READ, "", "GBP");
	assert_int_equal(sum.count, 1016);
	assert_int_equal(sum.unreadable, 1);
	assert_int_equal(totals_get(reader_proof(p)->totals, TOTAL_READ, "", "").count, 0);
	reader_prover_free(p);
	reader_close(r);
	buf_done(&bytes);
	form_free(form);
	help_end(&h);
}

static void what_does_not_fit_is_refused_at_open(void **state)
{
	struct text_input m = text_input(SPAN(""), 0);
	struct help h;
	struct form *form;
	json_t *saved = json_object();
	struct err e;

	(void)state;
	help_begin(&h);
	form = help_good(&h, "payroll/pipe/batch", NULL);
	assert_null(open_at(&h, form, "gz_202613_001.txt", &m, NULL, &e));
	assert_string_equal(err_code(e.id)->name, "form.name");
	assert_null(open_at(&h, form, "gz_202612_001.txt", &m, saved, &e));
	assert_string_equal(err_code(e.id)->name, "form.state");
	json_decref(saved);
	form_free(form);
	help_end(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_goes_on_behind_any_row),
		cmocka_unit_test(each_verdict_has_its_reason),
		cmocka_unit_test(amounts_that_leave_the_range_together_end_the_document),
		cmocka_unit_test(kinds_by_condition_and_long_rows),
		cmocka_unit_test(a_row_that_lost_its_separator_is_pointed_at),
		cmocka_unit_test(an_unreadable_record_counts_under_the_currency_of_its_form),
		cmocka_unit_test(what_does_not_fit_is_refused_at_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
