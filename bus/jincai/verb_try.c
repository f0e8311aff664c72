/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "jscan.h"
#include "reader.h"
#include "say.h"
#include "verbs.h"

/* A file read as it is: nothing is taken, nothing copied. */
struct plain {
	struct codec_input input;    /* first: fill casts back */
	const char *path;
	int fd;
};

static int plain_fill(struct codec_input *in, char *p, size_t cap, size_t *ret_n, struct err *e)
{
	struct plain *f = (struct plain *)in;
	ssize_t n;

	do
		n = read(f->fd, p, cap);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_sys(e, E_FILE_FAILED, f->path, errno);
	*ret_n = (size_t)n;
	return 0;
}

static void show_record(struct reader *r, const struct reading *g, struct buf *line)
{
	struct event v = {.source = SPAN("/try")};

	if (g->bad.id) {
		err_print(&g->bad, say_lang(), stderr);
		return;
	}
	reader_attributes(r, g, &v);
	buf_clear(line);
	event_begin(line, &v);
	reader_data(r, line);
	buf_str(line, "}\n");
	fwrite(line->p, 1, line->n, stdout);
}

static void show_summary(const struct reader_proof *p)
{
	static const char *const verdicts[] = {"ok", "held", "no_control"};
	char amount[24];

	printf("{\"records\":%" PRIu64 ",\"events\":%" PRIu64 ",\"dead\":%" PRIu64 ",\"skipped\":%" PRIu64 ",\"sum\":\"%s\"",
		p->records, p->events, p->dead, p->skipped, money_text(p->found, amount));
	if (p->currency[0])
		printf(",\"currency\":\"%s\"", p->currency);
	else
		printf(",\"currency\":null");
	if (p->has_count)
		printf(",\"declared\":{\"count\":%" PRIu64, p->count);
	else
		printf(",\"declared\":{\"count\":null");
	if (p->has_sum)
		printf(",\"sum\":\"%s\"}", money_text(p->sum, amount));
	else
		printf(",\"sum\":null}");
	printf(",\"verdict\":\"%s\"}\n", verdicts[p->verdict]);
}

static void show_verdict(const struct reader_proof *p)
{
	if (p->why.id)
		err_print(&p->why, say_lang(), stderr);
	if (p->suspect.id)
		err_print(&p->suspect, say_lang(), stderr);
}

static int read_all(struct reader *r, struct reader_prover *p, const struct args *a, int64_t size, struct err *e)
{
	struct buf line = BUF_INIT;
	struct reading g;
	int ret = 0;

	do {
		if (reader_next(r, &g, e) != 0 || reader_prove(p, r, &g, e) != 0) {
			ret = -1;
			break;
		}
		if (g.kind == READ_RECORD && !a->summary)
			show_record(r, &g, &line);
		if (g.kind == READ_RECORD && g.number % 4096 == 0)
			verb_progress(a->words[0], (int64_t)g.number,
				size ? (int64_t)((double)g.number * (double)size / (double)reader_offset(r)) : 0);
	} while (g.kind != READ_END);
	verb_progress(a->words[0], -1, 0);
	buf_done(&line);
	return ret;
}

static int try_file(struct library *l, const struct form *form, const struct args *a)
{
	const char *path = a->words[0], *slash = strrchr(path, '/');
	struct plain file = {.input = {plain_fill}, .path = path, .fd = open(path, O_RDONLY | O_CLOEXEC)};
	struct reader_setup setup = {.form = form, .library = l, .input = &file.input, .shown = path,
		.name = span_of(slash ? slash + 1 : path), .digest = SPAN("0")};
	struct reader_prover *p;
	struct reader *r = NULL;
	struct stat st = {0};
	struct err e;
	int code = 0;

	if (file.fd < 0) {
		err_sys(&e, errno == ENOENT ? E_FILE_MISSING : E_FILE_FAILED, path, errno);
		return verb_failed(&e);
	}
	fstat(file.fd, &st);
	p = reader_prover_new(form, path);
	if (reader_open(&setup, &r, &e) != 0 || read_all(r, p, a, (int64_t)st.st_size, &e) != 0) {
		code = verb_failed(&e);
	} else {
		const struct reader_proof *proof = reader_proof(p);

		if (a->summary)
			show_summary(proof);
		show_verdict(proof);
		code = proof->verdict == PROOF_HELD || proof->dead ? 1 : 0;
	}
	reader_close(r);
	reader_prover_free(p);
	close(file.fd);
	return code;
}

int verb_try(const struct args *a)
{
	struct site *s;
	int code = 0;
	struct library *l;
	struct findings f;
	struct form *form = NULL;
	char *path;

	if (a->nwords != 1 || !a->form) {
		struct err e;

		err_set(&e, E_USAGE, "what=jincai try FILE --form FORM");
		return verb_failed(&e);
	}
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
