/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <sys/stat.h>

#include "explain.h"
#include "say.h"
#include "show.h"
#include "trial.h"
#include "verbs.h"

struct trying {
	const struct args *args;
	const struct form *form;
	uint64_t explain;            /* the record to explain; 0: none */
	int64_t size;                /* of the file */
	struct buf line, unused;
};

static void show_record(void *arg, struct reader *r, const struct reading *g)
{
	struct trying *t = arg;

	if (g->kind != READ_RECORD)
		return;
	if (g->number % 4096 == 0)
		verb_progress(t->args->words[0], (int64_t)g->number,
			t->size ? (int64_t)((double)g->number * (double)t->size / (double)reader_offset(r)) : 0);
	if (g->number == 1)
		explain_unused(t->form, r, &t->unused);
	if (t->explain && g->number == t->explain) {
		explain_record(t->form, r, g, &t->line);
		show_flush(&t->line, stdout);
	}
	if (t->args->summary || t->explain)
		return;
	if (g->bad.id) {
		err_print(&g->bad, say_lang(), stderr);
		return;
	}
	trial_events(r, g, &t->line);
	show_flush(&t->line, stdout);
}

/* With --summary no record is shown by itself: the first few that are dead say why. */
#define PROBLEMS_SHOWN 3u

static void show_problems(const struct reader_proof *p)
{
	for (unsigned i = 0; i < p->nproblems && i < PROBLEMS_SHOWN; i++)
		err_print(&p->problems[i], say_lang(), stderr);
	if (p->dead > PROBLEMS_SHOWN)
		fprintf(stderr,
			say("……还有 %llu 笔过不去；不加 --summary 可逐笔查看\n",
				"... and %llu more; without --summary each is shown\n"),
			(unsigned long long)(p->dead - PROBLEMS_SHOWN));
}

static void show_verdict(const struct reader_proof *p)
{
	if (p->why.id)
		err_print(&p->why, say_lang(), stderr);
	if (p->suspect.id)
		err_print(&p->suspect, say_lang(), stderr);
}

static int try_file(struct library *l, const struct form *form, const struct args *a)
{
	struct trying t = {.args = a, .form = form, .explain = a->explain ? strtoull(a->explain, NULL, 10) : 0};
	struct reader_prover *p = reader_prover_new(form, a->words[0]);
	struct stat st = {0};
	struct err e;
	int code, failed;

	if (stat(a->words[0], &st) == 0)
		t.size = st.st_size;
	failed = trial_read(l, form, a->words[0], p, show_record, &t, &e);
	verb_progress(a->words[0], -1, 0);
	if (failed) {
		code = verb_failed(&e);
	} else {
		const struct reader_proof *proof = reader_proof(p);

		if (a->summary) {
			trial_summary(proof, &t.line);
			buf_c(&t.line, '\n');
			show_flush(&t.line, stdout);
			show_problems(proof);
		}
		show_verdict(proof);
		if (!t.explain)
			show_flush(&t.unused, stderr);
		code = proof->verdict == PROOF_HELD || proof->dead ? 1 : 0;
		if (t.explain > proof->records) {
			err_set(&e, E_USAGE, say("what=--explain %llu：该文件只有 %llu 笔\nverb=try", "what=--explain %llu: the file has %llu records\nverb=try"),
				(unsigned long long)t.explain, (unsigned long long)proof->records);
			code = verb_failed(&e);
		}
	}
	reader_prover_free(p);
	buf_done(&t.line);
	buf_done(&t.unused);
	return code;
}

static bool is_number(const char *t)
{
	char *end;

	return *t >= '1' && *t <= '9' && strtoull(t, &end, 10) && !*end;
}

int verb_try(const struct args *a)
{
	struct site *s;
	int code = 0;
	struct library *l;
	struct findings f;
	struct form *form = NULL;
	char *path;

	if (a->nwords == 1 && !a->form && !a->summary && !a->explain)
		return verb_try_event(a);
	if (a->nwords != 1 || !a->form || (a->explain && (a->summary || !is_number(a->explain))))
		return verb_misused(a);
	l = verb_library(a, &s, &code);
	if (!l)
		return code;
	findings_init(&f);
	path = library_form(l, span_of(a->form), "in", NULL, &f);
	if (path)
		form = form_load(l, path, &f);
	if (form && form->outward) {
		struct err e;

		err_set(&e, E_SITE_DIRECTION, "form=%s\nis=out", a->form);
		code = verb_failed(&e);
	} else if (form) {
		code = try_file(l, form, a);
	} else {
		findings_print(&f, say_lang(), 0, stderr);
		code = 3;
	}
	findings_done(&f);
	form_free(form);
	free(path);
	if (s)
		site_free(s);
	else
		library_free(l);
	return code;
}
